internal import Foundation
internal import Ledger
internal import Scheduler
internal import SwiftProtobuf
package import Transport

// Workers that come and go.
extension RunConductor {
  func handle(_ event: CoordinatorEvent) throws {
    if let peer = event.peer, pool.entries[peer] != nil { return try handle(event, ofReducer: peer) }
    switch event {
    case .message(let message, let peer): try handle(message, from: peer)
    case .transfer(let transfer, let identifier, let peer):
      let whole = members.update(peer) { $0.assembly.insert(transfer, identifier: identifier) } ?? []
      for item in whole { try take(item, from: peer) }
    case .ready(let peer, let sharesMemory): admit(peer, sharesMemory: sharesMemory)
    case .request(let request, let requester):
      let reply = try delegate?.answer(request) ?? .with { $0.refused = "nobody is there to answer" }
      endpoint.answer(reply, to: requester)
    case .malformed(let reason, let peer):
      if members[peer] != nil { try refuse(peer, because: reason) }
    case .unreachable(let peer): try lose(peer, because: "it cannot be reached")
    case .failed(let error): throw error
    }
  }

  private func handle(_ message: Tenbin_WorkerMessage, from peer: Peer) throws {
    guard let entry = members[peer] else {
      switch message.body {
      case .hello(let hello)? where hello.isReducer: greetReducer(hello, from: peer)
      case .hello(let hello)?: greet(hello, from: peer)
      case .goodbye?: endpoint.forget(peer)
      // A worker that outlived an earlier coordinator, or that was given up, may come back as a new incarnation.
      default: send(refusal: "this coordinator does not know it", mayReturn: true, to: peer)
      }
      return
    }
    _ = members.update(peer) { $0.lastHeard = now }
    try change { audit, now in
      audit.hear(entry.member, at: now)
      return []
    }
    switch message.body {
    case .delivery(let delivery)?:
      let whole = members.update(peer) { $0.assembly.insert(delivery) } ?? []
      for item in whole { try take(item, from: peer) }
    case .stale(let stale)?:
      stateFiles[Int(clamping: stale.lease)] = nil
      if !stale.unreachableReducer.isEmpty, try isPutAside(entry, for: stale.unreachableReducer) { break }
      try change { try $0.giveBack(lease: Int(clamping: stale.lease), from: entry.member, at: $1) }
    case .failure(let failure)?: try hear(failure, from: entry)
    case .leaving?: try change { try $0.drain(entry.member, at: $1) }
    case .goodbye(let goodbye)?: try lose(peer, because: goodbye.reason)
    case .contentRequest(let request)?:
      guard entry.isAdmitted, !contents.take(request, from: peer) else { break }
      try refuse(peer, because: "it asks for more contents than anybody could take")
    case .prepared?: try join(entry)
    case .hello?, .heartbeat?, .sliceAnswer?, .sliceReceipt?, .parametersRequest?, nil: break
    }
  }

  private func hear(_ failure: Tenbin_Failure, from entry: MemberEntry) throws {
    guard audit.cluster.lease(Int(clamping: failure.lease))?.member == entry.member else {
      return try refuse(entry.peer, because: "it failed at lease \(failure.lease), which it does not hold")
    }
    try delegate?.failed(entry, reason: failure.reason)
    try lose(entry.peer, because: "it cannot go on: \(failure.reason)")
  }

  private func greet(_ hello: Tenbin_Hello, from peer: Peer) {
    let text = hello.fingerprint.text
    if let expected = fingerprint, expected != text {
      let reason = Self.difference(of: text, from: expected)
      send(refusal: reason, mayReturn: false, to: peer)
      delegate?.notice("\(hello.name.printable) was refused: \(reason)")
      return endpoint.forget(peer)
    }
    var entry = MemberEntry(
      peer: peer, member: Member(peer.description), name: hello.name.printable, process: hello.process,
      host: hello.host.printable, fingerprint: text)
    entry.lastHeard = now
    members.insert(entry)
    var welcome = settings.welcome
    welcome.bulkEndpoint = endpoint.bulk
    if let folder = parameters.folder {
      welcome.shared = .with {
        $0.path = folder.path
        $0.token = Data(folder.token)
      }
    }
    endpoint.send(.welcome(welcome), to: peer)
  }

