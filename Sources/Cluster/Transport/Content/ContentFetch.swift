package import Support

/// A content that must be on this host.
package struct WantedContent: Hashable, Sendable {
  package let content: ContentHash
  package let bytes: Int
  /// The name that errors use.
  package let name: String

  package init(content: ContentHash, bytes: Int, name: String) {
    self.content = content
    self.bytes = bytes
    self.name = name
  }
}

/// A state machine for missing contents, requests and received pieces: events in, actions out.
///
/// Contents are requested in the order in which they were wanted, in pieces, as many as the window holds. Pieces are
/// appended in order, so that the file on the disk is always the beginning of the content.
package struct ContentFetch: Sendable {
  /// What a content is needed for.
  package enum Claim: Hashable, Sendable {
    case base
    case lease(Int)
  }

  package enum Action: Hashable, Sendable {
    /// Look how many bytes are here, and lock it; answered by `opened`, `found` or `busy`.
    case open(ContentHash)
    /// Request a piece from the coordinator.
    case request(ContentHash, Range<Int>)
    /// Append these bytes.
    case append(ContentHash, [UInt8])
    /// All bytes are here: check the digest; answered by `verified`.
    case verify(ContentHash)
    /// Discard all bytes, and begin at the first one.
    case restart(ContentHash)
    /// Unlock it and keep its bytes.
    case close(ContentHash)
    /// Discard all bytes and unlock it.
    case discard(ContentHash)
    case arrived(ContentHash)
    case failed(ContentError, claims: Set<Claim>)
  }

  private enum Stage {
    case queued
    case opening
    /// Another process of this host fetches it.
    case busy
    case fetching
    case verifying
  }

  private struct Entry {
    let wanted: WantedContent
    var claims: Set<Claim>
    var stage = Stage.queued
    /// Bytes that are here, from the first one on.
    var here = 0
    /// The offset of the next request.
    var next = 0
    /// Lengths of the requested pieces, by offset.
    var requested: [Int: Int] = [:]
    /// Pieces that came out of order, by offset.
    var early: [Int: [UInt8]] = [:]
    /// Whether an earlier process wrote some of it, which may be the cause of a wrong digest.
    var isResumed = false

    var isOpen: Bool { stage == .fetching || stage == .verifying }
  }

  private var entries: [ContentHash: Entry] = [:]
  /// Contents that were not begun, from `first` on, in the order in which they were wanted; some may no longer be
  /// wanted.
  private var queue: [ContentHash] = []
  private var first = 0
  /// Contents that are being fetched, the oldest first.
  private var active: [ContentHash] = []
  /// Contents that other processes fetch.
  private var elsewhere: [ContentHash] = []
  private let piece: Int
  private let window: Int
  private let mostPieces: Int
  private let mostOpen: Int

  /// - Parameters:
  ///   - piece: bytes of a request.
  ///   - window: the most bytes that are requested, or received out of order, at a time.
  ///   - mostPieces: the most open requests.
  ///   - mostOpen: the most contents that are fetched at a time.
  package init(piece: Int = 1 << 20, window: Int = 8 << 20, mostPieces: Int = 256, mostOpen: Int = 64) {
    self.piece = max(1, piece)
    self.window = max(window, piece, 1)
    self.mostPieces = max(1, mostPieces)
    self.mostOpen = max(1, mostOpen)
  }

  /// Whether there are open requests.
  package var isWaitingForPieces: Bool { active.contains { entries[$0]?.requested.isEmpty == false } }

  /// Whether another process fetches something that is wanted here.
  package var isWaitingForOthers: Bool { !elsewhere.isEmpty }

  /// The contents that are wanted and not here.
  package var wanted: Set<ContentHash> { Set(entries.keys) }

  /// The content with this digest; nil when it is here or no longer wanted.
  package subscript(content: ContentHash) -> WantedContent? { entries[content]?.wanted }

  /// Whether contents are missing for this claim.
  package func isIncomplete(for claim: Claim) -> Bool { entries.values.contains { $0.claims.contains(claim) } }
}

// Claims.
extension ContentFetch {
  /// The claim needs these, in this order.
  package mutating func want(_ contents: [WantedContent], for claim: Claim) -> [Action] {
    for wanted in contents {
      if entries[wanted.content] == nil {
        entries[wanted.content] = Entry(wanted: wanted, claims: [])
        queue.append(wanted.content)
      }
      entries[wanted.content]?.claims.insert(claim)
    }
    return pump()
  }

  /// The claim needs nothing any more.
  package mutating func release(_ claim: Claim) -> [Action] { release { $0 == claim } }

  /// Only these leases still need contents; the base stays wanted.
  package mutating func retain(leases: Set<Int>) -> [Action] {
    release { if case .lease(let lease) = $0 { !leases.contains(lease) } else { false } }
  }

  private mutating func release(_ isReleased: (Claim) -> Bool) -> [Action] {
    var actions: [Action] = []
    let released = entries.filter { $0.value.claims.contains(where: isReleased) }
    for (content, var entry) in released {
      entry.claims = entry.claims.filter { !isReleased($0) }
      entries[content] = entry
      // A complete content is kept; its digest is being checked.
      guard entry.claims.isEmpty, entry.stage != .verifying else { continue }
      if entry.isOpen { actions.append(.close(content)) }
      remove(content)
    }
    if first > 0 || !released.isEmpty {
      queue = queue[first...].filter { entries[$0]?.stage == .queued }
      first = 0
    }
    return actions + pump()
  }

