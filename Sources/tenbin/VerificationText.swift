import Coordinator
import Foundation
import Ledger

/// What a verification came to, for people and for programs.
struct VerificationText {
  let verification: AuditVerification
  let recomputed: AuditVerification.Recomputed
  let holds: Bool
  private let findings: [LedgerFinding]

  init(_ verification: AuditVerification, _ recomputed: AuditVerification.Recomputed, isStrict: Bool) {
    self.verification = verification
    self.recomputed = recomputed
    var findings = verification.findings
    var lacks = false
    switch recomputed {
    case .agrees: break
    case .differs(let differences): findings += differences
    case .notChecked: lacks = isStrict
    }
    self.findings = findings
    holds = findings.isEmpty && !lacks
  }

  var lines: [String] {
    let counts = verification.counts
    var lines = findings.map { "finding: \($0)" }
    lines.append(
      "\(counts.runs) runs planned, \(counts.completedRuns) completed, \(counts.divergedRuns) diverged; "
        + "\(counts.sittings) sittings, \(counts.sittingsCutShort) of them cut short; "
        + "\(counts.incarnations) incarnations of workers")
    lines.append(
      "\(counts.steps) steps committed with \(counts.microBatches) micro-batches and \(counts.samples) samples; "
        + "\(counts.attempts) leases of training: \(counts.applied) applied, \(counts.duplicates) duplicates, "
        + "\(counts.lost) without a result; \(counts.evaluations) leases of evaluation")
    if counts.states > 0 {
      lines.append(
        "\(counts.states) states of unfinished runs"
          + (counts.statesAhead > 0 ? ", \(counts.statesAhead) of them ahead of the ledger and not gone on from" : ""))
    }
    switch recomputed {
    case .agrees(let run, let step): lines.append("computed again: \(run) up to step \(step), with the same bits")
    case .differs: lines.append("computed again: with other bits")
    case .notChecked(let reason): lines.append("not computed again: \(reason)")
    }
    let word = findings.isEmpty ? "everything holds" : findings.count == 1 ? "1 finding" : "\(findings.count) findings"
    lines.append("\(verification.output): \(word)")
    return lines
  }

  var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(Document(self, findings: findings)), as: UTF8.self)
    }
  }

  private struct Document: Encodable {
    let holds: Bool
    let findings: [Finding]
    let counts: [String: Int]
    let recomputed: Recomputed

    struct Finding: Encodable {
      let run: String?
      let step: Int?
      let found: String
      let expected: String?
    }

    struct Recomputed: Encodable {
      var outcome: String
      var run: String?
      var step: Int?
      var reason: String?
    }

    init(_ text: VerificationText, findings: [LedgerFinding]) {
      holds = text.holds
      self.findings = findings.map { Finding(run: $0.run, step: $0.step, found: $0.found, expected: $0.expected) }
      let counts = text.verification.counts
      self.counts = [
        "runs": counts.runs, "completed_runs": counts.completedRuns, "diverged_runs": counts.divergedRuns,
        "sittings": counts.sittings, "sittings_cut_short": counts.sittingsCutShort, "incarnations": counts.incarnations,
        "steps": counts.steps, "micro_batches": counts.microBatches, "samples": counts.samples,
        "attempts": counts.attempts, "applied": counts.applied, "duplicates": counts.duplicates, "lost": counts.lost,
        "evaluations": counts.evaluations, "states": counts.states, "states_ahead": counts.statesAhead,
      ]
      recomputed =
        switch text.recomputed {
        case .agrees(let run, let step): Recomputed(outcome: "agrees", run: run, step: step)
        case .differs: Recomputed(outcome: "differs")
        case .notChecked(let reason): Recomputed(outcome: "not checked", reason: reason)
        }
    }
  }
}
