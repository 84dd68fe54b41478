internal import Foundation
internal import SwiftProtobuf

/// The loop on a worker's socket thread.
final class WorkerSocketLoop: SocketLoop {
  private let sockets: WorkerSockets
  private var poller: Poller
  private let emit: @Sendable (WorkerEvent) -> Void
  /// Messages that wait, in order: IMMEDIATE sockets refuse them until they are connected.
  private var messages: [[UInt8]] = []
  /// Tells that the bulk socket is connected; sent before every chunk.
  private var ready: [UInt8]?
  private var isBulkReady = false
  private var outbound = OutboundFlow()
  private var inbound = InboundFlow(budget: nil)
  private var credit = 0
  private var pulse: WorkerPulse
  private var handshakes: HandshakeFailures
  private var hasFailed = false

  init(
    sockets: WorkerSockets, wakeUp: Int32, silenceLimit: Double,
    events send: @escaping @Sendable (WorkerEvent) -> Void
  ) {
    (self.sockets, emit) = (sockets, send)
    poller = Poller(
      sockets: [sockets.control, sockets.bulk, sockets.controlMonitor.socket, sockets.bulkMonitor.socket],
      wakeUp: wakeUp)
    pulse = WorkerPulse(now: .now, silenceLimit: .seconds(silenceLimit))
    handshakes = HandshakeFailures(address: sockets.address)
  }

  func handle(_ command: WorkerCommand) {
    switch command {
    case .message(let message):
      messages.append(message.encoded)
      flushMessages()
    case .transfer(let transfer, let identifier): outbound.add(transfer, identifier: identifier)
    case .connectBulk(let address, let sharesMemory):
      guard ready == nil, !isBulkReady else { return }
      attempt { () throws(WireError) in
        try sockets.connectBulk(to: address)
        var header = Tenbin_ChunkHeader()
        header.ready.sharesMemory = sharesMemory
        ready = header.encoded
      }
    case .progress(let units, let steps): (pulse.unitsDone, pulse.stepsDone) = (units, steps)
    }
  }

  func poll() {
    let isBulkBlocked = !flushBulk(chunks: 16)
    // A new connection wakes the thread, so that nothing waits for a timeout.
    poller.wake(whenWritable: 0, !messages.isEmpty)
    poller.wake(whenWritable: 1, isBulkBlocked)
    let hasMore = !isBulkBlocked && isBulkReady && outbound.next() != nil
    poller.wait(milliseconds: hasMore ? 0 : pulse.wait(from: .now))
    flushMessages()
    attempt { () throws(WireError) in
      for _ in 0..<256 {
        let hadControl = try sockets.control.receive { frames, _ in receiveControl(frames) }
        let hadBulk = try sockets.bulk.receive { frames, _ in receiveBulk(frames) }
        if !hadControl && !hadBulk { break }
      }
      for monitor in [sockets.controlMonitor, sockets.bulkMonitor] {
        while let event = try monitor.next() { try hear(event) }
      }
    }
    beat()
  }

  func close() {
    flushMessages()
    while isBulkReady, outbound.next() != nil, flushBulk(chunks: 16) {}
    sockets.close()
  }

  private func flushMessages() {
    guard !messages.isEmpty else { return }
    attempt { () throws(WireError) in
      var sent = 0
      while sent < messages.count, try sockets.control.send([messages[sent]]) == .sent { sent += 1 }
      messages.removeFirst(sent)
    }
  }

  /// Sends chunks as far as the bulk socket accepts them; false if it must be connected first.
  private func flushBulk(chunks: Int) -> Bool {
    var isConnected = true
    attempt { () throws(WireError) in
      if let ready {
        guard try sockets.bulk.send([ready], payload: []) == .sent else {
          isConnected = false
          return
        }
        self.ready = nil
        isBulkReady = true
      }
      guard isBulkReady else { return }
      if credit > 0 {
        guard try sockets.bulk.send([Tenbin_ChunkHeader.credit(credit)], payload: []) == .sent else {
          isConnected = false
          return
        }
        credit = 0
      }
      for _ in 0..<chunks {
        guard let chunk = outbound.next() else { return }
        guard try sockets.bulk.send([chunk.header], payload: chunk.payload) == .sent else {
          isConnected = false
          return
        }
        outbound.sent(chunk)
      }
    }
    return isConnected
  }

  private func receiveControl(_ frames: [UnsafeRawBufferPointer]) {
    guard frames.count == 1, let message = try? Tenbin_CoordinatorMessage(serializedBytes: Array(frames[0])) else {
      return
    }
    pulse.hear(message.body, at: .now)
    if case .heartbeatAnswer? = message.body { return }
    emit(.message(message))
  }

  private func receiveBulk(_ frames: [UnsafeRawBufferPointer]) {
    pulse.hear(nil, at: .now)
    guard frames.count == 2, let header = try? Tenbin_ChunkHeader(serializedBytes: Array(frames[0])) else { return }
    if case .credit(let given)? = header.subject {
      guard !outbound.acknowledge(given.bytes) else { return }
      return fail(.system(operation: "receiving from the coordinator", problem: RefusalReason.badCredit.rawValue))
    }
    do throws(ChunkError) {
      let whole = try inbound.take(header: header, payload: frames[1], frameBytes: frames[0].count + frames[1].count)
      credit += inbound.acknowledgement()
      if credit > 0 { _ = flushBulk(chunks: 0) }
      if let whole { emit(.transfer(whole.transfer)) }
    } catch { fail(.system(operation: "receiving from the coordinator", problem: error.description)) }
  }

  private func hear(_ event: ConnectionMonitor.Event) throws(WireError) {
    if event == .disconnected { pulse.disconnect(at: .now) }
    if !pulse.wasHeard { try handshakes.hear(event) }
  }

  private func beat() {
    let now = ContinuousClock.now
    if pulse.isSilenceOver(at: now) { emit(.coordinatorLost) }
    if pulse.isBreakDue(at: now) {
      emit(
        .message(
          .with {
            $0.protocol = CoordinatorEndpoint.protocolVersion
            $0.refusal.reason = "the connection to the coordinator broke"
            $0.refusal.mayReturn = true
          }))
    }
    // Never queued after waiting messages: a heartbeat that cannot leave now is of no use later.
    guard let heartbeat = pulse.heartbeat(at: now), messages.isEmpty else { return }
    attempt { () throws(WireError) in _ = try sockets.control.send([heartbeat.encoded]) }
  }

  private func attempt(_ body: () throws(WireError) -> Void) {
    do throws(WireError) { try body() } catch { fail(error) }
  }

  private func fail(_ error: WireError) {
    guard !hasFailed else { return }
    hasFailed = true
    emit(.failed(error))
  }
}
