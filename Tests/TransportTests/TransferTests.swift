import Foundation
import SwiftProtobuf
import TestSupport
import Testing
import Transport
import TransportTestSupport

@Suite(.timeLimit(.minutes(45))) struct TransferTests {
  @Test(
    "Messages and transfers larger than a window arrive whole over real sockets, in both directions",
    arguments: ["ipc", "tcp", "curve"])
  func roundTrip(transport: String) throws {
    let folder = try TemporaryFolder()
    let keys = transport == "curve" ? try keys() : nil
    let coordinator = try TestCoordinator(
      transport == "ipc" ? "ipc://\(folder.path)/c" : "tcp://127.0.0.1:*", security: keys?.server)
    let (worker, peer) = try joined(coordinator, security: keys?.client)
    let sent = transfer(bytes: 3 * WireLimits.window + 12_345)
    try expect(bytes: sent.payload.count + 4, from: worker, peer, at: coordinator)
    worker.endpoint.send(sent, identifier: 3)
    worker.endpoint.send(Transfer(subject: sent.subject, payload: [1, 2, 3, 4]), identifier: 4)
    let first = try coordinator.nextTransfer()
    #expect(first.identifier == 3 && first.transfer.payload == sent.payload && first.transfer.subject == sent.subject)
    #expect(try coordinator.nextTransfer().transfer.payload == [1, 2, 3, 4])
    coordinator.endpoint.send(sent, to: peer)
    coordinator.endpoint.send(Transfer(subject: .catalogue(.init()), payload: []), to: peer)
    #expect(try worker.nextTransfer().payload == sent.payload)
    #expect(try worker.nextTransfer().payload.isEmpty)
    #expect(coordinator.endpoint.refusals.isEmpty)
  }

  @Test("A receiver that never acknowledges stops its sender at the window, and other peers go on")
  func window() throws {
    let coordinator = try TestCoordinator()
    let (worker, honest) = try joined(coordinator)
    let (control, bulk, greedy) = try rawAdmitted(coordinator, name: "greedy")
    let large = transfer(bytes: 4 * WireLimits.window)
    coordinator.endpoint.send(large, to: greedy)
    coordinator.endpoint.send(large, to: honest)
    #expect(try worker.nextTransfer().payload == large.payload)
    // Both had their turns while the honest one got four windows full: the other has had its one.
    var received = 0
    while let frames = try bulk.receive(milliseconds: 200) { received += frames.reduce(0) { $0 + $1.count } }
    #expect(received <= WireLimits.window && received > WireLimits.window - WireLimits.chunk - WireLimits.header)
    _ = try bulk.send([chunkHeader { $0.credit.bytes = 1 << 20 }, []])
    let more = try bulk.receive(milliseconds: Int(patience * 1_000))
    #expect(more?.last?.count == WireLimits.chunk)
    control.close()
    bulk.close()
  }

  @Test("An unexpected transfer is refused before memory is allocated, and counted")
  func budget() throws {
    let coordinator = try TestCoordinator()
    let (worker, peer) = try joined(coordinator)
    try expect(bytes: 100, from: worker, peer, at: coordinator)
    worker.endpoint.send(transfer(bytes: 101), identifier: 1)
    let reason = try coordinator.next { if case .malformed(let reason, peer) = $0 { reason } else { nil } }
    #expect(reason == "a transfer of 101 bytes where 100 are expected")
    worker.endpoint.send(transfer(bytes: 100), identifier: 2)
    #expect(try coordinator.nextTransfer().identifier == 2)
    worker.endpoint.send(transfer(bytes: 1), identifier: 3)
    _ = try coordinator.next { if case .malformed(_, peer) = $0 { true } else { nil } }
    #expect(coordinator.endpoint.refusals == [RefusalReason.overBudget.rawValue: 2])
  }

  @Test("A peer that continues to send dropped chunks fills its window and is refused")
  func overWindow() throws {
    let coordinator = try TestCoordinator()
    let (control, bulk, peer) = try rawAdmitted(coordinator, name: "pushy")
    coordinator.endpoint.expect(bytes: .max, from: peer)
    let header = try chunkHeader {
      $0.offset = 1
      $0.totalBytes = 10
      $0.delivery.lease = 1
    }
    for _ in 0..<40 { _ = try bulk.send([header, [UInt8](repeating: 0, count: WireLimits.chunk)]) }
    #expect(try !refusal(to: control).mayReturn)
    try coordinator.waitForRefusal(.afterRefusal)
    #expect(coordinator.endpoint.refusals[RefusalReason.badChunk.rawValue, default: 0] <= WireLimits.malformed)
    control.close()
    bulk.close()
  }

  @Test("Chunks of a peer that is not admitted, or was forgotten, are dropped")
  func notAdmitted() throws {
    let coordinator = try TestCoordinator()
    let (worker, peer) = try joined(coordinator)
    try expect(bytes: 1_000, from: worker, peer, at: coordinator)
    coordinator.endpoint.forget(peer)
    // Only so that the worker sends nothing before it is forgotten.
    try expect(bytes: 0, from: worker, peer, at: coordinator)
    worker.endpoint.send(transfer(bytes: 10), identifier: 1)
    try coordinator.waitForRefusal(.notAdmitted)
    // Its next message tells the worker to come back as a new incarnation.
    worker.endpoint.send(.leaving(.init()))
    let refusal = try worker.next { event -> Tenbin_Refusal? in
      guard case .message(let message) = event, case .refusal(let refusal)? = message.body else { return nil }
      return refusal
    }
    #expect(refusal.mayReturn)
  }

  @Test("A peer that has gone is reported as unreachable")
  func unreachable() throws {
    let coordinator = try TestCoordinator()
    let (worker, peer) = try joined(coordinator)
    worker.endpoint.close()
    let limit = Date(timeIntervalSinceNow: patience)
    while Date() < limit {
      coordinator.endpoint.send(.goodbye(.init()), to: peer)
      if case .unreachable(peer)? = coordinator.events.receive(until: Date(timeIntervalSinceNow: 0.05)) { return }
    }
    Issue.record("nobody noticed that the peer had gone")
  }

  @Test("Heartbeats carry progress")
  func progress() throws {
    let coordinator = try TestCoordinator()
    let (worker, _) = try joined(coordinator)
    worker.endpoint.report(unitsDone: 5, stepsDone: 9)
    _ = try coordinator.next { event in
      guard case .message(let message, _) = event, message.heartbeat.unitsDone == 5 else { return nil as Bool? }
      return message.heartbeat.stepsDone == 9
    }
  }
}
