import Coordinator
import Ledger
import Optimization
import Scheduler
import SwiftProtobuf
import Testing
import Transport

@Suite(.timeLimit(.minutes(45))) struct CoordinatorLoopTests {
  /// Checks that a finished audit has the bits of a run that one process does by itself.
  private func expectReference(_ audit: TestAudit, runs: Int = 1, count: Int = 10) throws {
    for run in 0..<runs {
      let reference = try ToyModel.reference(run, count: count)
      #expect(try audit.ledgerParameters(of: run) == reference.parameters)
      #expect(audit.completed[run]?.logits == reference.logits)
    }
  }

  @Test("A worker is welcomed, admitted, sent the catalogue, and assigned work only when it is prepared")
  func joining() throws {
    let audit = try TestAudit()
    let worker = audit.worker("a")
    try audit.loop.start()
    worker.hello()
    try audit.run(rounds: 2)
    #expect(
      worker.received.contains {
        if case .welcome(let welcome) = $0 { welcome.bulkEndpoint == audit.connections.bulk } else { false }
      })
    #expect(!audit.connections.isAdmitted(worker.peer))
    audit.connections.receive(.ready(worker.peer, sharesMemory: false))
    try audit.run(rounds: 2)
    #expect(audit.connections.isAdmitted(worker.peer))
    #expect(worker.leases.isEmpty && worker.delivered.isEmpty)
    audit.connections.receive(.prepared(.init()), from: worker.peer)
    worker.holdsLeases = true
    try audit.run(rounds: 2)
    #expect(worker.leases.count == 1)
    #expect(audit.connections.expectedBytes(of: worker.peer) == 12 * 10)
  }

  @Test("One worker that is assigned runs whole produces the bits of one process")
  func exclusiveRuns() throws {
    let audit = try TestAudit(runs: 2)
    let worker = audit.worker("a")
    worker.join()
    try audit.loop.start()
    try audit.finish()
    try expectReference(audit, runs: 2)
    #expect(worker.delivered.contains { if case .training? = $0.work { true } else { false } })
  }

  @Test("Workers that share a run by micro-batch produce the bits of one process", arguments: [2, 3, 4])
  func sharedRun(workers: Int) throws {
    let audit = try TestAudit()
    for index in 0..<workers { audit.worker("w\(index)").join() }
    try audit.run(rounds: 3)
    try audit.loop.start()
    try audit.finish()
    try expectReference(audit)
    #expect(
      audit.workers.allSatisfy { worker in
        worker.delivered.contains { if case .microBatches? = $0.work { true } else { false } }
      })
    #expect(audit.loop.audit.stepsDone == 9)
  }

  @Test("A validation curve has the same bits whoever computes it, and changes none of the run's", arguments: [1, 3])
  func validationCurve(workers: Int) throws {
    let audit = try TestAudit(isValidated: true)
    for index in 0..<workers { audit.worker("w\(index)").join() }
    try audit.run(rounds: 3)
    try audit.loop.start()
    try audit.finish()
    try expectReference(audit)
    let expected = try ToyModel.validationLosses(0, count: 10)
    #expect(audit.completed[0]?.validationLosses.map(Optional.some) == expected)
    #expect(try audit.ledger.completedRuns()["toy/run-0"]?.validationLosses.map(Optional.some) == expected)
    #expect(Set(expected.compactMap(\.self)).count == 9)
  }

  @Test("The work of a worker that cannot be reached is assigned to another, and the bits stay")
  func unreachable() throws {
    let audit = try TestAudit()
    let (first, second) = (audit.worker("a"), audit.worker("b"))
    first.join()
    second.join()
    try audit.run(rounds: 3)
    first.holdsLeases = true
    try audit.loop.start()
    try audit.run(until: { !first.leases.isEmpty && !second.delivered.isEmpty })
    audit.connections.receive(.unreachable(first.peer))
    try audit.finish()
    try expectReference(audit)
    #expect(audit.left == ["a: it cannot be reached"])
  }

  @Test("A worker that has said goodbye is recorded as gone, and its run goes to another one")
  func goodbye() throws {
    let audit = try TestAudit()
    let first = audit.worker("a")
    first.join()
    first.holdsLeases = true
    try audit.loop.start()
    try audit.run(until: { !first.leases.isEmpty })
    audit.connections.receive(.goodbye(.with { $0.reason = "its host shuts down" }), from: first.peer)
    audit.worker("b").join()
    try audit.finish()
    try expectReference(audit)
    #expect(audit.left.first == "a: its host shuts down")
  }

  @Test("A worker with another fingerprint is refused once a delivery has counted, and told why")
  func fingerprint() throws {
    let audit = try TestAudit(runs: 2)
    let first = audit.worker("a")
    first.join()
    try audit.loop.start()
    try audit.run(until: { audit.loop.fingerprint != nil })
    let other = audit.worker("b")
    other.hello(processor: "another one")
    try audit.run(until: { other.refusal != nil })
    #expect(other.refusal?.mayReturn == false)
    #expect(other.refusal?.reason.contains("another one") == true)
    try audit.finish()
    try expectReference(audit, runs: 2)
  }

  @Test("A delivery that does not fit its lease dismisses the worker, and none of it counts")
  func malformedDelivery() throws {
    let audit = try TestAudit()
    let (liar, honest) = (audit.worker("a"), audit.worker("b"))
    liar.join()
    honest.join()
    try audit.run(rounds: 3)
    liar.holdsLeases = true
    try audit.loop.start()
    try audit.run(until: { !liar.leases.isEmpty })
    liar.deliver([(.logits(.init()), [1, 2, 3])], lease: liar.leases[0].identifier)
    try audit.run(until: { liar.refusal != nil })
    #expect(liar.refusal?.reason == "its delivery of lease \(liar.leases[0].identifier) does not fit the lease")
    try audit.finish()
    try expectReference(audit)
  }

  @Test("A transfer that is not a whole number of Float32 dismisses the worker")
  func unreadableDelivery() throws {
    let audit = try TestAudit()
    let liar = audit.worker("a")
    liar.join()
    liar.holdsLeases = true
    try audit.loop.start()
    try audit.run(until: { !liar.leases.isEmpty })
    let lease = liar.leases[0].identifier
    audit.connections.receive(
      .transfer(
        Transfer(subject: .delivery(.with { $0.lease = lease }), payload: [1, 2, 3]), identifier: 9, from: liar.peer))
    audit.connections.receive(
      .delivery(
        .with {
          $0.lease = lease
          $0.parts = [
            .with {
              $0.logits = .init()
              $0.transfer = 9
            }
          ]
        }), from: liar.peer)
    try audit.run(until: { liar.refusal != nil })
    #expect(liar.refusal?.reason.contains("not a whole number of Float32") == true)
  }

  @Test("A worker that fails at a lease it does not hold is dismissed; the delegate hears of one that holds it")
  func failures() throws {
    let audit = try TestAudit()
    let (first, second) = (audit.worker("a"), audit.worker("b"))
    for worker in [first, second] {
      worker.holdsLeases = true
      worker.join()
    }
    try audit.run(rounds: 3)
    try audit.loop.start()
    try audit.run(until: { !first.leases.isEmpty && !second.leases.isEmpty })
    let failure = { (lease: UInt64) in
      Tenbin_Failure.with {
        $0.lease = lease
        $0.reason = "out of memory"
      }
    }
    audit.connections.receive(.failure(failure(first.leases[0].identifier)), from: second.peer)
    try audit.run(until: { second.refusal != nil })
    #expect(audit.failures.isEmpty)
    audit.connections.receive(.failure(failure(first.leases[0].identifier)), from: first.peer)
    try audit.run(until: { !audit.failures.isEmpty })
    #expect(audit.failures == ["out of memory"])
  }

  @Test("A wrong worker is quarantined by two others, and the bits stay")
  func quarantine() throws {
    let audit = try TestAudit(duplicateRate: 1)
    let workers = ["a", "b", "c"].map { audit.worker($0) }
    for worker in workers { worker.join() }
    try audit.run(rounds: 3)
    workers[1].isWrong = true
    try audit.loop.start()
    try audit.finish()
    try expectReference(audit)
    #expect(workers[1].refusal?.reason.contains("differ from those of two other workers") == true)
    #expect(audit.notices.contains { $0.contains("disagree about") })
  }

  @Test("A silent worker that takes no part yet is told so and forgotten after half a minute")
  func silentNewcomer() throws {
    let audit = try TestAudit()
    let worker = audit.worker("a")
    worker.isSilent = true
    worker.hello()
    try audit.run(rounds: 2)
    audit.pass(.seconds(29))
    try audit.run(rounds: 2)
    #expect(worker.refusal == nil)
    audit.pass(.seconds(2))
    try audit.run(rounds: 2)
    #expect(worker.refusal?.mayReturn == true)
    #expect(audit.left.count == 1)
  }

  @Test("A worker that the coordinator does not know may come back as a new one")
  func unknownWorker() throws {
    let audit = try TestAudit()
    let worker = audit.worker("a")
    audit.connections.receive(.heartbeat(.init()), from: worker.peer)
    worker.isSilent = true
    try audit.run(rounds: 2)
    #expect(worker.refusal?.mayReturn == true)
  }

  @Test("A draining worker gives its run back and is told goodbye")
  func drain() throws {
    let audit = try TestAudit()
    let worker = audit.worker("a")
    worker.stepsOfRun = 4
    worker.holdsLeases = true
    worker.join()
    try audit.loop.start()
    try audit.run(until: { !worker.leases.isEmpty })
    audit.connections.receive(.leaving(.init()), from: worker.peer)
    try audit.run(until: { worker.received.contains { if case .recall = $0 { true } else { false } } })
    worker.holdsLeases = false
    try audit.run(until: { worker.goodbye != nil })
    #expect(audit.loop.audit.stepsDone == 4)
    audit.worker("b").join()
    try audit.finish()
    try expectReference(audit)
  }

  @Test("A later session resumes from the states of the one before, and reaches the same bits")
  func resumption() throws {
    let reference = try ToyModel.reference(0, count: 10)
    let first = try TestAudit()
    let worker = first.worker("a")
    worker.stepsOfRun = 4
    worker.join()
    try first.loop.start()
    try first.run(until: { first.loop.audit.stepsDone >= 4 })
    worker.holdsLeases = true
    try first.loop.saveStates()
    first.loop.close(because: "stopped", sayingGoodbye: false)
    #expect(first.connections.isClosed)
    let done = first.loop.audit.stepsDone
    let second = try TestAudit(folder: first.folder)
    #expect(second.loop.audit.hasState(ofRun: 0))
    second.worker("a").join()
    try second.loop.start()
    try second.finish()
    #expect(second.loop.audit.stepsDone == 9 - done)
    #expect(try second.ledgerParameters(of: 0) == reference.parameters)
    #expect(second.completed[0]?.logits == reference.logits)
  }
}
