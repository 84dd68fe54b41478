import Foundation
import SwiftProtobuf
import TestSupport
import Testing
import Transport
import TransportTestSupport

@Suite(.timeLimit(.minutes(45))) struct KeyTests {
  @Test("A listed key works")
  func listed() throws {
    let (server, client) = try keys()
    let coordinator = try TestCoordinator(security: server)
    _ = try joined(coordinator, security: client)
    #expect(coordinator.endpoint.refusals.isEmpty)
  }

  @Test("A coordinator on every interface is reached with keys, its bulk socket too")
  func everyInterface() throws {
    let (server, client) = try keys()
    let coordinator = try TestCoordinator("tcp://*:*", security: server)
    let port = try #require(coordinator.endpoint.control.split(separator: ":").last)
    let worker = try TestWorker("tcp://127.0.0.1:\(port)", name: "one", security: client)
    let peer = try coordinator.greeted("one")
    coordinator.endpoint.send(.welcome(.with { $0.bulkEndpoint = coordinator.endpoint.bulk }), to: peer)
    try worker.join()
    _ = try coordinator.next { if case .ready(peer, _) = $0 { true } else { nil } }
  }

  @Test("A key that is not listed learns nothing, is told so, and is counted")
  func unlisted() throws {
    let (server, client) = try keys()
    let coordinator = try TestCoordinator(security: server)
    let stranger = ClientSecurity(keys: try .make(), server: client.server)
    let worker = try TestWorker(coordinator.endpoint.control, name: "stranger", security: stranger)
    guard case .notAuthenticated = try worker.nextFailure() else {
      Issue.record("the worker does not know why")
      return
    }
    try coordinator.waitForRefusal(.unlistedKey)
    // Nothing reached the owner before an honest worker's hello.
    let honest = try TestWorker(coordinator.endpoint.control, name: "honest", security: client)
    let first = coordinator.events.receive(until: Date(timeIntervalSinceNow: patience))
    guard case .message(let hello, _)? = first else {
      Issue.record("no hello came")
      return
    }
    #expect(hello.hello.name == "honest")
    _ = honest
  }

  @Test("A peer without any key learns nothing and is counted")
  func withoutKey() throws {
    let coordinator = try TestCoordinator(security: try keys().server)
    let peer = try RawPeer(connectingTo: coordinator.endpoint.control, routingIdentifier: [7])
    #expect(try !peer.send([workerMessage { $0.hello.name = "x" }], milliseconds: 100))
    try coordinator.waitForRefusal(.handshake)
    peer.close()
  }

  @Test("A worker that expects another coordinator does not talk to this one, and says why")
  func wrongServer() throws {
    let (server, client) = try keys()
    let coordinator = try TestCoordinator(security: server)
    let mistaken = ClientSecurity(keys: client.keys, server: try KeyPair.make().publicKey)
    let worker = try TestWorker(coordinator.endpoint.control, name: "one", security: mistaken)
    guard case .notAuthenticated(let address, _) = try worker.nextFailure() else {
      Issue.record("the worker does not know why")
      return
    }
    #expect(address == coordinator.endpoint.control)
  }

  @Test("Two coordinators of one process keep their lists apart")
  func twoLists() throws {
    let (firstServer, firstClient) = try keys()
    let (secondServer, secondClient) = try keys()
    let first = try TestCoordinator(security: firstServer)
    let second = try TestCoordinator(security: secondServer)
    let lost = ClientSecurity(keys: secondClient.keys, server: firstClient.server)
    let worker = try TestWorker(first.endpoint.control, name: "lost", security: lost)
    guard case .notAuthenticated = try worker.nextFailure() else {
      Issue.record("a key of the other list was let in")
      return
    }
    _ = try joined(second, security: secondClient)
  }

  @Test("A listed worker cannot take another's name, on either socket")
  func stolenName() throws {
    let (server, client) = try keys()
    let other = try KeyPair.make()
    var both = server
    both.allowed.append(AllowedKey(role: .worker, name: "thief", publicKey: other.publicKey))
    let coordinator = try TestCoordinator(security: both)
    let (control, bulk, peer) = try rawAdmitted(coordinator, name: "victim", security: client)
    coordinator.endpoint.expect(bytes: 1_000, from: peer)
    let thief = try RawPeer(
      connectingTo: coordinator.endpoint.bulk, routingIdentifier: peer.routingIdentifier,
      security: ClientSecurity(keys: other, server: client.server))
    let header = try chunkHeader {
      $0.totalBytes = 1
      $0.delivery.lease = 1
    }
    _ = try thief.send([header, [1]])
    try coordinator.waitForRefusal(.otherKey)
    for raw in [control, bulk, thief] { raw.close() }
  }
}
