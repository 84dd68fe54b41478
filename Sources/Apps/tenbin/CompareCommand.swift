import ArgumentParser
import Foundation
import Report
import Support

/// Compares several audits or evaluations, here called scenarios.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Compare several audits or evaluations.",
    discussion: "Shows for which arms the scenarios agree and for which they do not.")

  @Argument(help: "The folders of audits or evaluations.", completion: .directory)
  var folders: [String]

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if folders.count < 2 { throw ValidationError("expected two folders or more") }
  }

  func run() throws {
    let comparison = try Session.reportingErrors(otherwise: .wrongInput) {
      let comparison = ScenarioComparison(
        try folders.map { folder in
          let results = try Results(folder: folder)
          return (Self.name(of: folder, results), results)
        })
      guard !comparison.findings.isEmpty else {
        throw CommandError("no arm is compared with another in any of these folders")
      }
      guard comparison.scenarios.count > 1 else {
        throw CommandError(
          "these folders hold the same audit or evaluation; name folders of different ones")
      }
      return comparison
    }
    guard json else {
      for line in comparison.lines { print(line) }
      return
    }
    for note in comparison.notes { FileHandle.standardError.write(Data("note: \(note)\n".utf8)) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    print(String(decoding: try encoder.encode(comparison.arms.map { Arm($0, of: comparison) }), as: UTF8.self))
  }

  /// The folder distinguishes audits of the same name.
  private static func name(of folder: String, _ results: Results) -> String {
    "\(results.name) (\(URL(filePath: folder).lastPathComponent))"
  }

  private struct Arm: Encodable {
    struct Scenario: Encodable {
      let scenario: String
      let reference: String
      let withinMargin: Int
      let worse: Int
      let better: Int
      let undecided: Int
      let worstGroup: String
      let worstEstimate: Double
      let worstLower: Double
      let worstUpper: Double
    }

    let arm: String
    let agreement: String
    /// The references, if they differ between scenarios; otherwise empty.
    let differingReferences: [String]
    let scenarios: [Scenario]

    init(_ arm: String, of comparison: ScenarioComparison) {
      self.arm = arm
      agreement = comparison.agreement(of: arm).rawValue
      differingReferences = comparison.differingReferences(of: arm)
      scenarios = comparison.findings.filter { $0.arm == arm }.map {
        Scenario(
          scenario: $0.scenario, reference: $0.reference, withinMargin: $0.withinMargin, worse: $0.worse,
          better: $0.better, undecided: $0.undecided, worstGroup: $0.worstGroup, worstEstimate: $0.worstEstimate,
          worstLower: $0.worstInterval.lowerBound, worstUpper: $0.worstInterval.upperBound)
      }
    }
  }
}
