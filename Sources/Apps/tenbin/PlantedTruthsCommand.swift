import ArgumentParser
import Audit
import Datasets
import Foundation
import SimulationStudy
import Support

/// What the statistics promise, measured.
struct PlantedTruthsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "planted-truths",
    abstract: "Measure what intervals, tests and verdicts promise, where the truth is known.",
    discussion: """
      Data with planted effects are drawn again and again and audited by the code that audits use. Prints one line a \
      promise; --output writes every row as Markdown. Exit code 1 when a promise is not kept.
      """)

  @Option(help: "Simulated audits of each scenario; dear ones run a share of them, which the table states.")
  var audits: Int = 2_000

  @Option(help: "What every draw is made from.")
  var seed: Int = 1

  @Option(help: "Audits that are simulated at once; one a core when left out.")
  var threads: Int?

  @Option(help: "A Markdown file for the whole table.", completion: .file(extensions: ["md"]))
  var output: String?

  func validate() throws { try PathOptions.requireNotEmpty(["--output": output]) }

  func run() throws {
    let display = ProgressDisplay()
    let table = try Session.reportingErrors(otherwise: 64) {
      try PlantedTruths.table(
        audits: audits, seed: seed, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount
      ) { progress in
        display.line("\(progress.finished) of \(progress.scenarios): \(progress.next)")
      }
    }
    display.finish()
    print(table.summaryMarkdown)
    if let output {
      let document = Self.introduction(audits, seed) + table.summaryMarkdown + "\n\n" + table.markdown + "\n"
      try Session.reportingErrors { try DurableFile.write(Array(document.utf8), to: output) }
    }
    if !table.broken.isEmpty { throw ExitCode(1) }
  }

  private static func introduction(_ audits: Int, _ seed: Int) -> String {
    """
    # What the statistics promise, where the truth is known

    Data with planted effects, drawn again and again and audited by the code that audits use. Made by

        tenbin planted-truths --audits \(audits) --seed \(seed) --output Deploy/planted-truths.md

    Shares stand with their standard error; a promise counts as kept by the share itself. Widths are means of the 95 %
    intervals, beside those of somebody who knows the true standard error. A row without a bound promises nothing and is
    there for what it teaches.


    """
  }
}
