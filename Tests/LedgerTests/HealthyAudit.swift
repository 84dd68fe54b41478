import Ledger
import Optimization
import Support

/// The records of an audit in which everything went as it should: a run shared by two members in spite of a lost lease
/// and a duplicate, one lent whole over two sessions, one that diverged, one that is not done, one that is not trained.
enum HealthyAudit {
  static let plan = ContentHash(of: [1] as [UInt8])

  static let planned = [
    PlannedRecord(run: "full/seed-1", members: 10, epochs: 2, batch: 4, microBatch: 2, logits: 6),
    PlannedRecord(run: "full/seed-2", members: 8, epochs: 2, batch: 4, microBatch: 2, logits: 6),
    PlannedRecord(run: "lora/seed-1", members: 8, epochs: 3, batch: 4, microBatch: 1, logits: 6),
    PlannedRecord(run: "lora/seed-2", members: 8, epochs: 2, batch: 4, microBatch: 2, logits: 6),
    PlannedRecord(run: "adapter/given", members: 0, epochs: 0, batch: 4, microBatch: 2, logits: 6),
  ]

  static func digest(_ run: String, _ step: Int, _ what: Float) -> TensorDigest {
    TensorDigest(of: [Float(run.utf8.reduce(0) { $0 * 3 % 1_000 + Int($1) }), Float(step), what])
  }

  static func parameters(after step: Int, of run: String) -> FloatBuffer {
    FloatBuffer([Float(run.utf8.reduce(0) { $0 * 3 % 1_000 + Int($1) }), Float(step), 1])
  }

  /// Writes the ledger and the state of the run that is not done.
  static func write(ledger file: String, states folder: String) throws {
    do {
      let ledger = try Ledger(file: file, plan: plan, specification: "/audit.yaml")
      try ledger.record(planned)
      for member in ["m1", "m2"] { try ledger.record(incarnation(member)) }
      try shared(ledger)
      try ledger.recordLeft("m1", reason: "it ended with signal 9")
      try lent(ledger, from: 0, to: 2, lease: 100)
      try ledger.flush()
    }
    let ledger = try Ledger(file: file, plan: plan, specification: "/audit.yaml")
    try ledger.record(incarnation("m3"))
    try lent(ledger, from: 2, to: 4, lease: 1)
    try ledger.record(completed("full/seed-2", steps: 4, perEpoch: 2))
    try diverged(ledger)
    try unfinished(ledger)
    try ledger.record(CompletedRun(run: "adapter/given", losses: [], logits: [1, 2, 3, 4, 5, 6]))
    var cost = CostRecord(arm: "full", phase: "training")
    cost.wallSeconds = 3
    try ledger.add(cost)
    try ledger.endSession()
    let states = StateFiles(folder: folder)
    try states.save(
      TrainingState(step: 3, parameters: parameters(after: 2, of: "lora/seed-2"), losses: [1.5]), run: "lora/seed-2")
    try states.flush()
  }

  private static func incarnation(_ member: String) -> MemberRecord {
    MemberRecord(member: member, name: "worker-\(member)", host: "here", process: 7, fingerprint: "f")
  }

  static func loss(_ step: Int) -> Double { 3.7 / Double(step + 1) }

  private static func completed(_ run: String, steps: Int, perEpoch: Int, members: Int = 8, divergedAt: Int? = nil)
    -> CompletedRun
  {
    let losses = (0..<steps / perEpoch).map { epoch in
      (epoch * perEpoch..<(epoch + 1) * perEpoch).reduce(0.0) { $0 + loss($1) } / Double(members)
    }
    return CompletedRun(run: run, losses: losses, logits: [0, 1, 2, -3, 4, 5.5], divergedAt: divergedAt)
  }

  private static func commit(
    _ ledger: Ledger, _ run: String, _ step: Int, samples: Int, _ deliveries: [StepRecord.Delivered]
  ) throws {
    try ledger.record(
      StepRecord(
        run: run, step: step, samples: samples, lossSum: loss(step), gradient: digest(run, step, 0),
        parameters: digest(run, step, 1), deliveries: deliveries))
  }

  private static func lend(
    _ ledger: Ledger, _ lease: Int, to member: String, _ run: String, _ work: LeasedWork, delivered: Bool = true
  ) throws {
    try ledger.record(AttemptRecord(lease: lease, member: member, run: run, work: work))
    if delivered { try ledger.recordDelivery(lease: lease, from: member) }
  }

  /// Steps of two micro-batches, the last of each epoch of one.
  private static func shared(_ ledger: Ledger) throws {
    let run = "full/seed-1"
    var lease = 0
    for step in 0..<6 {
      let units = step % 3 == 2 ? [0..<1] : step == 0 ? [0..<2] : [0..<1, 1..<2]
      var deliveries: [StepRecord.Delivered] = []
      for (index, range) in units.enumerated() {
        lease += 1
        let member = index == 0 ? "m1" : "m2"
        try lend(ledger, lease, to: member, run, .microBatches(step: step, range))
        deliveries.append(.init(units: range, member: member, lease: lease))
      }
      if step == 3 {
        try lend(ledger, 50, to: "m2", run, .microBatches(step: 3, 0..<1))
        try lend(ledger, 51, to: "m1", run, .microBatches(step: 3, 1..<2), delivered: false)
      }
      try commit(ledger, run, step, samples: step % 3 == 2 ? 2 : 4, deliveries)
    }
    try lend(ledger, 60, to: "m2", run, .blocks(0..<1))
    try ledger.record(completed(run, steps: 6, perEpoch: 3, members: 10))
  }

  private static func lent(_ ledger: Ledger, from start: Int, to end: Int, lease: Int) throws {
    let member = lease == 1 ? "m3" : "m2"
    try lend(ledger, lease, to: member, "full/seed-2", .training(from: start))
    for step in start..<end {
      try commit(ledger, "full/seed-2", step, samples: 4, [.init(units: 0..<2, member: member, lease: lease)])
    }
  }

  private static func diverged(_ ledger: Ledger) throws {
    let run = "lora/seed-1"
    try lend(ledger, 2, to: "m3", run, .training(from: 0))
    for step in 0..<3 { try commit(ledger, run, step, samples: 4, [.init(units: 0..<4, member: "m3", lease: 2)]) }
    try ledger.record(completed(run, steps: 3, perEpoch: 2, divergedAt: 3))
  }

  private static func unfinished(_ ledger: Ledger) throws {
    try lend(ledger, 3, to: "m3", "lora/seed-2", .training(from: 0))
    for step in 0..<3 {
      try commit(ledger, "lora/seed-2", step, samples: 4, [.init(units: 0..<2, member: "m3", lease: 3)])
    }
  }
}
