internal import Foundation
internal import SwiftProtobuf

/// What comes to a worker from its coordinator.
package enum WorkerEvent: Sendable {
  case message(Tenbin_CoordinatorMessage)
  case transfer(Transfer)
  /// The coordinator was not heard of for too long.
  case coordinatorLost
  case failed(WireError)
}

/// The worker's two DEALER sockets, on a thread of their own that also sends the heartbeats.
package final class WorkerEndpoint: Sendable {
  private let thread: SocketThread<WorkerCommand>

  /// Connects the control socket under a fresh routing identifier.
  ///
  /// - Parameters:
  ///   - silenceLimit: seconds without any message after which the coordinator is taken for lost.
  ///   - send: takes every event, on the socket thread.
  package init(
    connectingTo address: Address, silenceLimit: Double, events send: @escaping @Sendable (WorkerEvent) -> Void
  ) throws(WireError) {
    let identifier = withUnsafeBytes(of: UUID().uuid) { Array($0) }
    let control = try ZeroMQSocket(.dealer(routingIdentifier: identifier), largestMessage: WireLimits.control)
    let bulk = try ZeroMQSocket(
      .dealer(routingIdentifier: identifier), largestMessage: WireLimits.chunk + WireLimits.header)
    try control.connect(address.endpoint)
    // Handed to the thread once and used nowhere else from here on.
    nonisolated(unsafe) let sockets = (control, bulk)
    thread = SocketThread(name: "worker sockets") { wakeUp in
      WorkerLoop(control: sockets.0, bulk: sockets.1, wakeUp: wakeUp, silenceLimit: silenceLimit, events: send)
    }
  }

  package func send(_ body: Tenbin_WorkerMessage.OneOf_Body) {
    var message = Tenbin_WorkerMessage()
    message.protocol = CoordinatorEndpoint.protocolVersion
    message.body = body
    thread.send(.message(message))
  }

  /// Connects the bulk socket and tells the coordinator that it may be used.
  package func connectBulk(to address: Address) { thread.send(.connectBulk(address)) }

  /// Sends a transfer under an identifier that the sender has chosen.
  package func send(_ transfer: Transfer, identifier: UInt64) { thread.send(.transfer(transfer, identifier)) }

  /// Tells how many units are done, for the next heartbeats.
  package func report(unitsDone: UInt64) { thread.send(.progress(unitsDone)) }

  /// Sends what waits and closes the sockets.
  package func close() { thread.close() }
}

enum WorkerCommand: Sendable {
  case message(Tenbin_WorkerMessage)
  case transfer(Transfer, UInt64)
  case connectBulk(Address)
  case progress(UInt64)
}

/// The loop on a worker's socket thread.
private final class WorkerLoop: SocketLoop {
  private let control: ZeroMQSocket
  private let bulk: ZeroMQSocket
  private let wakeUp: Int32
  private let silenceLimit: Double
  private let send: @Sendable (WorkerEvent) -> Void
  private let counter = TrafficCounter()
  private var assembler = TransferAssembler()
  private var unitsDone: UInt64 = 0
  private var lastHeard = Date()
  private var lastHeartbeat = Date.distantPast
  private var isWelcome = false
  private var isLost = false
  /// IMMEDIATE sockets refuse messages until they are connected; these wait until then, in order.
  private var waiting: [WorkerCommand] = []

  private static let heartbeatInterval = 0.5

  init(
    control: ZeroMQSocket, bulk: ZeroMQSocket, wakeUp: Int32, silenceLimit: Double,
    events send: @escaping @Sendable (WorkerEvent) -> Void
  ) {
    (self.control, self.bulk, self.wakeUp, self.silenceLimit) = (control, bulk, wakeUp, silenceLimit)
    self.send = send
  }

  func handle(_ command: WorkerCommand) {
    if waiting.isEmpty, perform(command) { return }
    waiting.append(command)
  }

  func poll() {
    ZeroMQSocket.wait(for: [control, bulk], event: wakeUp, milliseconds: waiting.isEmpty ? 100 : 5)
    while let command = waiting.first, perform(command) { waiting.removeFirst() }
    do throws(WireError) {
      for _ in 0..<256 {
        let hadControl = try control.receive(receiveControl)
        let hadBulk = try bulk.receive(receiveBulk)
        if !hadControl && !hadBulk { break }
      }
    } catch { send(.failed(error)) }
    beat()
  }

  func close() {
    control.close(linger: 1_000)
    bulk.close(linger: 1_000)
  }

  /// Does a command; false when it must wait for a connection.
  private func perform(_ command: WorkerCommand) -> Bool {
    do throws(WireError) {
      switch command {
      case .message(let message):
        return try sendFrames([(try? message.serializedBytes() as [UInt8]) ?? []], on: control) == .sent
      case .transfer(let transfer, let identifier):
        return try sendChunks(of: transfer, identifier: identifier, prefix: [], on: bulk, counter: counter) == .sent
      case .connectBulk(let address):
        try bulk.connect(address.endpoint)
        waiting.append(.transfer(Transfer(subject: .ready(Tenbin_ReadySubject()), payload: []), 0))
      case .progress(let count):
        unitsDone = count
      }
      return true
    } catch {
      send(.failed(error))
      return true
    }
  }

  private func receiveControl(_ frames: [UnsafeRawBufferPointer]) {
    guard frames.count == 1, let message = try? Tenbin_CoordinatorMessage(serializedBytes: Array(frames[0])) else {
      return
    }
    lastHeard = Date()
    if case .heartbeatAnswer? = message.body { return }
    if case .welcome? = message.body { isWelcome = true }
    send(.message(message))
  }

  private func receiveBulk(_ frames: [UnsafeRawBufferPointer]) {
    lastHeard = Date()
    guard frames.count == 2, let header = try? Tenbin_ChunkHeader(serializedBytes: Array(frames[0])) else { return }
    do throws(ChunkError) {
      if let whole = try assembler.insert(header: header, payload: frames[1]) { send(.transfer(whole.transfer)) }
    } catch { send(.failed(.system(operation: "receiving from the coordinator", problem: error.description))) }
  }

  private func beat() {
    let now = Date()
    if now.timeIntervalSince(lastHeard) > silenceLimit, !isLost {
      isLost = true
      send(.coordinatorLost)
    }
    guard isWelcome, now.timeIntervalSince(lastHeartbeat) >= Self.heartbeatInterval else { return }
    lastHeartbeat = now
    var message = Tenbin_WorkerMessage()
    message.protocol = CoordinatorEndpoint.protocolVersion
    message.heartbeat.unitsDone = unitsDone
    // Never behind the waiting commands: a heartbeat that cannot leave now is of no use later.
    _ = perform(.message(message))
  }
}
