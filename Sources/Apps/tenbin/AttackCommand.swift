import ArgumentParser
import ExternalEvaluation
import Foundation
import MembershipInference
import Metrics
import Report
import Support

/// Membership inference against external models, from their scores.
struct AttackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attack", abstract: "Attack external models with membership inference.",
    discussion: """
      A CSV file needs the columns model, item and member (whether the item was in the model's training set), and \
      either score, or label and logit_CLASS for every class. It may have arm, cluster (items of one cluster, such as \
      pictures of one person, are not independent), query (several queries of one item), epoch (loss-trace reads all \
      epochs, the other attacks the last) and columns of groups. Every model of an arm must score the same items.

      Attacks are loss, lira, lira-offline, rmia and loss-trace. Options follow the name, for example \
      lira:center=median:variance=per-item or rmia:a=0.3:gamma=2.
      """)

  @Option(parsing: .upToNextOption, help: "CSV files of scores.", completion: .file(extensions: ["csv"]))
  var scores: [String]

  @Option(help: "Attacks, separated by commas; default: all that the scores allow.")
  var attacks: String = ""

  @Option(help: "Columns of groups, separated by commas.")
  var groups: String = ""

  @Option(help: "The released model, which all others attack; default: each model is attacked by the others.")
  var target: String?

  @Option(help: "What the column score holds: log-likelihood (mean over target tokens) or logit-scaled.")
  var scoreKind: String = ScoreKind.logLikelihood.rawValue

  @Option(help: "The arm that all others are compared with; default: full, if there is such an arm.")
  var reference: String?

  @Option(
    help: "How much more vulnerable than the reference an arm may be, as a difference of the area under the curve.")
  var margin: Double = 0.03

  @Option(help: "Groups with fewer items than this get no verdict.")
  var minGroup: Int = 50

  @Option(help: "Groups with fewer clusters than this get no verdict.")
  var minClusters: Int = DecisionRule.standardMinimumClusters

  @Option(help: "The confidence level of intervals.")
  var confidence: Double = 0.95

  @Option(help: "The title of the report; default: the name of the first file.")
  var name: String?

  @Option(help: "The folder for report, results and tables.", completion: .directory)
  var output: String

  func validate() throws {
    try PathOptions.requireNotEmpty(["--output": output])
    if scores.isEmpty { throw ValidationError("Missing expected argument '--scores <file>'") }
    if !(margin >= 0 && margin < 1) { throw ValidationError("--margin must be a share from 0 to below 1") }
    if minGroup < 0 { throw ValidationError("--min-group must be 0 or more") }
    if minClusters < 0 { throw ValidationError("--min-clusters must be 0 or more") }
    if !(confidence > 0.5 && confidence < 1) { throw ValidationError("--confidence must lie between .5 and 1") }
    if ScoreKind(rawValue: scoreKind) == nil {
      let known = ScoreKind.allCases.map(\.rawValue).joined(separator: " or ")
      throw ValidationError("--score-kind must be \(known)")
    }
  }

  func run() throws {
    let (report, folder) = try Session.reportingErrors(otherwise: .wrongInput) {
      let attack = try ScoresAttack(
        ScoresAttack.Settings(
          files: scores, groups: try GroupOptions(groups: groups, combine: []).groups, attacks: try chosenAttacks(),
          target: target,
          scoreKind: ScoreKind(rawValue: scoreKind) ?? .logLikelihood, reference: reference, margin: margin,
          minimumGroupSize: minGroup, minimumClusters: minClusters, confidence: confidence,
          name: name ?? URL(filePath: scores[0]).deletingPathExtension().lastPathComponent))
      return (try attack.report(), try ResultsFolder(output, of: .attack))
    }
    try Session.reportingErrors { try folder.write(report.files()) }
    for note in report.allNotes { FileHandle.standardError.write(Data("note: \(note)\n".utf8)) }
    for line in report.lines() { print(line) }
    print("report: \(output)/report.html")
  }

  private func chosenAttacks() throws -> [Attack]? {
    let texts = OptionList.names(attacks)
    return texts.isEmpty ? nil : try texts.map { try Attack(text: $0) }
  }
}
