import GRDB
import Ledger
import Support
import TestSupport
import Testing

@Suite struct LedgerTests {
  private let plan = ContentHash(of: [1] as [UInt8])

  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = try TemporaryFolder()
    try body("\(folder.path)/ledger.sqlite")
  }

  private func step(_ number: Int, gradient: [Float] = [1, 2], parameters: [Float] = [3]) -> StepRecord {
    StepRecord(
      run: "full/seed-1", step: number, samples: 4, lossSum: 2, gradient: TensorDigest(of: gradient),
      parameters: TensorDigest(of: parameters), deliveries: [.init(units: 0..<2, member: "m", lease: number)])
  }

  @Test("Flushed records are there when the ledger is opened again")
  func durability() throws {
    try withFolder { file in
      let completed = CompletedRun(
        run: "full/seed-1", losses: [0.5, 0.25], logits: [1, -.pi, 3.0e-20], validationLosses: [0.1 + 0.2, 0.3])
      do {
        let ledger = try Ledger(file: file, plan: plan)
        for number in 0..<50 { try ledger.record(step(number)) }
        try ledger.record(completed)
      }
      let ledger = try Ledger(file: file, plan: plan)
      #expect(try ledger.stepCount() == 50)
      #expect(try ledger.completedRuns() == ["full/seed-1": completed])
    }
  }

  @Test("A ledger of another audit is refused")
  func otherAudit() throws {
    try withFolder { file in
      _ = try Ledger(file: file, plan: plan)
      #expect(throws: LedgerError.self) { try Ledger(file: file, plan: ContentHash(of: [2] as [UInt8])) }
    }
  }

  @Test("A replayed step must have the bits that were recorded")
  func replay() throws {
    try withFolder { file in
      let ledger = try Ledger(file: file, plan: plan)
      try ledger.record(step(0))
      try ledger.record(step(0))
      try ledger.flush()
      #expect(try ledger.stepCount() == 1)
      try ledger.record(step(0, gradient: [1, 2.0000002]))
      #expect(throws: LedgerError.self) { try ledger.flush() }
    }
  }

  @Test("A ledger of an earlier version of Tenbin is refused, with what to do")
  func otherVersion() throws {
    try withFolder { file in
      let queue = try DatabaseQueue(path: file)
      try queue.write { database in
        try database.execute(sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
        try database.execute(sql: "INSERT INTO grdb_migrations VALUES ('1')")
      }
      try queue.close()
      let expected = LedgerError.otherVersion(file: file, found: "1")
      #expect(throws: expected) { try Ledger(file: file, plan: plan) }
      #expect(throws: expected) { try LedgerRecords(file: file, states: "") }
      #expect(expected.description.contains("use the version that made it"))
      // Only a command that writes can take another folder.
      #expect(!expected.description.contains("--output") && expected.asksForAnotherFolder)
      #expect(expected.exitStatus == .wrongInput)
    }
  }

  @Test("A session that ends normally is recorded so, and leases are numbered by session")
  func sessions() throws {
    try withFolder { file in
      for _ in 0..<3 {
        let ledger = try Ledger(file: file, plan: plan)
        try ledger.record(
          AttemptRecord(lease: 1, member: "m", run: "full/seed-1", work: .microBatches(step: 0, 0..<2)))
        if ledger.session == 2 { try ledger.flush() } else { try ledger.endSession() }
      }
      let records = try LedgerRecords(file: file, states: "")
      #expect(records.sessions.map { $0.ended == nil } == [false, true, false])
      #expect(records.attempts.map(\.name.session) == [1, 2, 3])
      #expect(records.attempts.allSatisfy { $0.at > 1e9 })
    }
  }

  @Test("A delivery is recorded once, and only for a lease that the worker had")
  func deliveries() throws {
    try withFolder { file in
      let ledger = try Ledger(file: file, plan: plan)
      try ledger.record(AttemptRecord(lease: 1, member: "m", run: "full/seed-1", work: .blocks(0..<2)))
      for (lease, member) in [(1, "liar"), (2, "m"), (1, "m"), (1, "m")] {
        try ledger.recordDelivery(lease: lease, from: member)
      }
      try ledger.flush()
      #expect(try LedgerRecords(file: file, states: "").deliveries.map(\.name.lease) == [1])
    }
  }

  @Test("The latest path of the specification is kept")
  func specification() throws {
    try withFolder { file in
      for path in ["/a.yaml", "/b.yaml"] { _ = try Ledger(file: file, plan: plan, specification: path) }
      _ = try Ledger(file: file, plan: plan)
      let records = try LedgerRecords(file: file, states: "")
      #expect(records.specification == "/b.yaml" && records.plan == plan.description && records.damage.isEmpty)
    }
  }

  @Test("The costs of several sessions for one phase add up")
  func costs() throws {
    try withFolder { file in
      let ledger = try Ledger(file: file, plan: plan)
      var cost = CostRecord(arm: "full", phase: "training")
      cost.wallSeconds = 2
      cost.bytesSent = 10
      cost.peakResidentBytes = 100
      try ledger.add(cost)
      cost.peakResidentBytes = 70
      try ledger.add(cost)
      let total = try #require(try ledger.costs().first)
      #expect(total.wallSeconds == 4 && total.bytesSent == 20 && total.peakResidentBytes == 100)
    }
  }
}
