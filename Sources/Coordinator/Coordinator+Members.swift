internal import Checkpoints
internal import Cluster
internal import Foundation
internal import Hashing
internal import Ledger
internal import Plan
internal import SwiftProtobuf
internal import Wire

/// Workers that come and go.
extension Coordinator {
  func handle(_ event: CoordinatorEvent) throws(AuditError) {
    switch event {
    case .message(let message, let peer):
      if let entry = members[peer] { cluster.hear(entry.member, at: now) }
      switch message.body {
      case .hello(let hello)?: greet(hello, from: peer)
      case .goodbye? where members[peer] == nil: break
      case _ where members[peer] == nil: inviteAgain(peer)
      case .delivery(let delivery)?:
        let whole = members.update(peer) { $0.assembly.insert(delivery) } ?? []
        for item in whole { try take(item, from: peer) }
      case .failure(let failure)?:
        try hearFailure(failure, from: peer)
      case .goodbye(let goodbye)?: try lose(peer, because: goodbye.reason)
      case .heartbeat?, nil: break
      }
    case .transfer(let transfer, let identifier, let peer):
      let whole = members.update(peer) { $0.assembly.insert(transfer, identifier: identifier) } ?? []
      for item in whole { try take(item, from: peer) }
    case .ready(let peer): try admit(peer)
    case .malformed(let reason, let peer):
      if members[peer] != nil { try expel(peer, because: reason) }
    case .unreachable(let peer): try lose(peer, because: "it cannot be reached")
    case .failed(let error): throw AuditError(.failure, "\(error)")
    }
  }

  /// A local worker has ended: its micro-batches are lent again, and it is started again.
  func handle(_ exit: LocalWorkers.Exit) throws(AuditError) {
    guard let localWorkers, localWorkers.processes[exit.name] == exit.process else { return }
    localWorkers.remove(exit.name)
    if let entry = members.entry(name: exit.name, process: UInt32(exit.process)) {
      try lose(entry.peer, because: "it ended with \(exit.description)")
    } else {
      showProgress(notice: "\(exit.name) ended with \(exit.description) before it joined")
    }
    deathsWithoutProgress += 1
    guard deathsWithoutProgress <= max(3, options.localWorkers) else {
      throw AuditError(
        .failure, "\(exit.name) keeps ending (\(exit.description)); see \(localWorkers.logFile(of: exit.name))")
    }
    try localWorkers.start(name: exit.name)
  }

  /// A worker cannot compute a lease. Another one gets to try before the audit ends over it.
  private func hearFailure(_ failure: Tenbin_Failure, from peer: Peer) throws(AuditError) {
    guard let entry = members[peer] else { return }
    guard leases[Int(clamping: failure.lease)]?.member == entry.member else {
      return try expel(peer, because: "it failed at lease \(failure.lease), which it does not hold")
    }
    failuresWithoutProgress += 1
    guard failuresWithoutProgress < 2, members.ready.count > 1 else {
      throw AuditError(.failure, "\(entry.name) cannot go on: \(failure.reason)")
    }
    try lose(peer, because: "it cannot go on: \(failure.reason)")
  }

  /// A worker that outlived an earlier coordinator, or that was given up, may come back as a new incarnation.
  private func inviteAgain(_ peer: Peer) {
    endpoint.send(
      .refusal(
        .with {
          $0.reason = "this coordinator does not know it"
          $0.mayReturn = true
        }), to: peer)
  }

  private func greet(_ hello: Tenbin_Hello, from peer: Peer) {
    guard members[peer] == nil else { return }
    let text = hello.fingerprint.text
    if let expected = fingerprint, expected != text {
      let reason = Self.difference(of: text, from: expected)
      endpoint.send(.refusal(.with { $0.reason = reason }), to: peer)
      showProgress(notice: "\(hello.name) was refused: \(reason)")
      return
    }
    members[peer] = MemberDirectory.Entry(
      peer: peer, member: Member(peer.description), name: hello.name, process: hello.process, fingerprint: text)
    endpoint.send(
      .welcome(
        .with {
          $0.planHash = Data(inputs.plan.hash.bytes)
          $0.bulkEndpoint = endpoint.bulk
          $0.baseFolder = URL(filePath: inputs.checkpoint.path).standardizedFileURL.path(percentEncoded: false)
          $0.baseHash = Data(inputs.plan.input.base.bytes)
          $0.classes = UInt32(inputs.classNames.count)
          $0.threads = UInt32(inputs.specification.cluster.threads)
          $0.precision =
            switch inputs.specification.training.precision {
            case .float32: .float32
            case .bfloat16: .bfloat16
            }
          $0.methods = inputs.methods.map {
            Tenbin_Method($0, layers: inputs.checkpoint.configuration.architecture.layerCount)
          }
        }), to: peer)
  }

  private func admit(_ peer: Peer) throws(AuditError) {
    let entry = members.update(peer) { entry in
      entry.isReady = true
      return entry
    }
    guard let entry else { return }
    endpoint.send(catalogue, to: peer)
    try perform(cluster.join(entry.member, at: now))
  }

  /// Records a member whose delivery counted. The first of them sets the fingerprint that all others must have: a mere
  /// hello must not lock the others out.
  func acknowledge(_ entry: MemberDirectory.Entry) throws(AuditError) {
    guard members[entry.peer]?.hasDelivered == false else { return }
    _ = members.update(entry.peer) { $0.hasDelivered = true }
    try AuditError.wrapping(.failure) {
      try output.ledger.recordMember(entry.member.description, name: entry.name, fingerprint: entry.fingerprint)
    }
    guard fingerprint == nil else { return }
    fingerprint = entry.fingerprint
    for other in members.all where other.fingerprint != entry.fingerprint {
      try expel(other.peer, because: Self.difference(of: other.fingerprint, from: entry.fingerprint))
    }
  }

  private static func difference(of found: String, from expected: String) -> String {
    "its results would differ in their last bits: it has \(found), but the audit was begun with \(expected)"
  }

  func lose(_ peer: Peer, because reason: String) throws(AuditError) {
    guard let entry = members[peer] else { return }
    members[peer] = nil
    showProgress(notice: "\(entry.name) has left: \(reason); its work is lent again")
    try perform(cluster.leave(entry.member, at: now))
  }

  /// Puts a worker aside that sends what no honest worker sends.
  func expel(_ peer: Peer, because reason: String) throws(AuditError) {
    endpoint.send(.refusal(.with { $0.reason = reason }), to: peer)
    try lose(peer, because: reason)
  }
}

extension Tenbin_Method {
  init(_ method: AdaptationMethod, layers: Int) {
    self.init()
    switch method {
    case .head: head = Tenbin_Method.Head()
    case .full: full = Tenbin_Method.Full()
    case .lora(let configuration):
      lora = .with {
        $0.rank = UInt32(configuration.rank)
        $0.alpha = configuration.alpha
        $0.targets = configuration.targets
        $0.dropout = configuration.dropout
        $0.isRankStabilized = configuration.isRankStabilized
        $0.layers = (configuration.layers.indices(of: layers) ?? []).map(UInt32.init)
      }
    }
  }
}
