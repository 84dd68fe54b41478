import Hashing
import Ledger
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

  @Test("What was flushed is there when the ledger is opened again")
  func durability() throws {
    try withFolder { file in
      let completed = CompletedRun(run: "full/seed-1", losses: [0.5, 0.25], logits: [1, -.pi, 3.0e-20])
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

  @Test("A step that is replayed must come to the bits that were recorded")
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

  @Test("What several sittings spend on one phase adds up")
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
