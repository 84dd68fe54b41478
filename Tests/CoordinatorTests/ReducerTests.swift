import Coordinator
import Optimization
import Scheduler
import SwiftProtobuf
import Testing
import Transport

/// Runs whose parameters reducers hold: the code of real reducers, with connections in memory.
@Suite(.timeLimit(.minutes(45))) struct ReducerTests {
  /// More than one section, so that several reducers get a slice.
  private let count = 200_000

  private func audit(reducers: Int, workers: Int = 2, isValidated: Bool = false) throws -> TestAudit {
    let audit = try TestAudit(count: count, slicesFrom: 1, isValidated: isValidated)
    for index in 0..<reducers { try audit.addReducer("r\(index)") }
    for index in 0..<workers { audit.worker("w\(index)").join() }
    try audit.run(rounds: 5)
    #expect(audit.loop.reducers.count == reducers)
    return audit
  }

  private func expectReference(_ audit: TestAudit) throws {
    let reference = try ToyModel.reference(0, count: count)
    #expect(try audit.ledgerParameters(of: 0) == reference.parameters)
    #expect(audit.completed[0]?.logits == reference.logits)
  }

  @Test("A run in slices reaches the bits of a run in one place", arguments: [1, 2, 3])
  func slices(reducers: Int) throws {
    let audit = try audit(reducers: reducers)
    try audit.loop.start()
    try audit.run(until: { audit.loop.audit.stepsDone >= 2 })
    #expect(audit.loop.audit.isSliced(0))
    #expect(audit.loop.reducers.allSatisfy { $0.sliceCount == 1 })
    #expect(audit.loop.reducers.reduce(0) { $0 + $1.elements } == count)
    try audit.finish()
    try expectReference(audit)
    // They are released when the run is evaluated.
    #expect(audit.loop.reducers.allSatisfy { $0.sliceCount == 0 })
  }

  @Test("A run in slices is gathered for every point of its validation curve, with the bits of a run in one place")
  func validationCurve() throws {
    let audit = try audit(reducers: 2, isValidated: true)
    try audit.loop.start()
    try audit.run(until: { audit.loop.audit.isSliced(0) })
    try audit.finish()
    try expectReference(audit)
    let expected = try ToyModel.validationLosses(0, count: count)
    #expect(audit.completed[0]?.validationLosses.map(Optional.some) == expected)
  }

  @Test("When a reducer is lost, the run resumes from its last state and reaches the same bits")
  func lostReducer() throws {
    let audit = try audit(reducers: 2)
    try audit.loop.start()
    try audit.run(until: { audit.loop.audit.stepsDone >= 4 })
    audit.killReducer(0)
    try audit.run(until: { audit.loop.audit.generation(of: 0) == 1 })
    #expect(audit.notices.contains { $0.hasPrefix("the reducer r0 has left") })
    try audit.finish()
    try expectReference(audit)
  }

  @Test("When all reducers are lost, the run continues without them")
  func noReducerLeft() throws {
    let audit = try audit(reducers: 1)
    try audit.loop.start()
    try audit.run(until: { audit.loop.audit.stepsDone >= 2 })
    audit.killReducer(0)
    try audit.finish()
    try expectReference(audit)
  }

  @Test("Where a reducer is lost while it takes its slice over, nothing is lost")
  func lostWhileAdopting() throws {
    let audit = try audit(reducers: 2)
    try audit.loop.start()
    // The request is on its way, and no answer has come.
    audit.killReducer(1)
    try audit.finish()
    try expectReference(audit)
    #expect(audit.loop.audit.generation(of: 0) == 0)
  }

  @Test("A worker that alone cannot reach a reducer is dismissed, and the reducer stays")
  func workerThatCannotReachReducer() throws {
    let audit = try audit(reducers: 1, workers: 3)
    try audit.loop.start()
    try audit.run(until: { audit.loop.audit.stepsDone >= 2 })
    let (worker, endpoint) = (audit.workers[2], audit.loop.reducers[0].endpoint)
    audit.connections.receive(
      .stale(
        .with {
          $0.lease = 0
          $0.unreachableReducer = endpoint
        }), from: worker.peer)
    try audit.run(until: { worker.refusal != nil })
    #expect(worker.refusal?.reason.contains("though others can") == true)
    #expect(audit.loop.reducers.count == 1)
    try audit.finish()
    try expectReference(audit)
  }
}
