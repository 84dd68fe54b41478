/// Looks whether a ledger's records prove what they should: that every sample counted exactly once, and that nothing
/// committed was lost. Records in, findings out.
package struct LedgerVerification {
  /// What does not hold, table by table and run by run; none in a healthy ledger.
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

  // Every record speaks of runs, sessions, members and leases that there are, and there is one of each.
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

  /// Whatever was applied was lent to who delivered it, and once.
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
        if applied.step < start { add("it came under \(applied.name)", expected: "steps from \(start) on") }
      case .microBatches(let step, let lent):
        if step != applied.step || lent.lowerBound != applied.first || lent.upperBound - 1 != applied.last {
          add(
            "\(units) came under \(applied.name)",
            expected: "step \(step), micro-batches \(lent.lowerBound) to \(lent.upperBound - 1)")
        }
        uses[applied.name, default: 0] += 1
        if uses[applied.name] == 2 { add("\(applied.name) was applied more than once", expected: "once") }
      case .blocks: add("\(units) came under \(applied.name)", expected: "an evaluation")
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
