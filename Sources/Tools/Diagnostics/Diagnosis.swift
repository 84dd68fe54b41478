internal import Foundation

/// The result of one check of a machine.
package struct Check: Sendable, Equatable, Codable {
  /// The subject of the check, in a word or two.
  package let name: String
  package let verdict: Verdict
  /// The finding.
  package let finding: String
  /// What to do about it; nil if nothing needs doing.
  package let advice: String?

  package enum Verdict: String, Sendable, Codable, CaseIterable {
    case ok
    /// An audit can run, but slower or with less room than it could.
    case warning
    /// An audit cannot run.
    case missing
  }

  static func ok(_ name: String, _ finding: String) -> Check {
    Check(name: name, verdict: .ok, finding: finding, advice: nil)
  }

  static func warning(_ name: String, _ finding: String, advice: String) -> Check {
    Check(name: name, verdict: .warning, finding: finding, advice: advice)
  }

  static func missing(_ name: String, _ finding: String, advice: String) -> Check {
    Check(name: name, verdict: .missing, finding: finding, advice: advice)
  }
}

/// What a machine is missing for an audit.
package struct Diagnosis: Sendable, Equatable {
  package let checks: [Check]

  /// Judges what was found on a machine; nothing is looked at here.
  package init(_ findings: MachineFindings) {
    checks =
      findings.computingChecks + findings.storageChecks + findings.limitChecks + findings.communicationChecks
      + findings.programChecks
  }

  /// Whether an audit can run; warnings do not keep it from running.
  package var canRunAudit: Bool { !checks.contains { $0.verdict == .missing } }

  /// One line per check, and a summary.
  ///
  /// - Parameter isColored: whether the verdicts are coloured by escape sequences of a terminal.
  package func lines(isColored: Bool) -> [String] {
    let width = checks.map(\.name.count).max() ?? 0
    let lines = checks.map { check in
      let verdict = Self.padded(check.verdict.rawValue, to: 7)
      return "\(isColored ? check.verdict.colored(verdict) : verdict)  \(Self.padded(check.name, to: width))  "
        + check.finding + (check.advice.map { "; \($0)" } ?? "")
    }
    return lines + ["", summary]
  }

  private var summary: String {
    func counted(_ verdict: Check.Verdict, _ one: String, _ many: String) -> String {
      let count = checks.count { $0.verdict == verdict }
      return count == 0 ? "" : ", \(count) \(count == 1 ? one : many)"
    }
    return (canRunAudit ? "an audit can run here" : "an audit cannot run here")
      + counted(.missing, "thing is missing", "things are missing") + counted(.warning, "warning", "warnings")
  }

  /// `{"can_run_audit": …, "checks": […]}` with sorted keys.
  package var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .withoutEscapingSlashes, .sortedKeys]
      return String(decoding: try encoder.encode(Document(canRunAudit: canRunAudit, checks: checks)), as: UTF8.self)
    }
  }

  private struct Document: Encodable {
    let canRunAudit: Bool
    let checks: [Check]

    enum CodingKeys: String, CodingKey {
      case canRunAudit = "can_run_audit"
      case checks
    }
  }

  private static func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}

extension Check.Verdict {
  fileprivate func colored(_ text: String) -> String {
    let code =
      switch self {
      case .ok: 32
      case .warning: 33
      case .missing: 31
      }
    return "\u{1B}[\(code)m\(text)\u{1B}[0m"
  }
}
