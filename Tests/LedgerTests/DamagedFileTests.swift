import Foundation
import Ledger
import Optimization
import Support
import TestSupport
import Testing

/// Files that are cut off or have noise in the middle.
@Suite(.timeLimit(.minutes(45))) struct DamagedFileTests {
  private let folder: TemporaryFolder
  private var ledger: String { "\(folder.path)/ledger.sqlite" }
  private var states: String { "\(folder.path)/states" }

  init() throws {
    folder = try TemporaryFolder()
    try HealthyAudit.write(ledger: ledger, states: states)
  }

  /// Opens a ledger with these bytes as an audit does, and reads it as an audit and a verification do.
  ///
  /// - Returns: whether anything was found to be wrong.
  private func isFound(_ bytes: Data, name: String) throws -> Bool {
    let ledger = try folder.write(bytes, to: name)
    do throws(LedgerError) {
      let records = try LedgerRecords(file: ledger, states: states)
      if !LedgerVerification(records).findings.isEmpty { return true }
      let opened = try Ledger(file: ledger, plan: HealthyAudit.plan)
      _ = try opened.completedRuns()
      _ = try opened.costs()
      return false
    } catch {
      #expect(error.description.contains(folder.path))
      return true
    }
  }

  @Test("Noise in any page of the ledger, or an end cut off, is found or does not matter; nothing traps")
  func noise() throws {
    let whole = try Data(contentsOf: URL(filePath: ledger))
    let page = 4096
    var found = 0
    for start in stride(from: 0, to: whole.count, by: page) {
      for (offset, length) in [(0, 64), (1_000, 200), (3_900, 196)] {
        var damaged = whole
        for index in start + offset..<min(start + offset + length, whole.count) {
          damaged[index] = UInt8(index * 37 % 251)
        }
        found += try isFound(damaged, name: "noise-\(start + offset).sqlite") ? 1 : 0
      }
    }
    #expect(found > whole.count / page)
    for length in [1, 100, page, page + 100, whole.count / 2, whole.count - page] {
      #expect(try isFound(whole.prefix(length), name: "cut-\(length).sqlite"), "cut off behind \(length) bytes")
    }
  }

  @Test("A folder or a text in the ledger's place is an error that names it")
  func otherFile() throws {
    let text = try folder.write("run,step\nfull,3\n", to: "text.sqlite")
    for file in [text, folder.path, "\(folder.path)/none/none"] {
      #expect(throws: LedgerError.self) { try LedgerRecords(file: file, states: states) }
      #expect(throws: LedgerError.self) { try Ledger(file: file, plan: HealthyAudit.plan) }
    }
  }

  @Test("A write-ahead log that is cut off or damaged loses the last records, and leaves an intact ledger")
  func writeAheadLog() throws {
    // As a killed coordinator leaves it: the log is copied while the ledger is open.
    let live = "\(folder.path)/live.sqlite"
    let opened = try Ledger(file: live, plan: HealthyAudit.plan)
    try opened.record(HealthyAudit.planned)
    for round in 0..<20 {
      try opened.record(AttemptRecord(lease: round, member: "m", run: "full/seed-1", work: .blocks(0..<1)))
      try opened.flush()
    }
    let (file, log) = (try Data(contentsOf: URL(filePath: live)), try Data(contentsOf: URL(filePath: live + "-wal")))
    #expect(log.count > 4096)
    var kept: Set<Int> = []
    for (length, noise) in [
      (log.count, log.count), (log.count / 2, log.count), (log.count, log.count / 2), (10, 10), (0, 0),
    ] {
      var damaged = log.prefix(length)
      for index in min(noise, length)..<min(noise + 300, length) { damaged[index] ^= 0x5A }
      let ledger = try folder.write(file, to: "\(length)-\(noise).sqlite")
      try folder.write(damaged, to: "\(length)-\(noise).sqlite-wal")
      let again = try Ledger(file: ledger, plan: HealthyAudit.plan)
      try again.record(HealthyAudit.planned)
      try again.endSession()
      let records = try LedgerRecords(file: ledger, states: "")
      #expect(LedgerVerification(records).findings.isEmpty)
      kept.insert(records.attempts.count)
    }
    #expect(kept.contains(20) && kept.contains(0) && kept.count > 2)
  }

  @Test("No run resumes from a state file with a changed byte or a missing end")
  func stateFile() throws {
    let file = "\(states)/lora--seed-2.state"
    let whole = try Data(contentsOf: URL(filePath: file))
    let files = StateFiles(folder: states)
    let state = try #require(try files.read(run: "lora/seed-2"))
    #expect(state.step == 3 && state.losses == [1.5])
    for index in whole.indices {
      var damaged = whole
      damaged[index] ^= 1
      try damaged.write(to: URL(filePath: file))
      #expect(files.load(run: "lora/seed-2") == nil)
      #expect(throws: LedgerError.self) { try files.read(run: "lora/seed-2") }
      try whole.prefix(index).write(to: URL(filePath: file))
      #expect(files.load(run: "lora/seed-2") == nil)
    }
    #expect(LedgerVerification(try LedgerRecords(file: ledger, states: states)).findings.map(\.run) == ["lora/seed-2"])
  }

  @Test("A state that was saved comes back in every bit")
  func stateRoundTrip() throws {
    let files = StateFiles(folder: "\(folder.path)/more")
    var state = TrainingState(
      step: 7, parameters: FloatBuffer([1, -.pi, .leastNonzeroMagnitude]),
      moments: .init(first: FloatBuffer([1, 2, 3]), second: FloatBuffer([4, 5, 6])),
      epoch: .init(sum: 0.1 + 0.2, samples: 5), losses: [0.3, .infinity], divergedAt: 7)
    state.traces = [[0.5, -.infinity], [], [2]]
    state.validationLosses = [0.1 + 0.2, .leastNonzeroMagnitude]
    try files.save(state, run: "a/b")
    try files.flush()
    let loaded = try #require(try files.read(run: "a/b"))
    #expect(loaded.parameters.floats.elementsEqual(state.parameters.floats))
    #expect(loaded.moments?.second.floats.elementsEqual([4, 5, 6]) == true)
    #expect(loaded.step == 7 && loaded.epoch == state.epoch && loaded.losses == state.losses && loaded.divergedAt == 7)
    #expect(loaded.traces == state.traces && loaded.validationLosses == state.validationLosses)
    files.remove(run: "a/b")
    try files.flush()
    #expect(try files.read(run: "a/b") == nil)
  }
}
