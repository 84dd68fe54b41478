internal import Datasets
internal import Foundation
package import Ledger
internal import Planning
internal import Report
internal import Specification
internal import Support

/// Whether what an audit has left in its output folder proves what Tenbin promises: first from the ledger alone, then
/// by computing a step again.
package struct AuditVerification {
  package let output: String
  package let findings: [LedgerFinding]
  package let counts: LedgerCounts
  private let records: LedgerRecords

  /// Reads the ledger and the states in `output`; an audit may be running there.
  ///
  /// - Throws: `AuditError` when there is no ledger, or it cannot be read at all.
  package init(output: String) throws(AuditError) {
    let file = "\(output)/ledger.sqlite"
    guard FileManager.default.fileExists(atPath: file) else {
      throw AuditError(
        .configuration,
        FileManager.default.fileExists(atPath: "\(output)/search/ledger.sqlite")
          ? "\(output): the audit has not begun yet; its search can be verified: \(output)/search"
          : "\(output): holds no audit; expected ledger.sqlite there")
    }
    records = try AuditError.wrapping(.failure) { try LedgerRecords(file: file, states: "\(output)/states") }
    let verification = LedgerVerification(records)
    self.output = output
    findings = verification.findings
    counts = verification.counts
  }

  /// The verification of the search that came before the audit; nil if there is none in its folder.
  ///
  /// - Throws: `AuditError` when its ledger cannot be read at all.
  package func search() throws(AuditError) -> AuditVerification? {
    guard FileManager.default.fileExists(atPath: "\(output)/search/ledger.sqlite") else { return nil }
    return try AuditVerification(output: "\(output)/search")
  }

  /// Whether the audit's settings were searched for, and nothing is left of the search.
  package var isMissingSearch: Bool {
    // A search rests on no other one.
    guard !FileManager.default.fileExists(atPath: "\(output)/search/ledger.sqlite"),
      !records.planned.contains(where: { $0.run.contains("/candidate-") })
    else { return false }
    if let results = try? Results(folder: output) { return results.search != nil }
    guard let file = records.specification, let bytes = try? FileBytes.read(file),
      let specification = try? Specification(yaml: String(decoding: bytes, as: UTF8.self), file: file)
    else { return false }
    return specification.search != nil
  }

  /// Whether it has steps of this run.
  package func has(run: String) -> Bool { records.steps.contains { $0.run == run } }

  /// The outcome of recomputing a step.
  package enum Recomputed: Sendable {
    /// All steps up to this one have the same bits.
    case agrees(run: String, step: Int)
    case differs([LedgerFinding])
    case notChecked(reason: String)
  }

  /// A step that the user names.
  package struct Choice: Sendable, Equatable {
    package var run: String
    package var step: Int

    package init(run: String, step: Int) {
      self.run = run
      self.step = step
    }
  }

  /// Computes a step again in a worker process, from the run's initial state on, and compares every step on the way.
  ///
  /// - Parameters:
  ///   - specification: the file; where it was when the audit was started last when left out.
  ///   - choice: the step; drawn from the plan's generator when left out.
  ///   - limit: a random step is among the first `limit` of its run.
  ///   - say: called with a line about each step.
  /// - Throws: `AuditError` when the chosen step is not in the ledger.
  package func recompute(
    specification: String?, choice: Choice?, limit: Int, say: (String) -> Void
  ) throws(AuditError) -> Recomputed {
    guard let file = specification ?? records.specification else {
      return .notChecked(reason: "the ledger names no specification; name it with --specification")
    }
    if let choice, !records.steps.contains(where: { $0.run == choice.run && $0.step == choice.step }) {
      throw AuditError(.configuration, "\(choice.run), step \(choice.step): the ledger holds no such step")
    }
    let inputs: AuditInputs
    say("reading \(file)")
    do {
      inputs = try AuditInputs(specificationFile: file).stage(ofPlan: records.plan, output: output)
    } catch {
      return .notChecked(reason: "\(error)")
    }
    guard inputs.plan.hash.description == records.plan else {
      return .notChecked(
        reason: "\(file), or its data or base, is not what the audit was made from "
          + "(plan \(inputs.plan.hash.description.prefix(12))…, not \(records.plan.prefix(12))…)")
    }
    guard let choice = choice ?? drawnStep(key: inputs.plan.statisticsKey[.verification], limit: limit) else {
      return .notChecked(reason: "the ledger holds no step")
    }
    guard let index = inputs.plan.runs.firstIndex(where: { $0.identifier.description == choice.run }) else {
      return .notChecked(reason: "\(choice.run) is not a run of \(file)")
    }
    say("computing \(choice.run) again up to step \(choice.step)")
    do {
      let replay = try StepReplay(
        inputs: inputs, run: index, lastStep: choice.step, expected: records.steps.filter { $0.run == choice.run },
        fingerprint: records.members.first?.fingerprint)
      let findings = try replay.run()
      return findings.isEmpty ? .agrees(run: choice.run, step: choice.step) : .differs(findings)
    } catch {
      return .notChecked(reason: "\(error)")
    }
  }

  /// A step among the first of a run that has any.
  private func drawnStep(key: RandomKey, limit: Int) -> Choice? {
    var lengths: [String: Int] = [:]
    for step in records.steps where step.step >= 0 && step.step < limit {
      lengths[step.run] = max(lengths[step.run] ?? 0, step.step + 1)
    }
    let runs = lengths.keys.sorted()
    guard let position = key[.run].permutation(count: runs.count).first, let length = lengths[runs[position]],
      let step = key[.step].permutation(count: length).first
    else { return nil }
    return Choice(run: runs[position], step: step)
  }
}
