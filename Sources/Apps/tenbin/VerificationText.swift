import Audit
import Foundation
import Ledger
import Support

/// The outcome of a verification, as text or as JSON.
struct VerificationText {
  /// One ledger: the audit's, or the one of the search before it.
  struct Part {
    let verification: AuditVerification
    let recomputed: AuditVerification.Recomputed

    var findings: [LedgerFinding] {
      if case .differs(let differences) = recomputed { return verification.findings + differences }
      return verification.findings
    }

    fileprivate var isNotChecked: Bool { if case .notChecked = recomputed { true } else { false } }
  }

  let audit: Part
  /// nil if the audit had no search, or its search is missing.
  let search: Part?
  let holds: Bool
  private let isMissingSearch: Bool
  private let isStrict: Bool

  /// - Parameter isMissingSearch: the audit had a search whose folder is missing.
  init(_ audit: Part, search: Part?, isMissingSearch: Bool, isStrict: Bool) {
    (self.audit, self.search, self.isMissingSearch, self.isStrict) = (audit, search, isMissingSearch, isStrict)
    let parts = [audit, search].compactMap(\.self)
    let isIncomplete = isStrict && parts.contains(where: \.isNotChecked)
    holds = parts.allSatisfy(\.findings.isEmpty) && !isMissingSearch && !isIncomplete
  }

  /// Without the search, nothing proves how the settings were chosen.
  private var missingSearch: [LedgerFinding] {
    isMissingSearch
      ? [
        LedgerFinding(
          "the search that chose the settings is not there", expected: "\(audit.verification.output)/search")
      ]
      : []
  }

  var lines: [String] {
    let findings = audit.findings + missingSearch
    var lines: [String] = []
    if let search { lines += search.lines(findings: search.findings, isIncomplete: isStrict && search.isNotChecked) }
    return lines + audit.lines(findings: findings, isIncomplete: isStrict && audit.isNotChecked)
  }

  var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(Document(self)), as: UTF8.self)
    }
  }

  private struct Document: Encodable {
    let holds: Bool
    let findings: [Finding]
    let counts: [String: Int]
    let recomputed: Recomputed
    let search: Stage?

    struct Stage: Encodable {
      let findings: [Finding]
      let counts: [String: Int]
      let recomputed: Recomputed
    }

    struct Finding: Encodable {
      let run: String?
      let step: Int?
      let found: String
      let expected: String?

      init(_ finding: LedgerFinding) {
        (run, step, found, expected) = (finding.run, finding.step, finding.found, finding.expected)
      }
    }

    struct Recomputed: Encodable {
      var outcome: String
      var run: String?
      var step: Int?
      var reason: String?

      init(_ recomputed: AuditVerification.Recomputed) {
        switch recomputed {
        case .agrees(let run, let step): (outcome, self.run, self.step) = ("agrees", run, step)
        case .differs: outcome = "differs"
        case .notChecked(let reason): (outcome, self.reason) = ("not checked", reason)
        }
      }
    }

    init(_ text: VerificationText) {
      holds = text.holds
      findings = (text.audit.findings + text.missingSearch).map(Finding.init)
      counts = text.audit.counts
      recomputed = Recomputed(text.audit.recomputed)
      search = text.search.map {
        Stage(findings: $0.findings.map(Finding.init), counts: $0.counts, recomputed: Recomputed($0.recomputed))
      }
    }
  }
}

extension VerificationText.Part {
  /// - Parameter isIncomplete: a step had to be computed again, and none was.
  fileprivate func lines(findings: [LedgerFinding], isIncomplete: Bool) -> [String] {
    let counts = verification.counts
    var lines = findings.map { "finding: \($0)" }
    lines.append(
      "\(ItemCount.text(counts.runs, "run")) planned, \(counts.completedRuns) completed, "
        + "\(counts.divergedRuns) diverged; \(ItemCount.text(counts.sessions, "session"))"
        + (counts.interruptedSessions > 0 ? ", \(counts.interruptedSessions) interrupted" : "")
        + "; workers joined \(ItemCount.text(counts.incarnations, "time"))")
    lines.append(
      "\(ItemCount.text(counts.steps, "step")) committed with "
        + "\(ItemCount.text(counts.microBatches, "micro-batch", "micro-batches")) and "
        + "\(ItemCount.text(counts.samples, "sample")); \(ItemCount.text(counts.attempts, "lease")) of training: "
        + "\(counts.applied) applied, \(ItemCount.text(counts.duplicates, "duplicate")), "
        + "\(counts.lost) without a result; \(ItemCount.text(counts.evaluations, "lease")) of evaluation")
    if counts.states > 0 {
      lines.append(
        ItemCount.text(counts.states, "state of an unfinished run", "states of unfinished runs")
          + (counts.statesAhead > 0 ? ", \(counts.statesAhead) of them ahead of the ledger and ignored" : ""))
    }
    switch recomputed {
    case .agrees(let run, let step): lines.append("computed again: \(run) up to step \(step), with the same bits")
    case .differs: lines.append("computed again: with different bits")
    case .notChecked(let reason): lines.append("not computed again: \(reason)")
    }
    let word = findings.isEmpty ? "everything holds" : ItemCount.text(findings.count, "finding")
    lines.append("\(verification.output): \(word)")
    if isIncomplete { lines.append("\(verification.output): --strict needs a step that is computed again") }
    return lines
  }

  fileprivate var counts: [String: Int] {
    let counts = verification.counts
    return [
      "runs": counts.runs, "completed_runs": counts.completedRuns, "diverged_runs": counts.divergedRuns,
      "sessions": counts.sessions, "interrupted_sessions": counts.interruptedSessions,
      "incarnations": counts.incarnations,
      "steps": counts.steps, "micro_batches": counts.microBatches, "samples": counts.samples,
      "attempts": counts.attempts, "applied": counts.applied, "duplicates": counts.duplicates, "lost": counts.lost,
      "evaluations": counts.evaluations, "states": counts.states, "states_ahead": counts.statesAhead,
    ]
  }
}
