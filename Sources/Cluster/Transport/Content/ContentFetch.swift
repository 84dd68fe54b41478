package import Support

/// A content that somebody needs.
package struct WantedContent: Hashable, Sendable {
  package let content: ContentHash
  package let bytes: Int
  /// What the audit calls it, for errors.
  package let name: String

  package init(content: ContentHash, bytes: Int, name: String) {
    self.content = content
    self.bytes = bytes
    self.name = name
  }
}

/// Which contents are missing, what was asked for and what came: events in, actions out; pure.
///
/// Contents are asked for in the order in which they were wanted, in pieces, as many as a window holds. Whatever comes is
/// put together in its order, so that what is on the disk is always the beginning of the content.
package struct ContentFetch: Sendable {
  /// Who needs a content.
  package enum Claim: Hashable, Sendable {
    case base
    case lease(Int)
  }

  package enum Action: Hashable, Sendable {
    /// Look how much of it is here, and keep others from fetching it: `opened`, `found` or `busy` comes of it.
    case open(ContentHash)
    /// Ask the coordinator for a piece.
    case request(ContentHash, Range<Int>)
    /// Put these bytes behind those that are here.
    case append(ContentHash, [UInt8])
    /// All bytes are here: `verified` comes of it.
    case verify(ContentHash)
    /// Throw away what is here, and begin at the first byte.
    case restart(ContentHash)
    /// Let others have it; what is here stays.
    case close(ContentHash)
    /// Throw away what is here, and let others have it.
    case discard(ContentHash)
    case arrived(ContentHash)
    case failed(ContentError, claims: Set<Claim>)
  }

  private enum Stage {
    case queued
    case opening
    /// Somebody else on this host fetches it.
    case busy
    case fetching
    case verifying
  }

  private struct Entry {
    let wanted: WantedContent
    var claims: Set<Claim>
    var stage = Stage.queued
    /// Bytes that are here, from the first on.
    var here = 0
    /// The first byte that was not asked for.
    var next = 0
    /// Lengths of the pieces that were asked for, by their offset.
    var asked: [Int: Int] = [:]
    /// Pieces that came before those in front of them, by their offset.
    var early: [Int: [UInt8]] = [:]
    /// Whether some of it was here before: a wrong digest may be that part's fault.
    var isResumed = false

    var isOpen: Bool { stage == .fetching || stage == .verifying }
  }

  private var entries: [ContentHash: Entry] = [:]
  /// Those that were not begun, from `first` on, in the order in which they were wanted; some are not wanted any more.
  private var queue: [ContentHash] = []
  private var first = 0
  /// Those that are being fetched, the oldest first.
  private var active: [ContentHash] = []
  /// Those that others fetch.
  private var elsewhere: [ContentHash] = []
  private let piece: Int
  private let window: Int
  private let mostPieces: Int
  private let mostOpen: Int

  /// - Parameters:
  ///   - piece: bytes a request.
  ///   - window: bytes that may be asked for, or wait for pieces in front of them, at a time.
  ///   - mostPieces: requests that may be open at a time.
  ///   - mostOpen: contents that may be fetched at a time.
  package init(piece: Int = 1 << 20, window: Int = 8 << 20, mostPieces: Int = 256, mostOpen: Int = 64) {
    self.piece = max(1, piece)
    self.window = max(window, piece, 1)
    self.mostPieces = max(1, mostPieces)
    self.mostOpen = max(1, mostOpen)
  }

  /// Whether pieces were asked for that have not come.
  package var isWaitingForPieces: Bool { active.contains { entries[$0]?.asked.isEmpty == false } }

  /// Whether somebody else fetches what is wanted here.
  package var isWaitingForOthers: Bool { !elsewhere.isEmpty }

  /// What is wanted and not here.
  package var wanted: Set<ContentHash> { Set(entries.keys) }

  /// What was wanted under this digest; nil where that is here or nobody needs it any more.
  package subscript(content: ContentHash) -> WantedContent? { entries[content]?.wanted }

  /// Whether somebody still waits for something.
  package func isIncomplete(for claim: Claim) -> Bool { entries.values.contains { $0.claims.contains(claim) } }
}

// What is wanted.
extension ContentFetch {
  /// Somebody needs these, in this order.
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

  /// Somebody needs nothing more.
  package mutating func release(_ claim: Claim) -> [Action] { release { $0 == claim } }

  /// Of the leases only these go on; the base stays wanted.
  package mutating func retain(leases: Set<Int>) -> [Action] {
    release { if case .lease(let lease) = $0 { !leases.contains(lease) } else { false } }
  }

