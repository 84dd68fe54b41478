/// The peers of a coordinator's sockets, and which of their frames are accepted; pure.
///
/// The number of peers that are not admitted is bounded: the oldest give way to new ones, and a hello without room is
/// refused. So no flood makes the table, or the queue of accepted messages, grow.
package struct PeerTable {
  package enum Standing: Equatable {
    /// It has sent something, but no hello.
    case unknown
    /// Its hello was handed over; nothing has been sent to it since.
    case greeted
    /// Its hello was answered.
    case answered
    case admitted
    /// All its frames are dropped.
    case refused
  }

  package struct Entry {
    package fileprivate(set) var standing = Standing.unknown
    /// The holder of its key; nil without keys.
    var user: String?
    var isReady = false
    /// Whether it is in the loop's round of peers to send to.
    var isInRound = false
    var inbound = InboundFlow(budget: 0)
    var outbound = OutboundFlow()
    fileprivate var malformed = 0
    fileprivate var wasInvited = false
    fileprivate var second = 0
    fileprivate var messages = 0
  }

  package enum Verdict: Equatable {
    case take
    /// Drop and count. With `tell` the peer is sent a refusal, with `report` the owner is told.
    case drop(RefusalReason, tell: Bool = false, report: Bool = false)
    /// Drop and count; the peer may say hello as a new incarnation.
    case invite(RefusalReason)
  }

  package enum Kind: Equatable { case hello, goodbye, other }

  private var entries: [Peer: Entry] = [:]
  /// Peers that are not admitted, the oldest first.
  private var unknownPeers: [Peer] = []

  package init() {}

  package var count: Int { entries.count }

  package subscript(peer: Peer) -> Entry? { entries[peer] }

  /// Changes the entry of a peer in place; nil for an unknown one.
  @discardableResult
  package mutating func update<Result>(_ peer: Peer, _ change: (inout Entry) -> Result) -> Result? {
    guard let index = entries.index(forKey: peer) else { return nil }
    return change(&entries.values[index])
  }

  /// Judges a readable message.
  ///
  /// - Parameter second: of any monotonic clock.
  package mutating func judge(_ kind: Kind, from peer: Peer, user: String?, second: Int) -> Verdict {
    if let refused = meet(peer, user: user) { return refused }
    let verdict: Verdict? =
      update(peer) { entry in
        if entry.second != second { (entry.second, entry.messages) = (second, 0) }
        entry.messages += 1
        let limit = entry.standing == .admitted ? WireLimits.messages : WireLimits.unknownPeerMessages
        guard entry.messages <= limit else { return .drop(.tooManyMessages) }
        switch (entry.standing, kind) {
        case (.unknown, .hello):
          entry.standing = .greeted
          return .take
        case (.unknown, _):
          // Workers may outlive their coordinator; the next one tells them so once.
          defer { entry.wasInvited = true }
          return kind == .goodbye || entry.wasInvited ? .drop(.beforeHello) : .invite(.beforeHello)
        case (_, .hello): return nil
        case (_, _): return .take
        }
      } ?? nil
    return verdict ?? malformed(peer, user: user, because: .helloTwice)
  }

  /// Judges a frame that no honest peer sends: the first ones are reported, after a number of them the peer is refused.
  ///
  /// - Parameter isFatal: whether the peer is refused at once.
  package mutating func malformed(
    _ peer: Peer, user: String?, because reason: RefusalReason, isFatal: Bool = false
  ) -> Verdict {
    if let refused = meet(peer, user: user) { return refused }
    return update(peer) { entry in
      entry.malformed += 1
      let isTheLast = isFatal || entry.malformed >= WireLimits.malformed
      // An unknown peer is told at once. For an admitted peer the owner decides.
      let tell = isTheLast || (entry.malformed == 1 && entry.standing == .unknown)
      if isTheLast { Self.refuse(&entry) }
      return .drop(reason, tell: tell, report: true)
    } ?? .drop(reason)
  }

  /// Judges a frame with a chunk. A chunk of a peer without a hello makes no entry.
  package mutating func judgeChunk(from peer: Peer, user: String?) -> Verdict {
    guard let entry = entries[peer] else { return .drop(.notAdmitted) }
    guard entry.user == user else { return .drop(.otherKey) }
    switch entry.standing {
    case .admitted: return .take
    case .refused: return .drop(.afterRefusal)
    case .unknown, .greeted, .answered: return malformed(peer, user: user, because: .notAdmitted)
    }
  }

  /// Judges the frame that says that the bulk socket is connected.
  package mutating func judgeReady(from peer: Peer, user: String?) -> Verdict {
    guard let entry = entries[peer], entry.standing != .unknown else { return .drop(.beforeHello) }
    guard entry.user == user else { return .drop(.otherKey) }
    guard entry.standing != .refused else { return .drop(.afterRefusal) }
    guard !entry.isReady else { return malformed(peer, user: user, because: .readyTwice) }
    update(peer) { $0.isReady = true }
    return .take
  }

  /// Something was sent to the peer.
  package mutating func answered(_ peer: Peer, withRefusal isRefusal: Bool) {
    update(peer) { entry in
      if isRefusal { Self.refuse(&entry) } else if entry.standing == .greeted { entry.standing = .answered }
    }
  }

  /// Returns false if the peer was refused, or its entry was removed, since.
  package mutating func admit(_ peer: Peer) -> Bool {
    let isThere =
      update(peer) { entry in
        guard entry.standing != .refused else { return false }
        entry.standing = .admitted
        return true
      } ?? false
    if isThere { unknownPeers.removeAll { $0 == peer } }
    return isThere
  }

  package mutating func forget(_ peer: Peer) {
    unknownPeers.removeAll { $0 == peer }
    entries[peer] = nil
  }

  /// Finds or makes the entry of a peer; returns why its frames must be dropped, if so.
  private mutating func meet(_ peer: Peer, user: String?) -> Verdict? {
    if let entry = entries[peer] {
      if entry.user != user { return .drop(.otherKey) }
      return entry.standing == .refused ? .drop(.afterRefusal) : nil
    }
    if unknownPeers.count >= WireLimits.unknownPeers {
      // A peer that waits for the owner's answer stays; otherwise the owner's queue would not be bounded.
      guard let oldest = unknownPeers.firstIndex(where: { entries[$0]?.standing != .greeted }) else {
        return .invite(.tooManyUnknownPeers)
      }
      entries[unknownPeers.remove(at: oldest)] = nil
    }
    unknownPeers.append(peer)
    entries[peer] = Entry(user: user)
    return nil
  }

  private static func refuse(_ entry: inout Entry) {
    entry.standing = .refused
    entry.inbound = InboundFlow(budget: 0)
    entry.outbound = OutboundFlow()
  }
}