  private mutating func remove(_ content: ContentHash) {
    entries[content] = nil
    active.removeAll { $0 == content }
    elsewhere.removeAll { $0 == content }
  }
}

// Progress.
extension ContentFetch {
  /// It is locked for this process, and `here` of its bytes are on the disk.
  package mutating func opened(_ content: ContentHash, here: Int) -> [Action] {
    guard var entry = entries[content], entry.stage == .opening else { return [.close(content)] }
    entry.stage = .fetching
    let isUsable = here <= entry.wanted.bytes
    entry.here = isUsable ? here : 0
    entry.next = entry.here
    entry.isResumed = entry.here > 0
    entries[content] = entry
    return (isUsable ? [] : [.restart(content)]) + verifyIfWhole(content) + pump()
  }

  /// The complete content is here already.
  package mutating func found(_ content: ContentHash) -> [Action] {
    guard entries[content] != nil else { return [] }
    remove(content)
    return [.arrived(content)] + pump()
  }

  /// Another process fetches it.
  package mutating func busy(_ content: ContentHash) -> [Action] {
    guard entries[content]?.stage == .opening else { return [] }
    entries[content]?.stage = .busy
    active.removeAll { $0 == content }
    elsewhere.append(content)
    return pump()
  }

  /// It is time to check again whether other processes are done.
  package mutating func lookAgain() -> [Action] {
    let again = elsewhere
    elsewhere = []
    for content in again { entries[content]?.stage = .queued }
    queue = again + queue[first...]
    first = 0
    return pump()
  }

  /// Nothing has arrived for a long time: repeats all open requests.
  package func askAgain() -> [Action] {
    active.flatMap { content in
      (entries[content]?.requested ?? [:]).sorted { $0.key < $1.key }.map {
        .request(content, $0.key..<$0.key + $0.value)
      }
    }
  }

  /// A piece has arrived.
  package mutating func received(_ content: ContentHash, offset: Int, bytes: [UInt8]) -> [Action] {
    // It arrived twice, or is no longer wanted.
    guard var entry = entries[content], entry.stage == .fetching, let expected = entry.requested[offset] else {
      return []
    }
    guard bytes.count == expected else {
      return fail(content, .wrongPiece(offset: offset, expected: expected, found: bytes.count))
    }
    entry.requested[offset] = nil
    entry.early[offset] = bytes
    var actions: [Action] = []
    while let next = entry.early.removeValue(forKey: entry.here) {
      actions.append(.append(content, next))
      entry.here += next.count
    }
    entries[content] = entry
    return actions + verifyIfWhole(content) + pump()
  }

  /// The coordinator cannot send it.
  package mutating func absent(_ content: ContentHash, reason: String) -> [Action] {
    fail(content, .absent(reason: reason))
  }

  /// The digest was checked.
  package mutating func verified(_ content: ContentHash, isRight: Bool) -> [Action] {
    guard var entry = entries[content], entry.stage == .verifying else { return [] }
    if isRight {
      remove(content)
      return [.arrived(content)] + pump()
    }
    guard entry.isResumed else { return fail(content, .wrongDigest) }
    // Bytes of an earlier process may be incomplete; the content is fetched once more from the start.
    entry.isResumed = false
    entry.stage = .fetching
    (entry.here, entry.next) = (0, 0)
    entries[content] = entry
    return [.restart(content)] + verifyIfWhole(content) + pump()
  }

  /// The cache cannot be read or written.
  package mutating func broken(_ content: ContentHash, _ problem: ContentError.Problem) -> [Action] {
    fail(content, problem)
  }

  private mutating func fail(_ content: ContentHash, _ problem: ContentError.Problem) -> [Action] {
    guard let entry = entries[content] else { return [] }
    remove(content)
    let error = ContentError(name: entry.wanted.name, content: content, problem: problem)
    // A partial content is worth keeping unless it is known to be wrong.
    let isWrong = problem == .wrongDigest
    return (entry.isOpen ? [isWrong ? .discard(content) : .close(content)] : [])
      + [.failed(error, claims: entry.claims)] + pump()
  }

  private mutating func verifyIfWhole(_ content: ContentHash) -> [Action] {
    guard let entry = entries[content], entry.stage == .fetching, entry.here == entry.wanted.bytes else { return [] }
    entries[content]?.stage = .verifying
    return [.verify(content)]
  }

  /// Requests as much as the window holds.
  private mutating func pump() -> [Action] {
    var actions: [Action] = []
    var bytes = 0
    var pieces = 0
    for entry in active.compactMap({ entries[$0] }) {
      bytes += entry.next - entry.here
      pieces += entry.requested.count
    }
    for content in active {
      guard var entry = entries[content], entry.stage == .fetching else { continue }
      while entry.next < entry.wanted.bytes, pieces < mostPieces {
        let length = min(piece, entry.wanted.bytes - entry.next)
        guard bytes + length <= window else { break }
        actions.append(.request(content, entry.next..<entry.next + length))
        entry.requested[entry.next] = length
        entry.next += length
        bytes += length
        pieces += 1
      }
      entries[content] = entry
    }
    // The pieces of an opened content are requested when it is known how much of it is here.
    while active.count < mostOpen, bytes < window, pieces < mostPieces, first < queue.count {
      let content = queue[first]
      first += 1
      guard entries[content]?.stage == .queued else { continue }
      entries[content]?.stage = .opening
      active.append(content)
      actions.append(.open(content))
    }
    if first == queue.count { (queue, first) = ([], 0) }
    return actions
  }
}
