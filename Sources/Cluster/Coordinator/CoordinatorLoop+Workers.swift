internal import Foundation
internal import Ledger
internal import Scheduler
internal import SwiftProtobuf
package import Transport

// Workers say hello, are let in, deliver, and leave.
extension CoordinatorLoop {
  func handle(_ event: CoordinatorEvent) throws {
    if let peer = event.peer, pool.entries[peer] != nil { return try handle(event, ofReducer: peer) }
    switch event {
    case .message(let message, let peer): try handle(message, from: peer)
    case .transfer(let transfer, let identifier, let peer):
      let whole = workers.update(peer) { $0.assembly.insert(transfer, identifier: identifier) } ?? []
      for item in whole { try take(item, from: peer) }
    case .ready(let peer, let sharesMemory): admit(peer, sharesMemory: sharesMemory)
    case .request(let request, let requester):
      let reply = try delegate?.answer(request) ?? .with { $0.refused = "this coordinator answers no requests" }
      connections.answer(reply, to: requester)
    case .malformed(let reason, let peer):
      if workers[peer] != nil { try refuse(peer, because: reason) }
    case .unreachable(let peer): try lose(peer, because: "it cannot be reached")
    case .failed(let error): throw error
    }
  }

  private func handle(_ message: Tenbin_WorkerMessage, from peer: Peer) throws {
    guard let worker = workers[peer] else {
      switch message.body {
      case .hello(let hello)? where hello.isReducer: greetReducer(hello, from: peer)
      case .hello(let hello)?: greet(hello, from: peer)
      case .goodbye?: connections.forget(peer)
      // A worker that outlived an earlier coordinator, or that was given up, may come back as a new incarnation.
      default: send(refusal: "this coordinator does not know it", mayReturn: true, to: peer)
      }
      return
    }
    _ = workers.update(peer) { $0.lastHeard = now }
    try handle(.cluster(.heard(worker.identifier)))
    switch message.body {
    case .delivery(let delivery)?:
      let whole = workers.update(peer) { $0.assembly.insert(delivery) } ?? []
      for item in whole { try take(item, from: peer) }
    case .stale(let stale)?:
      stateFiles[Int(clamping: stale.lease)] = nil
      if !stale.unreachableReducer.isEmpty, try isQuarantined(worker, for: stale.unreachableReducer) { break }
      try handle(.cluster(.gaveBack(lease: Int(clamping: stale.lease), worker.identifier)))
    case .failure(let failure)?: try hear(failure, from: worker)
    case .leaving?: try handle(.cluster(.draining(worker.identifier)))
    case .goodbye(let goodbye)?: try lose(peer, because: goodbye.reason)
    case .contentRequest(let request)?:
      guard worker.isAdmitted, !contents.take(request, from: peer) else { break }
      try refuse(peer, because: "it asks for more contents than an honest worker does")
    case .prepared?: try join(worker)
    case .hello?, .heartbeat?, .sliceAnswer?, .sliceReceipt?, .parametersRequest?, nil: break
    }
  }

  private func hear(_ failure: Tenbin_Failure, from worker: ConnectedWorker) throws {
    guard audit.lease(Int(clamping: failure.lease))?.worker == worker.identifier else {
      return try refuse(worker.peer, because: "it failed at lease \(failure.lease), which it does not hold")
    }
    try delegate?.failed(worker, reason: failure.reason)
    try lose(worker.peer, because: "it failed: \(failure.reason)")
  }

  private func greet(_ hello: Tenbin_Hello, from peer: Peer) {
    let text = hello.fingerprint.text
    if let expected = fingerprint, expected != text {
      let reason = Self.difference(of: text, from: expected)
      send(refusal: reason, mayReturn: false, to: peer)
      delegate?.notice("\(hello.name.printable) was refused: \(reason)")
      return connections.forget(peer)
    }
    workers.insert(ConnectedWorker(peer: peer, hello: hello, fingerprint: text, lastHeard: now))
    var welcome = settings.welcome
    welcome.bulkEndpoint = connections.bulk
    if let folder = parameters.folder {
      welcome.shared = .with {
        $0.path = folder.path
        $0.token = Data(folder.token)
      }
    }
    connections.send(.welcome(welcome), to: peer)
  }

