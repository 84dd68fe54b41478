internal import Foundation

/// An event from a worker's coordinator.
package enum WorkerEvent: Sendable {
  /// A message. The endpoint itself sends a refusal with `mayReturn` when a connection broke: messages were lost, and
  /// only a new incarnation can continue.
  case message(Tenbin_CoordinatorMessage)
  case transfer(Transfer)
  /// The coordinator was silent for too long.
  case coordinatorLost
  /// The sockets failed, or the coordinator does not accept this key; nothing more will come.
  case failed(WireError)
}

/// A worker's connection to its coordinator or to a reducer.
package protocol WorkerConnection: Sendable {
  func send(_ body: Tenbin_WorkerMessage.OneOf_Body)

  /// Sends a transfer under an identifier that the sender has chosen, when those before it have been sent.
  func send(_ transfer: Transfer, identifier: UInt64)

  /// Connects the bulk socket, and tells the coordinator that it can be used.
  ///
  /// - Parameters:
  ///   - address: the address in the coordinator's welcome. If it stands for every interface, the host of the control
  ///     socket is used.
  ///   - sharesMemory: whether this worker has read the token of the coordinator's shared folder.
  func connectBulk(to address: Address, sharesMemory: Bool)

  /// Tells how many units and steps of exclusive runs are done, for the next heartbeats.
  func report(unitsDone: UInt64, stepsDone: UInt64)

  /// Sends what waits and ends the connection.
  func close()
}

/// The worker's two DEALER sockets, on a thread of their own that also sends the heartbeats.
package final class WorkerEndpoint: WorkerConnection {
  private let thread: SocketThread<WorkerCommand>

  /// Connects the control socket under a fresh routing identifier.
  ///
  /// - Parameters:
  ///   - security: the worker's key and the coordinator's; needed beyond this host.
  ///   - silenceLimit: seconds without a message after which the coordinator counts as lost.
  ///   - send: takes every event, on the socket thread.
  /// - Throws: `WireError` if the address cannot be connected to, or needs keys.
  package init(
    connectingTo address: Address, security: ClientSecurity? = nil, silenceLimit: Double,
    events send: @escaping @Sendable (WorkerEvent) -> Void
  ) throws(WireError) {
    let sockets = try WorkerSockets(connectingTo: address, security: security)
    // Handed to the thread once and used nowhere else from here on.
    nonisolated(unsafe) let handedOver = sockets
    thread = SocketThread(name: "worker sockets") { wakeUp in
      WorkerSocketLoop(sockets: handedOver, wakeUp: wakeUp, silenceLimit: silenceLimit, events: send)
    }
  }

  package func send(_ body: Tenbin_WorkerMessage.OneOf_Body) {
    var message = Tenbin_WorkerMessage()
    message.protocol = CoordinatorEndpoint.protocolVersion
    message.body = body
    thread.send(.message(message))
  }

  package func connectBulk(to address: Address, sharesMemory: Bool) {
    thread.send(.connectBulk(address, sharesMemory: sharesMemory))
  }

  package func send(_ transfer: Transfer, identifier: UInt64) { thread.send(.transfer(transfer, identifier)) }

  package func report(unitsDone: UInt64, stepsDone: UInt64) { thread.send(.progress(unitsDone, stepsDone)) }

  package func close() { thread.close() }
}

enum WorkerCommand: Sendable {
  case message(Tenbin_WorkerMessage)
  case transfer(Transfer, UInt64)
  case connectBulk(Address, sharesMemory: Bool)
  case progress(UInt64, UInt64)
}

/// A worker's sockets; they belong to the thread that uses them.
final class WorkerSockets {
  let address: Address
  let hasKeys: Bool
  let control: ZeroMQSocket
  let bulk: ZeroMQSocket
  let controlMonitor: ConnectionMonitor
  let bulkMonitor: ConnectionMonitor

  init(connectingTo address: Address, security: ClientSecurity?) throws(WireError) {
    try address.requireKeys(security != nil)
    guard !address.isWildcard else {
      throw .address(address.description, problem: "expected the name or address of the coordinator's host")
    }
    self.address = address
    hasKeys = security != nil
    let keys = security.map { ZeroMQSocket.Keys.client($0) }
    let identifier = withUnsafeBytes(of: UUID().uuid) { Array($0) }
    control = try ZeroMQSocket(.dealer(routingIdentifier: identifier), keys: keys)
    bulk = try ZeroMQSocket(.dealer(routingIdentifier: identifier), keys: keys)
    controlMonitor = try ConnectionMonitor(control)
    bulkMonitor = try ConnectionMonitor(bulk)
    try control.connect(address.endpoint, needsIPv6: address.needsIPv6)
  }

  func connectBulk(to address: Address) throws(WireError) {
    let reached = address.reached(like: self.address)
    // Without keys, a program that poses as the coordinator could direct this worker to any host.
    try reached.requireKeys(hasKeys)
    try bulk.connect(reached.endpoint, needsIPv6: reached.needsIPv6)
  }

  /// Closes all sockets; queued messages may still leave for a second.
  func close() {
    controlMonitor.close()
    bulkMonitor.close()
    control.close(linger: 1_000)
    bulk.close(linger: 1_000)
  }
}