  private func admit(_ peer: Peer, sharesMemory: Bool) {
    let admitted: Void? = members.update(peer) { entry in
      entry.isAdmitted = true
      entry.sharesMemory = sharesMemory && parameters.folder != nil
    }
    guard admitted != nil else { return }
    endpoint.admit(peer)
    endpoint.send(settings.catalogue, to: peer)
  }

  /// A worker has all that it needs to take part.
  private func join(_ entry: MemberEntry) throws {
    guard entry.isAdmitted, !entry.isReady else { return }
    _ = members.update(entry.peer) { $0.isReady = true }
    try change { try $0.join(entry.member, at: $1) }
  }

  /// Gives those up that have said hello, do not take part yet, and are not heard of any more.
  func forgetSilentStrangers() throws {
    for entry in members.strangers where now - entry.lastHeard > Self.patienceWithStrangers {
      send(refusal: "it was not heard of for long", mayReturn: true, to: entry.peer)
      try forget(entry, because: "not heard of for \(Self.patienceWithStrangers.components.seconds) seconds")
    }
  }

  private static let patienceWithStrangers = Duration.seconds(30)

  /// Records a member whose delivery is taken. The first of them sets the fingerprint that all others must have: a mere
  /// hello must not lock the others out.
  func acknowledge(_ entry: MemberEntry) throws {
    guard members[entry.peer]?.hasDelivered == false else { return }
    _ = members.update(entry.peer) { $0.hasDelivered = true }
    try settings.ledger.record(
      MemberRecord(
        member: entry.member.description, name: entry.name, host: entry.host, process: Int(entry.process),
        fingerprint: entry.fingerprint))
    guard fingerprint == nil else { return }
    fingerprint = entry.fingerprint
    for other in members.all where other.fingerprint != entry.fingerprint {
      try refuse(other.peer, because: Self.difference(of: other.fingerprint, from: entry.fingerprint))
    }
  }

  private static func difference(of found: String, from expected: String) -> String {
    "its results would differ in their last bits: it has \(found), but the audit was begun with \(expected)"
  }

  private func send(refusal reason: String, mayReturn: Bool, to peer: Peer) {
    endpoint.send(
      .refusal(
        .with {
          $0.reason = reason
          $0.mayReturn = mayReturn
        }), to: peer)
  }

  /// A worker has gone.
  package func lose(_ peer: Peer, because reason: String) throws {
    guard let entry = members[peer] else { return }
    try forget(entry, because: reason)
    try change { try $0.leave(entry.member, at: $1) }
  }

  /// Puts a worker aside that sends what no honest worker sends.
  func refuse(_ peer: Peer, because reason: String) throws {
    guard let entry = members[peer] else { return }
    try change { try $0.refuse(entry.member, because: reason, at: $1) }
  }

  /// The cluster has let a member go.
  func dismiss(_ member: Member, _ dismissal: AuditStateMachine.Dismissal, reason: String) throws {
    guard let entry = members[member] else { return }
    switch dismissal {
    case .silent: send(refusal: reason, mayReturn: true, to: entry.peer)
    case .refused: send(refusal: reason, mayReturn: false, to: entry.peer)
    case .drained: endpoint.send(.goodbye(.with { $0.reason = reason }), to: entry.peer)
    }
    try forget(entry, because: reason)
  }

  private func forget(_ entry: MemberEntry, because reason: String) throws {
    members.remove(entry.peer)
    endpoint.forget(entry.peer)
    contents.forget(entry.peer)
    stateFiles = stateFiles.filter { $0.value.member != entry.member }
    try settings.ledger.recordLeft(entry.member.description, reason: reason)
    delegate?.left(entry, reason: reason)
  }

  /// A worker should finish what it holds, and go.
  package func drain(_ entry: MemberEntry) throws { try change { try $0.drain(entry.member, at: $1) } }
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
