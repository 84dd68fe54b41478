import ArgumentParser
import Audit
import Quickstart

/// The input of a first audit.
struct QuickstartCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quickstart",
    abstract: "Make the input of a first audit: generated data, a base pretrained on other data, a specification.",
    discussion: """
      The tasks are image-classification (drawn faces; the default), text-classification (invented reviews) and \
      multiple-choice (questions about reviews, for a base with a known token bias).
      """)

  @Option(help: "The folder to write it to.", completion: .directory)
  var directory: String

  @Option(help: "The task of the audit.")
  var task: QuickstartTask = .imageClassification

  @Option(help: "Worker processes for the pretraining.")
  var workers: Int = 2

  func validate() throws {
    try PathOptions.requireNotEmpty(["--directory": directory])
    if !(1...1024).contains(workers) { throw ValidationError("--workers must be from 1 to 1024") }
  }

  func run() throws {
    let quickstart = Quickstart(directory: directory, task: task)
    let display = ProgressDisplay()
    try Session.reportingErrors(display) {
      if try !quickstart.isMade() {
        try quickstart.make(workers: workers, line: { display.line($0) }, show: { display.show($0) })
        display.finish()
      }
      print("specification: \(quickstart.specification)")
    }
  }
}

extension QuickstartTask: ExpressibleByArgument {}
