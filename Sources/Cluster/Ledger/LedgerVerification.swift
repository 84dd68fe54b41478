/// Checks that a ledger's records prove that every sample counted exactly once, and that nothing committed was lost.
/// Records in, findings out.
package struct LedgerVerification {
  /// All findings, table by table and run by run; none in a healthy ledger.
  package internal(set) var findings: [LedgerFinding] = []
  package internal(set) var counts = LedgerCounts()
  private let records: LedgerRecords
  private let attempts: [LedgerRecords.LeaseName: LedgerRecords.Attempt]
  private let members: Set<String>

  package init(_ records: LedgerRecords) {
    self.records = records
    attempts = Dictionary(records.attempts.map { ($0.name, $0) }) { first, _ in first }
    members = Set(records.members.map(\.member))
    findings = records.damage
    checkNames()
    let steps = Dictionary(grouping: records.steps, by: \.run)
    let applied = Dictionary(grouping: records.applied, by: \.run)
    let completed = Dictionary(grouping: records.completed, by: \.run)
    let states = Dictionary(grouping: records.states, by: \.run)
    for plan in records.planned {
      guard plan.isSensible else {
        findings.append(LedgerFinding(run: plan.run, "it was planned with impossible numbers"))
        continue
      }
      check(
        plan, steps: (steps[plan.run] ?? []).sorted { $0.step < $1.step }, applied: applied[plan.run] ?? [],
        completed: completed[plan.run]?.first)
      for state in states[plan.run] ?? [] { check(state, of: plan, steps: steps[plan.run] ?? []) }
    }
    checkLeases()
    count()
  }

  // Every record names runs, sessions, workers and leases that exist, and each of these is recorded once.
  private mutating func checkNames() {
    if records.plan.isEmpty { findings.append(LedgerFinding("no audit is named", expected: "the digest of a plan")) }
    let sessions = records.sessions.map(\.session).sorted()
    if sessions.isEmpty || sessions != Array(1...sessions.count) {
      findings.append(LedgerFinding("there are sessions \(sessions)", expected: "every number from 1 once"))
    }
    requireUnique(records.planned.map(\.run), "run", "planned")
    requireUnique(records.attempts.map(\.name.description), "lease", "granted")
    requireUnique(records.deliveries.map(\.name.description), "lease", "delivered")
    requireUnique(records.completed.map(\.run), "run", "completed")
    requireUnique(records.steps.map { "\($0.run), step \($0.step)" }, "step", "committed")
    let runs = Set(records.planned.map(\.run))
    var mentioned = records.steps.map(\.run) + records.applied.map(\.run)
    mentioned += records.attempts.map(\.run) + records.completed.map(\.run)
    for run in Set(mentioned).subtracting(runs).sorted() {
      findings.append(LedgerFinding(run: run, "it was worked on, but never planned"))
    }
    let numbers = Set(sessions)
    for name in records.attempts.map(\.name) where !numbers.contains(name.session) {
      findings.append(LedgerFinding("\(name) was granted", expected: "a session that began"))
    }
    for delivery in records.deliveries where attempts[delivery.name] == nil {
      findings.append(LedgerFinding("\(delivery.name) was delivered, but never granted"))
    }
  }

  private mutating func requireUnique(_ names: [String], _ what: String, _ done: String) {
    for (name, all) in Dictionary(grouping: names, by: \.self).sorted(by: { $0.key < $1.key }) where all.count > 1 {
      findings.append(LedgerFinding("the \(what) \(name) was \(done) \(all.count) times", expected: "once"))
    }
  }

  /// All work that was applied was assigned to the worker that delivered it, and applied once.
  private mutating func checkLeases() {
    let delivered = Set(records.deliveries.map(\.name))
    var uses: [LedgerRecords.LeaseName: Int] = [:]
    for applied in records.applied {
      func add(_ found: String, expected: String? = nil) {
        findings.append(LedgerFinding(run: applied.run, step: applied.step, found, expected: expected))
      }
      let units = "micro-batches \(applied.first) to \(applied.last)"
      if !members.contains(applied.member) { add("\(units) are of the unknown member \(applied.member)") }
      guard let attempt = attempts[applied.name] else {
        add("\(units) were applied under \(applied.name)", expected: "a lease that was granted")
        continue
      }
      if !delivered.contains(applied.name) { add("\(units) were applied", expected: "a delivery for \(applied.name)") }
      if attempt.member != applied.member || attempt.run != applied.run {
        add(
          "\(units) came from \(applied.member) under \(applied.name)",
          expected: "\(attempt.run) from \(attempt.member), to whom it was granted")
      }
      switch attempt.work {
      case .training(let start):
        if applied.step < start { add("it were delivered under \(applied.name)", expected: "steps from \(start) on") }
      case .microBatches(let step, let assigned):
        if step != applied.step || assigned.lowerBound != applied.first || assigned.upperBound - 1 != applied.last {
          add(
            "\(units) were delivered under \(applied.name)",
            expected: "step \(step), micro-batches \(assigned.lowerBound) to \(assigned.upperBound - 1)")
        }
        uses[applied.name, default: 0] += 1
        if uses[applied.name] == 2 { add("\(applied.name) was applied more than once", expected: "once") }
      case .blocks: add("\(units) were delivered under \(applied.name)", expected: "an evaluation")
      }
    }
  }

  private mutating func count() {
    let last = records.sessions.map(\.session).max() ?? 0
    counts.sessions = records.sessions.count
    counts.interruptedSessions = records.sessions.count { $0.ended == nil && $0.session < last }
    counts.incarnations = records.members.count
    counts.runs = records.planned.count
    counts.completedRuns = records.completed.count
    counts.divergedRuns = records.completed.count { $0.divergedAt != nil }
    counts.steps = records.steps.count
    counts.samples = records.steps.reduce(0) { $0 &+ $1.samples }
    counts.microBatches = records.applied.reduce(0) { $0 &+ ($1.last &- $1.first &+ 1) }
    let (applied, delivered) = (Set(records.applied.map(\.name)), Set(records.deliveries.map(\.name)))
    for attempt in records.attempts {
      if case .blocks = attempt.work {
        counts.evaluations += 1
        continue
      }
      counts.attempts += 1
      if applied.contains(attempt.name) {
        counts.applied += 1
      } else if delivered.contains(attempt.name) {
        counts.duplicates += 1
      } else {
        counts.lost += 1
      }
    }
  }
}