/// A worker's incarnation as its sockets name it.
package struct Peer: Hashable, Sendable, CustomStringConvertible {
  package let routingIdentifier: [UInt8]

  package init(routingIdentifier: [UInt8]) { self.routingIdentifier = routingIdentifier }

  package var description: String { routingIdentifier.map { String($0, radix: 16) }.joined() }
}

/// Why a frame was dropped; a fixed set, so that no peer can make the table of counts grow.
package enum RefusalReason: String, Sendable, CaseIterable {
  case unlistedKey = "a key that is not on the list"
  case handshake = "a handshake that failed"
  case otherVersion = "another version of the protocol"
  case unreadableMessage = "a control message that cannot be read"
  case unreadableChunk = "a chunk that cannot be read"
  case emptyMessage = "an empty control message"
  case beforeHello = "a message of a peer without a hello"
  case helloTwice = "a second hello of one peer"
  case readyTwice = "a second ready of one peer"
  case tooManyUnknownPeers = "a hello while too many peers wait for an answer"
  case tooManyMessages = "more messages a second than the limit"
  case afterRefusal = "a frame of a refused peer"
  case otherKey = "a frame under another key's name"
  case notAdmitted = "a chunk of a peer that is not admitted"
  case overBudget = "an unexpected transfer"
  case overWindow = "more bytes than the window allows"
  case badChunk = "a chunk that does not fit its transfer"
  case badCredit = "a credit for more than was sent"
  case wrongRole = "a key without this permission"
  case administrationWithoutKeys = "administration over a socket for workers"
  case badRequest = "an administration request that cannot be read"
}
