import ArgumentParser
import Coordinator
import Foundation
import Ledger

/// Proof from what an audit has left behind.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Prove from an audit's ledger that every sample counted exactly once, and compute a step again.",
    discussion: """
      Looks at every planned run: its steps have no gaps, the micro-batches that were applied to each are all there and \
      none twice, they came from who was lent them, and every epoch adds up to the run's samples. Then a worker process \
      computes one run again from its first step to a drawn one, and the bits are compared. Ends with 0 when everything \
      holds, and with 1 else.
      """)

  @Argument(help: "The audit's output folder; it may be running.", completion: .directory)
  var output: String

  @Option(
    help: "The specification; where it was when the audit was started last when left out.",
    completion: .file(extensions: ["yaml", "yml"]))
  var specification: String?

  @Option(help: "The step to compute again, as RUN:STEP, for example full/seed-13:7; drawn when left out.")
  var step: String?

  @Option(help: "A drawn step is among the first so many of its run; 0 computes none again.")
  var steps = 20

  @Flag(help: "End with 1 when no step could be computed again.")
  var strict = false

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if !(0...1_000_000).contains(steps) { throw ValidationError("--steps must be from 0 to 1000000") }
    if step != nil, choice == nil { throw ValidationError("--step must be RUN:STEP, for example full/seed-13:7") }
  }

  private var choice: AuditVerification.Choice? {
    guard let step, let colon = step.lastIndex(of: ":"), let number = Int(step[step.index(after: colon)...]), number >= 0
    else { return nil }
    return AuditVerification.Choice(run: String(step[..<colon]), step: number)
  }

  func run() throws {
    let display = ProgressDisplay()
    try Session.reportingErrors(display) {
      let verification = try AuditVerification(output: output)
      let recomputed: AuditVerification.Recomputed =
        if steps == 0, choice == nil {
          .notChecked(reason: "--steps is 0")
        } else if verification.counts.steps == 0 {
          .notChecked(reason: "the ledger holds no step")
        } else {
          try verification.recompute(specification: specification, choice: choice, limit: steps) { display.line($0) }
        }
      display.finish()
      let text = VerificationText(verification, recomputed, isStrict: strict)
      print(json ? try text.json : text.lines.joined(separator: "\n"))
      if !text.holds { throw ExitCode(1) }
    }
  }
}

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
        + "\(counts.sittings) sittings, \(counts.killedSittings) of them killed; "
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
        "sittings": counts.sittings, "killed_sittings": counts.killedSittings, "incarnations": counts.incarnations,
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