// Rules for one run.
extension LedgerVerification {
  mutating func check(
    _ plan: PlannedRecord, steps: [LedgerRecords.Step], applied: [LedgerRecords.Applied],
    completed: LedgerRecords.Completed?
  ) {
    let isGapless = checkNumbers(of: steps, plan: plan, completed: completed)
    let portions = Dictionary(grouping: applied, by: \.step)
    let known = Set(steps.map(\.step))
    for step in steps where plan.contains(step: step.step) {
      let samples = plan.samples(step: step.step)
      if step.samples != samples {
        findings.append(
          LedgerFinding(
            run: plan.run, step: step.step, "\(step.samples) samples counted", expected: "\(samples)"))
      }
      if !step.lossSum.isFinite {
        findings.append(LedgerFinding(run: plan.run, step: step.step, "its loss is not finite"))
      }
      checkPartition(
        portions[step.step] ?? [], of: plan.microBatches(step: step.step), run: plan.run, step: step.step)
    }
    for step in Set(applied.map(\.step)).subtracting(known).sorted() {
      findings.append(
        LedgerFinding(run: plan.run, step: step, "micro-batches were applied to a step that is not committed"))
    }
    guard isGapless else { return }
    checkSamples(of: steps, plan: plan)
    if let completed { check(completed, plan: plan, steps: steps) }
  }

  /// Steps must be 0, 1, 2 and so on. A completed run has all of them, or all before the one at which it diverged.
  private mutating func checkNumbers(
    of steps: [LedgerRecords.Step], plan: PlannedRecord, completed: LedgerRecords.Completed?
  ) -> Bool {
    var (isGapless, next) = (true, 0)
    func missing(_ first: Int, before end: Int) -> LedgerFinding {
      LedgerFinding(
        run: plan.run, step: first, end - first == 1 ? "it is missing" : "steps \(first) to \(end - 1) are missing",
        expected: "every step up to the last")
    }
    for step in steps.map(\.step) {
      guard plan.contains(step: step) else {
        findings.append(
          LedgerFinding(run: plan.run, step: step, "it was committed", expected: "steps from 0 to \(plan.steps - 1)"))
        isGapless = false
        continue
      }
      if step > next {
        findings.append(missing(next, before: step))
        isGapless = false
      }
      if step < next { isGapless = false }
      next = step + 1
    }
    guard let completed else { return isGapless }
    let end = completed.divergedAt ?? plan.steps
    if next < end {
      findings.append(missing(next, before: end))
      isGapless = false
    } else if next > end {
      findings.append(
        LedgerFinding(
          run: plan.run, step: end, "steps were committed from there on", expected: "it to have diverged there"))
      isGapless = false
    }
    return isGapless
  }

