import Foundation
import SwiftProtobuf
import Testing
import Transport
import TransportTestSupport

/// What libzmq 4.3.4 was measured to do under other settings than ours.
@Suite(.timeLimit(.minutes(45))) struct MeasuredFailureTests {
  @Test("ZMTP heartbeats are off and receive queues unbounded on every kind of socket")
  func settings() throws {
    for setting in try RawPeer.riskySettings() {
      #expect(setting.heartbeatInterval == 0)
      #expect(setting.receiveHighWaterMark == 0)
    }
  }

  @Test("A receiver that does not read for a while gets every message, and the process lives")
  func fullQueue() throws {
    // Libzmq's own mark is 1,000 messages; with heartbeats the process aborts when it is reached.
    let gate = DispatchSemaphore(value: 0)
    let isHeld = DispatchSemaphore(value: 0)
    let messages = Mailbox<UInt64>()
    let coordinator = try TestCoordinator()
    let worker = try WorkerEndpoint(connectingTo: Address(coordinator.endpoint.control), silenceLimit: patience) {
      event in
      guard case .message(let message) = event else { return }
      if case .welcome? = message.body {
        isHeld.signal()
        gate.wait()
      }
      if case .settled(let settled)? = message.body { messages.send(settled.lease) }
    }
    defer { worker.close() }
    worker.send(.hello(.with { $0.name = "slow" }))
    let peer = try coordinator.greeted("slow")
    coordinator.endpoint.send(.welcome(.init()), to: peer)
    isHeld.wait()
    for lease in 0..<UInt64(5_000) { coordinator.endpoint.send(.settled(.with { $0.lease = lease }), to: peer) }
    // Everything has left the coordinator's thread when a second worker is greeted behind it.
    _ = try joined(coordinator, name: "other")
    gate.signal()
    for lease in 0..<UInt64(5_000) {
      #expect(messages.receive(until: Date(timeIntervalSinceNow: patience)) == lease)
    }
  }

  @Test("A large transfer over a slow link outlasts a silence limit that is far shorter")
  func slowLink() throws {
    let coordinator = try TestCoordinator()
    let link = try #require(SlowLink(to: coordinator.endpoint.bulk, bytesPerSecond: 3_000_000))
    defer { link.close() }
    let (worker, peer) = try joined(coordinator, bulk: "tcp://127.0.0.1:\(link.port)", silenceLimit: 2)
    let sent = transfer(bytes: 12_000_000)
    try expect(bytes: sent.payload.count, from: worker, peer, at: coordinator)
    worker.endpoint.send(sent, identifier: 1)
    coordinator.endpoint.send(sent, to: peer)
    let received = try worker.next { event -> Transfer? in
      if case .coordinatorLost = event { Issue.record("the coordinator was taken for lost") }
      if case .message = event { Issue.record("the connection broke") }
      guard case .transfer(let transfer) = event else { return nil }
      return transfer
    }
    #expect(received.payload == sent.payload)
    #expect(try coordinator.nextTransfer().transfer.payload == sent.payload)
  }
}
