import Foundation
import SwiftProtobuf
import TestSupport
import Testing
import Transport
import TransportTestSupport

@Suite(.timeLimit(.minutes(45)), .serialized) struct HostileTests {
  @Test("A worker of another version is refused with the reason, and counted")
  func otherVersion() throws {
    let coordinator = try TestCoordinator()
    let peer = try RawPeer(connectingTo: coordinator.endpoint.control, routingIdentifier: [3])
    _ = try peer.send([workerMessage(version: 1) { $0.hello.name = "old" }])
    let refusal = try refusal(to: peer)
    #expect(refusal.reason.contains("version 1") && refusal.reason.contains("install the same version"))
    #expect(!refusal.mayReturn)
    let reason = try coordinator.next { if case .malformed(let reason, _) = $0 { reason } else { nil } }
    #expect(reason == refusal.reason)
    _ = try peer.send([workerMessage { $0.hello.name = "new after all" }])
    try coordinator.waitForRefusal(.afterRefusal)
    #expect(coordinator.endpoint.refusals[RefusalReason.otherVersion.rawValue] == 1)
    peer.close()
  }

  @Test("Frames above the limit are counted, and enormous ones end the connection")
  func oversized() throws {
    let coordinator = try TestCoordinator()
    let peer = try RawPeer(connectingTo: coordinator.endpoint.control, routingIdentifier: [3])
    _ = try peer.send([[UInt8](repeating: 0, count: WireLimits.control + 1)])
    #expect(try refusal(to: peer).reason == RefusalReason.unreadableMessage.rawValue)
    _ = try peer.send([[UInt8](repeating: 0, count: 2 << 20)])
    _ = try joined(coordinator)
    peer.close()
  }

  @Test("A coordinator under attack serves an honest worker", arguments: [("tcp", 1), ("ipc", 2), ("curve", 3)])
  func fuzz(transport: String, seed: UInt64) throws {
    let folder = try TemporaryFolder()
    let security = transport == "curve" ? try keys() : nil
    let coordinator = try TestCoordinator(
      transport == "ipc" ? "ipc://\(folder.path)/c" : "tcp://127.0.0.1:*", security: security?.server)
    let (control, bulk) = (coordinator.endpoint.control, coordinator.endpoint.bulk)
    let (worker, peer) = try joined(coordinator, security: security?.client)
    let ended = Mailbox<[String: Int]>()
    Thread.detachNewThread {
      var hostile = HostilePeer(control: control, bulk: bulk, security: security?.client, seed: seed)
      try? hostile.attack(rounds: 400)
      hostile.leave()
      ended.send(hostile.deeds)
      ended.close()
    }
    // The owner welcomes everybody, as a coordinator that cannot tell yet would.
    let sent = transfer(bytes: 1_000_000)
    var rounds = 0
    var deeds: [String: Int]?
    while deeds == nil {
      try expect(bytes: sent.payload.count, from: worker, peer, at: coordinator)
      worker.endpoint.send(sent, identifier: UInt64(rounds))
      let returned = try coordinator.next { event -> Transfer? in
        if case .message(let message, let from) = event, case .hello? = message.body {
          coordinator.endpoint.send(.welcome(.with { $0.bulkEndpoint = bulk }), to: from)
        }
        guard case .transfer(let transfer, _, peer) = event else { return nil }
        return transfer
      }
      #expect(returned.payload == sent.payload)
      coordinator.endpoint.send(returned, to: peer)
      #expect(try worker.nextTransfer().payload == sent.payload)
      rounds += 1
      deeds = ended.receive(until: Date(timeIntervalSinceNow: 0.001))
    }
    #expect(deeds?.values.reduce(0, +) == 400)
    #expect(coordinator.endpoint.refusals.count >= 8)
    _ = try joined(coordinator, name: "newcomer", security: security?.client)
  }
}
