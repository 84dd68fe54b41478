import Foundation
import SwiftProtobuf
import TestSupport
import Testing
import Transport
import TransportTestSupport

@Suite(.timeLimit(.minutes(45))) struct AdministrationTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func privateSocket() throws -> Address {
    try FileManager.default.createDirectory(
      atPath: folder.path + "/private", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    return try Address("ipc://\(folder.path)/private/a")
  }

  /// Asks on a thread of its own, as a shell would, while `answer` serves.
  private func ask(
    _ client: AdministrationClient, while answer: () throws -> Void
  ) throws -> Tenbin_AdministrationReply {
    let replies = Mailbox<Result<Tenbin_AdministrationReply, WireError>>()
    Thread.detachNewThread {
      replies.send(
        Result { () throws(WireError) in try client.ask(.drain(.with { $0.name = "gpu-1" }), timeout: patience) })
    }
    try answer()
    guard let reply = replies.receive(until: Date(timeIntervalSinceNow: patience)) else { throw NothingCame() }
    return try reply.get()
  }

  private func serve(_ coordinator: TestCoordinator) throws {
    let requester = try coordinator.next { event -> Requester? in
      guard case .request(let request, let requester) = event, request.drain.name == "gpu-1" else { return nil }
      return requester
    }
    coordinator.endpoint.answer(.with { $0.done = "it drains" }, to: requester)
  }

  @Test("A process that reaches the private socket may send requests, and gets the answers")
  func privateSocketWorks() throws {
    let socket = try privateSocket()
    let coordinator = try TestCoordinator(administration: socket)
    let reply = try ask(AdministrationClient(address: socket)) { try serve(coordinator) }
    #expect(reply.done == "it drains")
  }

  @Test("An admin's key may send requests to the workers' socket")
  func adminKey() throws {
    let (server, client) = try keys(.admin)
    let coordinator = try TestCoordinator(security: server)
    let reply = try ask(
      AdministrationClient(address: Address(coordinator.endpoint.control), security: client)
    ) { try serve(coordinator) }
    #expect(reply.done == "it drains")
  }

  @Test("A worker's key may not administer, and is told so")
  func workerKey() throws {
    let (server, client) = try keys(.worker)
    let coordinator = try TestCoordinator(security: server)
    let reply = try ask(AdministrationClient(address: Address(coordinator.endpoint.control), security: client)) {}
    #expect(reply.refused.contains("tenbin keys admin"))
    #expect(coordinator.endpoint.refusals == [RefusalReason.wrongRole.rawValue: 1])
  }

  @Test("An admin's key cannot say hello as a worker")
  func adminAsWorker() throws {
    let (server, client) = try keys(.admin)
    let coordinator = try TestCoordinator(security: server)
    let worker = try TestWorker(coordinator.endpoint.control, name: "one", security: client)
    let message = try worker.nextMessage()
    #expect(message.refusal.reason == RefusalReason.wrongRole.rawValue && !message.refusal.mayReturn)
    #expect(coordinator.endpoint.refusals[RefusalReason.wrongRole.rawValue] == 1)
  }

  @Test("Without keys the workers' socket takes no administration requests")
  func withoutKeys() throws {
    let coordinator = try TestCoordinator()
    let reply = try ask(AdministrationClient(address: Address(coordinator.endpoint.control))) {}
    #expect(reply.refused.contains("administration socket"))
    #expect(coordinator.endpoint.refusals == [RefusalReason.administrationWithoutKeys.rawValue: 1])
  }

  @Test("An admin's key that is not listed is an error at once")
  func unlistedAdmin() throws {
    let (server, client) = try keys(.admin)
    let coordinator = try TestCoordinator(security: server)
    let stranger = ClientSecurity(keys: try .make(), server: client.server)
    #expect(throws: WireError.self) {
      try AdministrationClient(address: Address(coordinator.endpoint.control), security: stranger)
        .ask(.status(.init()), timeout: patience)
    }
    try coordinator.waitForRefusal(.unlistedKey)
  }

  @Test("A socket without a listener is an error that says so")
  func nobody() throws {
    let socket = try privateSocket()
    #expect(throws: WireError.noAnswer(socket.description, seconds: 0)) {
      try AdministrationClient(address: socket).ask(.status(.init()), timeout: patience)
    }
    #expect(throws: WireError.noAnswer("tcp://127.0.0.1:1", seconds: 0.1)) {
      try AdministrationClient(address: Address("tcp://127.0.0.1:1")).ask(.status(.init()), timeout: 0.1)
    }
  }

  @Test("The private socket is ipc in a folder that is its owner's alone")
  func openFolder() throws {
    let socket = try privateSocket()
    chmod(folder.path + "/private", 0o755)
    #expect(throws: WireError.self) { try TestCoordinator(administration: socket) }
    #expect(throws: WireError.self) { try TestCoordinator(administration: Address("tcp://127.0.0.1:*")) }
    // The folder is made where there is none.
    _ = try TestCoordinator(administration: Address("ipc://\(folder.path)/made/a"))
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/made")
    #expect(attributes[.posixPermissions] as? Int == 0o700)
  }

  @Test("Requests of another version and malformed requests are refused and counted")
  func badRequests() throws {
    let socket = try privateSocket()
    let coordinator = try TestCoordinator(administration: socket)
    let peer = try RawPeer(connectingTo: socket.description, routingIdentifier: [9])
    let marker = Array("administration".utf8)
    _ = try peer.send([marker, Tenbin_AdministrationRequest.with { $0.protocol = 99 }.serializedBytes()])
    _ = try peer.send([marker, [255, 255]])
    _ = try peer.send([[1], [2], [3]])
    for _ in 0..<3 {
      let reply = try #require(try peer.receive(milliseconds: Int(patience * 1_000))?.last)
      #expect(try !Tenbin_AdministrationReply(serializedBytes: reply).refused.isEmpty)
    }
    #expect(
      coordinator.endpoint.refusals == [
        RefusalReason.otherVersion.rawValue: 1, RefusalReason.badRequest.rawValue: 2,
      ])
    peer.close()
  }
}
