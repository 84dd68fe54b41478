import ArgumentParser
import Datasets
import ExternalEvaluation
import Foundation
import Metrics
import Planning
import Report
import Specification

/// The whole evaluation of models that Tenbin never saw.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Evaluate external predictions, group by group.",
    discussion: """
      A CSV has the columns item, label, and logit_CLASS or probability_CLASS for every class; optionally arm, seed, \
      split (test or validation) and cluster (items of one cluster, such as pictures of one person, are not independent); \
      and those of groups. An empty cell of a group is a group of its own; cells such as a;b are overlapping tags. Every \
      arm holds the same items. Prints the decision and a line for each arm and group; everything else is written below \
      --output. A policy is judged as gate does, and becomes part of the results; the exit code stays 0.
      """)

  @Option(parsing: .upToNextOption, help: "CSV files of predictions.", completion: .file(extensions: ["csv"]))
  var predictions: [String]

  @Option(help: "Columns of groups, with commas between them.")
  var groups: String = ""

  @Option(
    parsing: .singleValue,
    help: "Two or three columns of groups to be combined, for example age+lighting; may be given several times.")
  var combine: [String] = []

  @Option(help: "The class that counts as positive; the second of two when left out.")
  var positive: String?

  @Option(help: "The arm that all others are compared with; full when left out, where there is one.")
  var reference: String?

  @Option(help: "How much worse than the reference an arm may be in a group, as a share.")
  var margin: Double = 0.03

  @Option(help: "Groups with fewer items get no verdict.")
  var minGroup: Int = 50

  @Option(
    help: "A policy in YAML, agreed before the predictions were made; fixed with the results.",
    completion: .file(extensions: ["yaml", "yml"]))
  var policy: String?

  @Option(help: "What the report is called; the first file's name when left out.")
  var name: String?

  @Option(
    help: "The folder for report, results and tables; nothing is written when left out.", completion: .directory)
  var output: String?

  func validate() throws {
    try PathOptions.requireNotEmpty(["--output": output, "--policy": policy])
    if predictions.isEmpty { throw ValidationError("Missing expected argument '--predictions <file>'") }
    if !(margin >= 0 && margin < 1) { throw ValidationError("--margin must be a share from 0 to below 1") }
    if minGroup < 0 { throw ValidationError("--min-group must be 0 or more") }
    do { _ = try GroupOptions(groups: groups, combine: combine) } catch { throw ValidationError("\(error)") }
  }

  func run() throws {
    let (report, tables) = try Session.reportingErrors(otherwise: 78) {
      let policy = try policy.map { try PolicyFile(file: $0) }
      let columns = try GroupOptions(groups: groups, combine: combine)
      let evaluation = try PredictionsEvaluation(
        PredictionsEvaluation.Settings(
          files: predictions, groups: columns.groups, intersections: columns.combinations, positive: positive,
          reference: reference,
          rule: DecisionRule(metric: .accuracy, margin: margin, minimumGroupSize: minGroup),
          name: name ?? URL(filePath: predictions[0]).deletingPathExtension().lastPathComponent))
      if let output {
        try PathOptions.requireOwnFolder(
          output, of: "an evaluation", entries: ["results.json", "report.html", "tables", "predictions"])
      }
      var report = try evaluation.report()
      if let policy {
        try policy.require(among: report.results.subjects)
        report.judge(policy.policy)
      }
      return (report, evaluation.predictionFiles())
    }
    if let output { try Session.reportingErrors { try (report.files() + tables).write(below: output) } }
    for line in report.summaryLines() { print(line) }
    if let output { print("report: \(output)/report.html") }
  }
}
