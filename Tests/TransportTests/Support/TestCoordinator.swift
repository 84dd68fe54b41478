import Foundation
import SwiftProtobuf
import Transport
import TransportTestSupport

/// Nothing came that a test waits for.
struct NothingCame: Error {}

/// How long a test waits for what must come: far longer than it ever takes.
let patience = 60.0

/// A coordinator's endpoint with its events in a mailbox.
final class TestCoordinator {
  let endpoint: CoordinatorEndpoint
  let events = Mailbox<CoordinatorEvent>()

  init(
    _ address: String = "tcp://127.0.0.1:*", administration: Address? = nil, security: ServerSecurity? = nil
  ) throws {
    let events = events
    endpoint = try CoordinatorEndpoint(
      listeningAt: Address(address), administration: administration, security: security
    ) { events.send($0) }
  }

  deinit { endpoint.close() }

  /// What `pick` makes of the first event that it does not pass over.
  func next<Found>(_ pick: (CoordinatorEvent) -> Found?) throws -> Found {
    let limit = Date(timeIntervalSinceNow: patience)
    while let event = events.receive(until: limit) { if let found = pick(event) { return found } }
    throw NothingCame()
  }

  /// The next peer that says hello under this name.
  func greeted(_ name: String) throws -> Peer {
    try next { if case .message(let message, let peer) = $0, message.hello.name == name { peer } else { nil } }
  }

  func nextTransfer() throws -> (transfer: Transfer, identifier: UInt64) {
    try next { if case .transfer(let transfer, let identifier, _) = $0 { (transfer, identifier) } else { nil } }
  }

  /// Waits until something was refused for this reason.
  func waitForRefusal(_ reason: RefusalReason) throws {
    let limit = Date(timeIntervalSinceNow: patience)
    while endpoint.refusals[reason.rawValue] == nil {
      guard Date() < limit else { throw NothingCame() }
      Thread.sleep(forTimeInterval: 0.005)
    }
  }
}

/// A worker's endpoint with its events in a mailbox.
final class TestWorker {
  let endpoint: WorkerEndpoint
  let events = Mailbox<WorkerEvent>()

  init(_ address: String, name: String, security: ClientSecurity? = nil, silenceLimit: Double = patience) throws {
    let events = events
    endpoint = try WorkerEndpoint(
      connectingTo: Address(address), security: security, silenceLimit: silenceLimit
    ) { events.send($0) }
    endpoint.send(.hello(.with { $0.name = name }))
  }

  deinit { endpoint.close() }

  func next<Found>(_ pick: (WorkerEvent) -> Found?) throws -> Found {
    let limit = Date(timeIntervalSinceNow: patience)
    while let event = events.receive(until: limit) { if let found = pick(event) { return found } }
    throw NothingCame()
  }

  func nextMessage() throws -> Tenbin_CoordinatorMessage {
    try next { if case .message(let message) = $0 { message } else { nil } }
  }

  func nextTransfer() throws -> Transfer {
    try next { if case .transfer(let transfer) = $0 { transfer } else { nil } }
  }

  func nextFailure() throws -> WireError {
    try next { if case .failed(let error) = $0 { error } else { nil } }
  }

  /// Takes the welcome and connects the bulk socket.
  func join() throws {
    let welcome = try next { if case .message(let message) = $0, message.welcome != .init() { message } else { nil } }
    endpoint.connectBulk(to: try Address(welcome.welcome.bulkEndpoint), sharesMemory: true)
  }
}

/// A worker that a coordinator has admitted.
func joined(
  _ coordinator: TestCoordinator, name: String = "honest", security: ClientSecurity? = nil, bulk: String? = nil,
  silenceLimit: Double = patience
) throws -> (worker: TestWorker, peer: Peer) {
  let worker = try TestWorker(
    coordinator.endpoint.control, name: name, security: security, silenceLimit: silenceLimit)
  let peer = try coordinator.greeted(name)
  let bulk = bulk ?? coordinator.endpoint.bulk
  coordinator.endpoint.send(.welcome(.with { $0.bulkEndpoint = bulk }), to: peer)
  try worker.join()
  _ = try coordinator.next { if case .ready(peer, true) = $0 { true } else { nil } }
  coordinator.endpoint.admit(peer)
  return (worker, peer)
}

/// Keys of a coordinator, and of one client that is on its list.
func keys(_ role: Role = .worker, name: String = "one") throws -> (server: ServerSecurity, client: ClientSecurity) {
  let server = try KeyPair.make()
  let client = try KeyPair.make()
  return (
    ServerSecurity(keys: server, allowed: [AllowedKey(role: role, name: name, publicKey: client.publicKey)]),
    ClientSecurity(keys: client, server: server.publicKey)
  )
}

/// A transfer of so many bytes that differ from place to place.
func transfer(bytes count: Int) -> Transfer {
  Transfer(
    subject: .delivery(.with { $0.lease = 7 }), payload: (0..<count).map { UInt8(truncatingIfNeeded: $0 / 251 &+ $0) })
}

/// A peer that says hello by hand, is welcomed and admitted, and then does what the test wants.
func rawAdmitted(
  _ coordinator: TestCoordinator, name: String, security: ClientSecurity? = nil
) throws -> (control: RawPeer, bulk: RawPeer, peer: Peer) {
  let identifier = Array("\(name)-identifier".utf8)
  let control = try RawPeer(
    connectingTo: coordinator.endpoint.control, routingIdentifier: identifier, security: security)
  _ = try control.send([workerMessage { $0.hello.name = name }])
  let peer = try coordinator.greeted(name)
  coordinator.endpoint.send(.welcome(.init()), to: peer)
  _ = try control.receive(milliseconds: Int(patience * 1_000))
  let bulk = try RawPeer(connectingTo: coordinator.endpoint.bulk, routingIdentifier: identifier, security: security)
  _ = try bulk.send([chunkHeader { $0.ready = .init() }, []])
  _ = try coordinator.next { if case .ready(peer, false) = $0 { true } else { nil } }
  coordinator.endpoint.admit(peer)
  return (control, bulk, peer)
}

func workerMessage(
  version: UInt32 = CoordinatorEndpoint.protocolVersion, _ change: (inout Tenbin_WorkerMessage) -> Void
) throws -> [UInt8] {
  var message = Tenbin_WorkerMessage()
  message.protocol = version
  change(&message)
  return try message.serializedBytes()
}

func chunkHeader(_ change: (inout Tenbin_ChunkHeader) -> Void) throws -> [UInt8] {
  try Tenbin_ChunkHeader.with(change).serializedBytes()
}

/// The refusal that a raw peer is sent.
func refusal(to peer: RawPeer) throws -> Tenbin_Refusal {
  while let frames = try peer.receive(milliseconds: Int(patience * 1_000)) {
    let message = try Tenbin_CoordinatorMessage(serializedBytes: frames[frames.count - 1])
    if case .refusal(let refusal)? = message.body { return refusal }
  }
  throw NothingCame()
}

/// Lets a worker send so many bytes, and waits until it knows, as it does from a lease.
func expect(
  bytes: Int, from worker: TestWorker, _ peer: Peer, at coordinator: TestCoordinator
) throws {
  coordinator.endpoint.expect(bytes: bytes, from: peer)
  coordinator.endpoint.send(.lease(.init()), to: peer)
  _ = try worker.next { event -> Bool? in
    guard case .message(let message) = event, case .lease? = message.body else { return nil }
    return true
  }
}
