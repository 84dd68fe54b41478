import ArgumentParser
import Foundation
import Planning
import Report
import Specification
import Support

/// Whether a model may be released.
struct GateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gate", abstract: "Tell whether results meet the agreed policy.",
    discussion: """
      Each rule is judged by the bound of the 95 % interval, not by the estimate. Exit code 0 if the policy is met, 2 if \
      it is broken, 3 if there are not enough data. The policy is the one in the specification, fixed before the run; \
      another one is marked as chosen afterwards.
      """)

  @Argument(help: "The folder of an audit or an evaluation.", completion: .directory)
  var folder: String

  @Option(help: "A policy in YAML, in place of the specification's.", completion: .file(extensions: ["yaml", "yml"]))
  var policy: String?

  @Option(help: "The language of the lines: en or ja.")
  var language: String = "en"

  func validate() throws {
    if Language(rawValue: language) == nil { throw ValidationError("--language must be en or ja") }
  }

  func run() throws {
    let language = Language(rawValue: language) ?? .english
    let (outcome, warnings) = try Session.reportingErrors(otherwise: .wrongInput) {
      let results = try Results(folder: folder)
      return (try judge(results), results.improvementWarnings(in: language))
    }
    for line in outcome.lines(in: language) + warnings { print(line) }
    if outcome.exitCode != 0 { throw ExitCode(outcome.exitCode) }
  }

  private func judge(_ results: Results) throws -> GateOutcome {
    guard let policy else {
      guard let fixed = results.policy?.policy else {
        throw CommandError(
          "\(folder): no policy was fixed before the run; give one with --policy; it is marked as chosen afterwards")
      }
      return GateOutcome(policy: fixed, results: results, isChosenAfterwards: false)
    }
    let file = try PolicyFile(file: policy)
    try file.require(among: results.subjects)
    return GateOutcome(policy: file.policy, results: results, isChosenAfterwards: file.policy != results.policy?.policy)
  }
}
