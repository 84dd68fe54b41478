import ArgumentParser
import Datasets
import ExternalEvaluation
import Foundation
import Metrics
import Planning
import Report
import Specification
import Support

/// The whole evaluation of models that Tenbin never saw.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Evaluate external predictions, group by group.",
    discussion: """
      A CSV file needs the columns item, label, and logit_CLASS or probability_CLASS for every class. It may have arm, \
      seed, split (test or validation), cluster (items of one cluster, such as pictures of one person, are not \
      independent) and columns of groups. Items with an empty cell form a group of their own; a cell such as a;b holds \
      overlapping tags. Every arm must have the same items.

      Prints the decision and one line for each arm and group, and writes everything else below --output. With \
      --policy the results include its verdict, as `tenbin gate` gives it; the exit code stays 0.
      """)

  @Option(parsing: .upToNextOption, help: "CSV files of predictions.", completion: .file(extensions: ["csv"]))
  var predictions: [String]

  @Option(help: "Columns of groups, separated by commas.")
  var groups: String = ""

  @Option(
    parsing: .singleValue,
    help: "Two or three columns whose intersections are also groups, for example age+lighting; may be repeated.")
  var combine: [String] = []

  @Option(help: "The class that counts as positive; default: of two, the second in the sorted order of their names.")
  var positive: String?

  @Option(help: "The arm that all others are compared with; default: full, if there is such an arm.")
  var reference: String?

  @Option(help: "How much worse than the reference an arm may be in any group, as a share.")
  var margin: Double = 0.03

  @Option(help: "Groups with fewer items than this get no verdict.")
  var minGroup: Int = 50

  @Option(help: "Groups with fewer clusters than this get no verdict.")
  var minClusters: Int = DecisionRule.standardMinimumClusters

  @Option(
    help: "A policy in YAML that was agreed before the predictions were made; it becomes part of the results.",
    completion: .file(extensions: ["yaml", "yml"]))
  var policy: String?

  @Option(help: "The title of the report; default: the name of the first file.")
  var name: String?

  @Option(
    help: "The folder for report, results and tables; default: nothing is written.", completion: .directory)
  var output: String?

  func validate() throws {
    try PathOptions.requireNotEmpty(["--output": output, "--policy": policy])
    if predictions.isEmpty { throw ValidationError("Missing expected argument '--predictions <file>'") }
    if !(margin >= 0 && margin < 1) { throw ValidationError("--margin must be a share from 0 to below 1") }
    if minGroup < 0 { throw ValidationError("--min-group must be 0 or more") }
    if minClusters < 0 { throw ValidationError("--min-clusters must be 0 or more") }
    do { _ = try GroupOptions(groups: groups, combine: combine) } catch { throw ValidationError("\(error)") }
  }

  func run() throws {
    let (report, tables, folder) = try Session.reportingErrors(otherwise: .wrongInput) {
      let policy = try policy.map { try PolicyFile(file: $0) }
      let columns = try GroupOptions(groups: groups, combine: combine)
      let evaluation = try PredictionsEvaluation(
        PredictionsEvaluation.Settings(
          files: predictions, groups: columns.groups, intersections: columns.combinations, positive: positive,
          reference: reference,
          rule: DecisionRule(
            metric: .accuracy, margin: margin, minimumGroupSize: minGroup, minimumClusters: minClusters),
          name: name ?? URL(filePath: predictions[0]).deletingPathExtension().lastPathComponent))
      let folder = try output.map { try ResultsFolder($0, of: .evaluation) }
      var report = try evaluation.report()
      if let policy {
        try policy.require(among: report.results.subjects)
        report.judge(policy.policy)
      }
      return (report, evaluation.predictionFiles(), folder)
    }
    if let folder { try Session.reportingErrors { try folder.write(report.files() + tables) } }
    for line in report.summaryLines() { print(line) }
    if let output { print("report: \(output)/report.html") }
  }
}
