import SwiftProtobuf
package import Transport

/// A peer, or many, that does to a coordinator what no honest worker does; the same things for the same seed.
///
/// Belongs to the thread that uses it, and blocks it.
package struct HostilePeer {
  /// What it has done so far, by kind.
  package private(set) var deeds: [String: Int] = [:]
  private let control: String
  private var bulk: String?
  private let security: ClientSecurity?
  private var random: SplitMix64
  private var peer: RawPeer?
  private var bulkPeer: RawPeer?
  private var identifier: [UInt8] = []
  private var sent: [[UInt8]] = []

  /// - Parameters:
  ///   - control: where workers connect.
  ///   - bulk: where they send chunks; learned from a welcome when left out.
  ///   - security: a key that the coordinator lists, for a worker that has turned.
  package init(control: String, bulk: String? = nil, security: ClientSecurity? = nil, seed: UInt64) {
    (self.control, self.bulk, self.security) = (control, bulk, security)
    random = SplitMix64(seed: seed)
  }

  /// Does so many hostile things, one after another.
  ///
  /// - Throws: `WireError` where this end has no sockets left; what the coordinator does about it is no error.
  package mutating func attack(rounds: Int) throws(WireError) {
    for _ in 0..<rounds {
      let deed = Deed.allCases[Int(random.next() % UInt64(Deed.allCases.count))]
      deeds[deed.rawValue, default: 0] += 1
      // Now and then a new incarnation, or everything would end at the first refusal.
      if peer == nil || random.next() % 4 == 0 { try arrive(withHello: random.next() % 2 == 0) }
      try commit(deed)
      try listen()
    }
  }

  package mutating func leave() {
    peer?.close()
    bulkPeer?.close()
    (peer, bulkPeer) = (nil, nil)
  }

  private enum Deed: String, CaseIterable {
    case randomFrames, mutatedMessage, wrongVersion, oversizedMessage, enormousMessage, replay, floodOfHellos
    case stolenName, randomChunk, hugeClaim, unexpectedChunk, tornTransfer, freeCredit, administration, noProtocol
  }

  private mutating func commit(_ deed: Deed) throws(WireError) {
    switch deed {
    case .randomFrames: try say((0..<random.next() % 5).map { _ in bytes(upTo: 300) })
    case .mutatedMessage: try say([mutated(hello())])
    case .wrongVersion: try say([hello { $0.protocol = UInt32(truncatingIfNeeded: random.next()) }])
    case .oversizedMessage: try say([[UInt8](repeating: 8, count: WireLimits.control + 1)])
    case .enormousMessage: try say([[UInt8](repeating: 8, count: 3 << 20)])
    case .replay: for _ in 0..<20 { try say([sent.randomElement(using: &random) ?? hello()]) }
    case .floodOfHellos: try flood()
    case .stolenName: try stealName()
    case .randomChunk: try sayInBulk((0..<random.next() % 4).map { _ in bytes(upTo: 600_000) })
    case .hugeClaim: try sayChunk(count: 100) { $0.totalBytes = .max }
    case .unexpectedChunk: try sayChunk(count: 1_000) { $0.totalBytes = 1_000 }
    case .tornTransfer:
      try sayChunk(count: 100) {
        $0.offset = 1 << 20
        $0.totalBytes = 1 << 30
      }
    case .freeCredit:
      try sayInBulk([encoded(Tenbin_ChunkHeader.with { $0.credit.bytes = 1 << 40 }), []])
      try sayInBulk([encoded(Tenbin_ChunkHeader.with { $0.ready = .init() }), []])
    case .administration:
      try say([
        Array("administration".utf8),
        encoded(
          Tenbin_AdministrationRequest.with {
            $0.protocol = CoordinatorEndpoint.protocolVersion
            $0.stop = .init()
          }),
      ])
    case .noProtocol: RawConnection.send(bytes(upTo: 2_000), to: control)
    }
  }

  private mutating func arrive(withHello: Bool) throws(WireError) {
    leave()
    identifier = (0..<16).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    peer = try RawPeer(connectingTo: control, routingIdentifier: identifier, security: security)
    if withHello { try say([hello()]) }
  }

  /// Many that say hello and never hear the answer.
  private mutating func flood() throws(WireError) {
    for _ in 0..<16 {
      let name = (0..<8).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let one = try RawPeer(connectingTo: control, routingIdentifier: [1] + name, security: security)
      _ = try one.send([hello()])
      one.close()
    }
  }

  /// A second connection under the name of the first.
  private mutating func stealName() throws(WireError) {
    let second = try RawPeer(connectingTo: control, routingIdentifier: identifier, security: security)
    for _ in 0..<10 { _ = try second.send([bytes(upTo: 100)]) }
    second.close()
  }

  private mutating func say(_ frames: [[UInt8]]) throws(WireError) {
    guard !frames.isEmpty else { return }
    // A coordinator that cuts the connection off is within its rights.
    if try peer?.send(frames, milliseconds: 2_000) == false { return leave() }
    sent.append(frames[frames.count - 1])
    if sent.count > 50 { sent.removeFirst() }
  }

  private mutating func sayInBulk(_ frames: [[UInt8]]) throws(WireError) {
    guard !frames.isEmpty, let bulk else { return }
    if bulkPeer == nil {
      bulkPeer = try RawPeer(connectingTo: bulk, routingIdentifier: identifier, security: security)
    }
    if try bulkPeer?.send(frames, milliseconds: 2_000) == false { return leave() }
  }

  private mutating func sayChunk(
    count: Int, _ change: (inout Tenbin_ChunkHeader) -> Void
  ) throws(WireError) {
    var header = Tenbin_ChunkHeader()
    header.transfer = random.next() % 10
    header.delivery.lease = random.next() % 10
    change(&header)
    try sayInBulk([encoded(header), bytes(upTo: 2 * count)])
  }

  private mutating func listen() throws(WireError) {
    while let frames = try peer?.receive(milliseconds: 0) {
      guard let last = frames.last, let message = try? Tenbin_CoordinatorMessage(serializedBytes: last) else {
        continue
      }
      if bulk == nil, !message.welcome.bulkEndpoint.isEmpty, let own = try? Address(control) {
        bulk = try Address(message.welcome.bulkEndpoint).reached(like: own).description
      }
    }
  }

  private func hello(_ change: (inout Tenbin_WorkerMessage) -> Void = { _ in }) -> [UInt8] {
    var message = Tenbin_WorkerMessage()
    message.protocol = CoordinatorEndpoint.protocolVersion
    message.hello.name = "honest"
    message.hello.process = 1
    change(&message)
    return encoded(message)
  }

  private mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0...random.next() % 4 {
      let place = Int(random.next() % UInt64(bytes.count))
      switch random.next() % 3 {
      case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
      case 1: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
      default: if bytes.count > 1 { bytes.remove(at: place) }
      }
    }
    return bytes
  }

  private mutating func bytes(upTo limit: UInt64) -> [UInt8] {
    let count = Int(random.next() % limit)
    let word = random.next()
    return (0..<count).map { UInt8(truncatingIfNeeded: (word &* UInt64($0 + 1)) >> 32) }
  }

  private mutating func bytes(upTo limit: Int) -> [UInt8] { bytes(upTo: UInt64(max(1, limit))) }

  private func encoded(_ message: some SwiftProtobuf.Message) -> [UInt8] { (try? message.serializedBytes()) ?? [] }
}