  /// The applied micro-batches must be 0 ..< `total` without gap or overlap.
  private mutating func checkPartition(
    _ applied: [LedgerRecords.Applied], of total: Int, run: String, step: Int
  ) {
    let expected = "each of 0 to \(total - 1) once"
    var next = 0
    for portion in applied.sorted(by: { ($0.first, $0.last) < ($1.first, $1.last) }) {
      guard portion.first >= 0, portion.first <= portion.last, portion.last < total else {
        findings.append(
          LedgerFinding(
            run: run, step: step, "micro-batches \(portion.first) to \(portion.last) were applied", expected: expected))
        continue
      }
      if portion.first > next {
        findings.append(
          LedgerFinding(
            run: run, step: step, "micro-batches \(next) to \(portion.first - 1) were never applied", expected: expected
          ))
      } else if portion.first < next {
        findings.append(
          LedgerFinding(
            run: run, step: step,
            "micro-batches \(portion.first) to \(min(next - 1, portion.last)) were applied twice", expected: expected))
      }
      next = max(next, portion.last + 1)
    }
    if next < total {
      findings.append(
        LedgerFinding(
          run: run, step: step, "micro-batches \(next) to \(total - 1) were never applied", expected: expected))
    }
  }

  /// In every finished epoch, every training item counted once.
  private mutating func checkSamples(of steps: [LedgerRecords.Step], plan: PlannedRecord) {
    let length = max(1, plan.stepsPerEpoch)
    for start in stride(from: 0, through: steps.count - length, by: length) {
      let samples = steps[start..<start + length].reduce(0) { $0 &+ $1.samples }
      guard samples != plan.members else { continue }
      findings.append(
        LedgerFinding(
          run: plan.run, "\(samples) samples counted in epoch \(start / length)",
          expected: "\(plan.members), every training item once"))
    }
  }

  private mutating func check(
    _ completed: LedgerRecords.Completed, plan: PlannedRecord, steps: [LedgerRecords.Step]
  ) {
    if completed.logits != plan.logits {
      findings.append(
        LedgerFinding(run: plan.run, "it is completed with \(completed.logits) logits", expected: "\(plan.logits)"))
    }
    if !completed.areFinite {
      findings.append(LedgerFinding(run: plan.run, "some of its logits or validation losses are not finite"))
    }
    // The same additions as in training: a loss that differs in its last bit was not computed from these steps.
    let length = max(1, plan.stepsPerEpoch)
    let losses = stride(from: 0, through: steps.count - length, by: length).map { start in
      steps[start..<start + length].reduce(0.0) { $0 + $1.lossSum } / Double(max(1, plan.members))
    }
    if completed.losses != losses {
      findings.append(
        LedgerFinding(
          run: plan.run, "its epochs' losses are \(completed.losses)", expected: "\(losses), from its steps"))
    }
  }

  mutating func check(_ state: LedgerRecords.State, of plan: PlannedRecord, steps: [LedgerRecords.Step]) {
    counts.states += 1
    guard state.step <= plan.steps else {
      findings.append(
        LedgerFinding(
          run: plan.run, step: state.step, "a state of this step exists", expected: "at most \(plan.steps) steps"))
      return
    }
    guard state.step > 0 else { return }
    guard let step = steps.first(where: { $0.step == state.step - 1 }) else {
      // A killed coordinator may have written a state, but not yet the last steps.
      counts.statesAhead += 1
      return
    }
    if step.parameters != state.parameters {
      findings.append(
        LedgerFinding(
          run: plan.run, step: step.step, "the state after it has the parameters \(state.parameters)",
          expected: "\(step.parameters)"))
    }
  }
}

extension PlannedRecord {
  /// Whether numbers can be made of it without running over.
  var isSensible: Bool {
    let numbers = 0..<1 << 31
    return [members, epochs, logits].allSatisfy(numbers.contains)
      && [batch, microBatch].allSatisfy { numbers.contains($0) && $0 > 0 }
  }

  package var stepsPerEpoch: Int { (members + batch - 1) / batch }
  package var steps: Int { stepsPerEpoch * epochs }

  fileprivate func contains(step: Int) -> Bool { (0..<steps).contains(step) }

  fileprivate func samples(step: Int) -> Int {
    let begin = step % stepsPerEpoch * batch
    return min(begin + batch, members) - begin
  }

  fileprivate func microBatches(step: Int) -> Int { (samples(step: step) + microBatch - 1) / microBatch }
}
