internal import Datasets
internal import Foundation
internal import Ledger
package import Planning
internal import Specification
internal import Support

/// The folder in which the remedies for one group and arm of an audit are tried.
package struct RemedyFolder: Sendable, Equatable {
  package let path: String

  /// - Parameters:
  ///   - path: nil for a folder of the arm and the group by themselves, below `remedies` in the audit's.
  package init(path: String?, audit: String, arm: String, group: GroupInNeed) {
    self.path = path ?? "\(audit)/remedies/\(arm)/\(group.description.pathComponent)"
  }

  package func specification(of remedy: Remedy) -> String { "\(path)/\(remedy.name).yaml" }

  package func audit(of remedy: Remedy) -> String { "\(path)/\(remedy.name)" }

  package var comparison: String { "\(path)/comparison" }

  /// Whether the remedy was trained and evaluated.
  package func isDone(_ remedy: Remedy) -> Bool {
    FileManager.default.fileExists(atPath: "\(audit(of: remedy))/results.json")
  }

  /// Writes the remedy's specification, unless its file or folder already holds something else.
  ///
  /// - Parameters:
  ///   - yaml: the specification.
  ///   - input: the data of the audit, which are the remedy's too.
  /// - Throws: `RemedyError` if the folder holds an audit of another specification: of another group, arm or data.
  package func write(_ yaml: String, of remedy: Remedy, input: PlanInput) throws {
    let file = specification(of: remedy)
    let plan = try Specification(yaml: yaml, file: file)
    // A search comes first, and what it chooses is part of the audit's plan.
    let stage = plan.search == nil ? (name: "", stage: Plan.Stage.audit) : (name: "/search", stage: .search)
    let ledger = "\(audit(of: remedy))\(stage.name)/ledger.sqlite"
    if FileManager.default.fileExists(atPath: ledger) {
      let (found, expected) = (
        try ReadOnlyLedger(file: ledger).plan, try Plan(specification: plan, input: input, stage: stage.stage).hash
      )
      guard found == expected.description else {
        throw otherRemedy(
          remedy,
          "was made from another specification (plan \(found.prefix(12))…, not \(expected.description.prefix(12))…)")
      }
    } else if FileManager.default.fileExists(atPath: "\(audit(of: remedy))/ledger.sqlite") || isDone(remedy) {
      throw otherRemedy(remedy, "belongs to another specification")
    }
    try FileBytes.makeFolder(path)
    try DurableFile.write(Array(yaml.utf8), to: file)
  }

  private func otherRemedy(_ remedy: Remedy, _ problem: String) -> RemedyError {
    RemedyError(
      "\(audit(of: remedy)): what was audited there \(problem): another group, arm, data or version of the audit; "
        + "choose another folder with --output, or move it away")
  }
}

extension String {
  /// The text as one step of a path; what a step cannot hold, or a shell would take for something else, is written
  /// as in an address, so that two texts never share one.
  fileprivate var pathComponent: String {
    let plain = unicodeScalars.map { scalar -> String in
      let isKept =
        scalar.properties.isAlphabetic || scalar.properties.numericType != nil
        || "-_.=+×".unicodeScalars.contains(scalar)
      return isKept
        ? String(scalar)
        : String(scalar).utf8.map { byte in
          let digits = String(byte, radix: 16, uppercase: true)
          return "%" + (digits.count < 2 ? "0" : "") + digits
        }.joined()
    }
    return plain.joined()
  }
}