  private func admit(_ peer: Peer, sharesMemory: Bool) {
    let admitted: Void? = workers.update(peer) { worker in
      worker.isAdmitted = true
      worker.sharesMemory = sharesMemory && parameters.folder != nil
    }
    guard admitted != nil else { return }
    connections.admit(peer)
    connections.send(settings.catalogue, to: peer)
  }

  /// A worker has everything that it needs to take part.
  private func join(_ worker: ConnectedWorker) throws {
    guard worker.isAdmitted, !worker.isReady else { return }
    _ = workers.update(worker.peer) { $0.isReady = true }
    try handle(.cluster(.joined(worker.identifier)))
  }

  /// Gives up workers that have said hello, do not take part yet, and have been silent for too long.
  func forgetSilentUnready() throws {
    for worker in workers.unready where now - worker.lastHeard > Self.patienceWithUnready {
      send(refusal: "it was silent for too long", mayReturn: true, to: worker.peer)
      try forget(worker, because: "not heard of for \(Self.patienceWithUnready.components.seconds) seconds")
    }
  }

  private static let patienceWithUnready = Duration.seconds(30)

  /// Records a worker whose delivery was accepted. The first one sets the fingerprint that all others must have: a mere
  /// hello must not lock the others out.
  func acknowledge(_ worker: ConnectedWorker) throws {
    guard workers[worker.peer]?.hasDelivered == false else { return }
    _ = workers.update(worker.peer) { $0.hasDelivered = true }
    try settings.ledger.record(
      MemberRecord(
        member: worker.identifier.description, name: worker.name, host: worker.host, process: Int(worker.process),
        fingerprint: worker.fingerprint))
    guard fingerprint == nil else { return }
    fingerprint = worker.fingerprint
    for other in workers.all where other.fingerprint != worker.fingerprint {
      try refuse(other.peer, because: Self.difference(of: other.fingerprint, from: worker.fingerprint))
    }
  }

  private static func difference(of found: String, from expected: String) -> String {
    "its results would differ in their last bits: it has \(found), but the audit was begun with \(expected)"
  }

  private func send(refusal reason: String, mayReturn: Bool, to peer: Peer) {
    connections.send(
      .refusal(
        .with {
          $0.reason = reason
          $0.mayReturn = mayReturn
        }), to: peer)
  }

  /// A worker has gone.
  package func lose(_ peer: Peer, because reason: String) throws {
    guard let worker = workers[peer] else { return }
    try forget(worker, because: reason)
    try handle(.cluster(.left(worker.identifier)))
  }

  /// Refuses a worker that sent what no honest worker sends.
  func refuse(_ peer: Peer, because reason: String) throws {
    guard let worker = workers[peer] else { return }
    try handle(.misbehaved(worker.identifier, reason: reason))
  }

  /// The state machine has dismissed a worker.
  func dismiss(_ identifier: WorkerIdentifier, _ dismissal: AuditStateMachine.Dismissal, reason: String) throws {
    guard let worker = workers[identifier] else { return }
    switch dismissal {
    case .silent: send(refusal: reason, mayReturn: true, to: worker.peer)
    case .refused: send(refusal: reason, mayReturn: false, to: worker.peer)
    case .drained: connections.send(.goodbye(.with { $0.reason = reason }), to: worker.peer)
    }
    try forget(worker, because: reason)
  }

  private func forget(_ worker: ConnectedWorker, because reason: String) throws {
    workers.remove(worker.peer)
    connections.forget(worker.peer)
    contents.forget(worker.peer)
    stateFiles = stateFiles.filter { $0.value.worker != worker.identifier }
    try settings.ledger.recordLeft(worker.identifier.description, reason: reason)
    delegate?.left(worker, reason: reason)
  }

  /// A worker should finish what it holds, and leave.
  package func drain(_ worker: ConnectedWorker) throws { try handle(.cluster(.draining(worker.identifier))) }
}

extension Tenbin_Fingerprint {
  /// The text that must be equal on all workers of an audit.
  var text: String {
    let digits = canary.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    return "processor \(processor.printable); libtorch \(libtorch.printable); device \(device.printable); "
      + "canary \(digits.prefix(16))"
  }
}

extension String {
  /// The text as it may be shown on a terminal: short, and without control characters.
  var printable: String {
    String(prefix(100).map { $0.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F } ? $0 : "?" })
  }
}
