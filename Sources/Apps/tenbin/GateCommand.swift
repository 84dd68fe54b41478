import ArgumentParser
import Foundation
import Planning
import Report
import Specification

/// Whether a model may be released.
struct GateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gate", abstract: "Say whether results meet the policy that was agreed.",
    discussion: """
      Judged on the bound of the 95 % interval, not on the point. Exit code 0 when met, 2 when broken, 3 when the data do \
      not suffice. The policy is the specification's, fixed before the run; another one is marked as chosen afterwards.
      """)

  @Argument(help: "The folder of an audit or an evaluation.", completion: .directory)
  var folder: String

  @Option(help: "A policy in YAML instead of the specification's.", completion: .file(extensions: ["yaml", "yml"]))
  var policy: String?

  @Option(help: "The language of the lines: en or ja.")
  var language: String = "en"

  func validate() throws {
    if Language(rawValue: language) == nil { throw ValidationError("--language must be en or ja") }
  }

  func run() throws {
    let outcome = try Session.reportingErrors(otherwise: 78) { try judge(Results(folder: folder)) }
    for line in outcome.lines(in: Language(rawValue: language) ?? .english) { print(line) }
    if outcome.exitCode != 0 { throw ExitCode(outcome.exitCode) }
  }

  private func judge(_ results: Results) throws -> GateOutcome {
    guard let policy else {
      guard let fixed = results.policy?.policy else {
        throw CommandError(
          "\(folder): no policy was fixed before the run; give one with --policy, which is then marked so")
      }
      return GateOutcome(policy: fixed, results: results, isChosenAfterwards: false)
    }
    let file = try PolicyFile(file: policy)
    try file.require(among: results.subjects)
    return GateOutcome(policy: file.policy, results: results, isChosenAfterwards: file.policy != results.policy?.policy)
  }
}