  private mutating func release(_ isReleased: (Claim) -> Bool) -> [Action] {
    var actions: [Action] = []
    let released = entries.filter { $0.value.claims.contains(where: isReleased) }
    for (content, var entry) in released {
      entry.claims = entry.claims.filter { !isReleased($0) }
      entries[content] = entry
      // What is all here is kept; its digest is about to be known.
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

// What becomes of it.
extension ContentFetch {
  /// It is locked for this process, and so many of its bytes are here.
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

  /// All of it is here already.
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

  /// Time to look again whether others are done.
  package mutating func lookAgain() -> [Action] {
    let again = elsewhere
    elsewhere = []
    for content in again { entries[content]?.stage = .queued }
    queue = again + queue[first...]
    first = 0
    return pump()
  }

  /// Nothing has come for long: what is still missing is asked for again.
  package func askAgain() -> [Action] {
    active.flatMap { content in
      (entries[content]?.asked ?? [:]).sorted { $0.key < $1.key }.map {
        .request(content, $0.key..<$0.key + $0.value)
      }
    }
  }

  /// A piece has come.
  package mutating func received(_ content: ContentHash, offset: Int, bytes: [UInt8]) -> [Action] {
    // Nobody waits for it: it came twice, or is not wanted any more.
    guard var entry = entries[content], entry.stage == .fetching, let expected = entry.asked[offset] else { return [] }
    guard bytes.count == expected else {
      return fail(content, .wrongPiece(offset: offset, expected: expected, found: bytes.count))
    }
    entry.asked[offset] = nil
    entry.early[offset] = bytes
    var actions: [Action] = []
    while let next = entry.early.removeValue(forKey: entry.here) {
      actions.append(.append(content, next))
      entry.here += next.count
    }
    entries[content] = entry
    return actions + verifyIfWhole(content) + pump()
  }

  /// The coordinator cannot give it.
  package mutating func absent(_ content: ContentHash, reason: String) -> [Action] {
    fail(content, .absent(reason: reason))
  }

  /// The digest of what is here is known.
  package mutating func verified(_ content: ContentHash, isRight: Bool) -> [Action] {
    guard var entry = entries[content], entry.stage == .verifying else { return [] }
    if isRight {
      remove(content)
      return [.arrived(content)] + pump()
    }
    guard entry.isResumed else { return fail(content, .wrongDigest) }
    // What an earlier process left may be torn; the whole of it gets one more try.
    entry.isResumed = false
    entry.stage = .fetching
    (entry.here, entry.next) = (0, 0)
    entries[content] = entry
    return [.restart(content)] + verifyIfWhole(content) + pump()
  }

  /// The disk does not take it.
  package mutating func broken(_ content: ContentHash, _ problem: ContentError.Problem) -> [Action] {
    fail(content, problem)
  }

  private mutating func fail(_ content: ContentHash, _ problem: ContentError.Problem) -> [Action] {
    guard let entry = entries[content] else { return [] }
    remove(content)
    let error = ContentError(name: entry.wanted.name, content: content, problem: problem)
    // What an honest disk holds of it is worth keeping; what is known to be wrong is not.
    let isWrong = problem == .wrongDigest
    return (entry.isOpen ? [isWrong ? .discard(content) : .close(content)] : [])
      + [.failed(error, claims: entry.claims)] + pump()
  }

  private mutating func verifyIfWhole(_ content: ContentHash) -> [Action] {
    guard let entry = entries[content], entry.stage == .fetching, entry.here == entry.wanted.bytes else { return [] }
    entries[content]?.stage = .verifying
    return [.verify(content)]
  }

  /// Asks for as much as the window holds.
  private mutating func pump() -> [Action] {
    var actions: [Action] = []
    var bytes = 0
    var pieces = 0
    for entry in active.compactMap({ entries[$0] }) {
      bytes += entry.next - entry.here
      pieces += entry.asked.count
    }
    for content in active {
      guard var entry = entries[content], entry.stage == .fetching else { continue }
      while entry.next < entry.wanted.bytes, pieces < mostPieces {
        let length = min(piece, entry.wanted.bytes - entry.next)
        guard bytes + length <= window else { break }
        actions.append(.request(content, entry.next..<entry.next + length))
        entry.asked[entry.next] = length
        entry.next += length
        bytes += length
        pieces += 1
      }
      entries[content] = entry
    }
    // What was opened asks for its pieces when it is known how much of it is here.
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
