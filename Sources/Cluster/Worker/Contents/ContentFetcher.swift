internal import Checkpoints
internal import Foundation
internal import Logging
internal import Support
internal import SwiftProtobuf
internal import Synchronization
internal import Transport

/// Fetches contents from the coordinator into this host's cache, on its own thread, so that neither the computation nor
/// the coordinator's messages wait for the disk.
final class ContentFetcher: Sendable {
  enum Event: Sendable {
    case base(BaseFolder)
    case want([WantedContent], lease: Int)
    case release(lease: Int)
    case retain(leases: Set<Int>)
    case piece(ContentHash, offset: Int, bytes: [UInt8])
    case absent(ContentHash, reason: String)
  }

  /// Events for the session.
  enum News: Sendable {
    /// The base can be read in this folder.
    case base(folder: String)
    case arrived(ContentHash)
    /// A content that the lease needs cannot be fetched; without a lease, the base.
    case failed(reason: String, lease: Int?)
  }

  private let mailbox = Mailbox<Event>()
  private let state = Mutex((hasBegun: false, isEnding: false))

  /// Begins, unless it has begun.
  ///
  /// - Parameters:
  ///   - ask: requests a piece from the coordinator.
  ///   - tell: called on the fetcher's thread when a content has arrived or cannot be fetched.
  func begin(
    ask: @escaping @Sendable (Tenbin_ContentRequest) -> Void, tell: @escaping @Sendable (News) -> Void,
    logger: Logger
  ) {
    let isNew = state.withLock { state in
      defer { state.hasBegun = true }
      return !state.hasBegun && !state.isEnding
    }
    guard isNew else { return }
    let thread = Thread { [self] in
      FetchLoop(mailbox: mailbox, isEnding: { [self] in isEnding }, ask: ask, tell: tell, logger: logger)
        .run()
    }
    thread.name = "contents"
    thread.start()
  }

  func send(_ event: Event) { mailbox.send(event) }

  /// Ends, and keeps partial contents, from which the next fetcher resumes.
  func end() {
    state.withLock { $0.isEnding = true }
    mailbox.close()
  }

  private var isEnding: Bool { state.withLock { $0.isEnding } }
}

/// The loop on the fetcher's thread.
private final class FetchLoop {
  private let mailbox: Mailbox<ContentFetcher.Event>
  private let isEnding: () -> Bool
  private let ask: (Tenbin_ContentRequest) -> Void
  private let tell: (ContentFetcher.News) -> Void
  private let logger: Logger
  private var fetch = ContentFetch()
  private var cache: ContentCache?
  private var partials: [ContentHash: PartialContent] = [:]
  private var base: BaseFolder?
  private var lastPiece = ContinuousClock.now
  private var lastLook = ContinuousClock.now
  /// Bytes that were received since the cache was last trimmed.
  private var bytesUntrimmed = FetchLoop.limit

  /// The most bytes of contents that a host keeps, bases apart.
  private static let limit = 16 << 30
  /// How often to check whether another worker on this host has finished or died.
  private static let lookInterval = Duration.milliseconds(50)
  /// A request without an answer for this long was dropped by a busy coordinator.
  private static let answerLimit = Duration.seconds(10)

  init(
    mailbox: Mailbox<ContentFetcher.Event>, isEnding: @escaping () -> Bool,
    ask: @escaping (Tenbin_ContentRequest) -> Void, tell: @escaping (ContentFetcher.News) -> Void,
    logger: Logger
  ) {
    (self.mailbox, self.isEnding, self.ask, self.tell, self.logger) = (mailbox, isEnding, ask, tell, logger)
  }

  func run() {
    while !isEnding() {
      let patience: Double? = fetch.isWaitingForOthers ? 0.05 : fetch.isWaitingForPieces ? 1 : nil
      let event = mailbox.receive(until: patience.map { Date(timeIntervalSinceNow: $0) })
      if event == nil && patience == nil || isEnding() { return }
      if let event { handle(event) }
      let now = ContinuousClock.now
      if fetch.isWaitingForOthers, now - lastLook >= Self.lookInterval {
        lastLook = now
        perform(fetch.lookAgain())
      }
      if fetch.isWaitingForPieces, now - lastPiece >= Self.answerLimit {
        lastPiece = now
        perform(fetch.askAgain())
      }
    }
  }

  private func handle(_ event: ContentFetcher.Event) {
    switch event {
    case .base(let base): obtain(base)
    case .want(let contents, let lease):
      if !fetch.isWaitingForPieces { lastPiece = .now }
      perform(fetch.want(contents, for: .lease(lease)))
    case .release(let lease): perform(fetch.release(.lease(lease)))
    case .retain(let leases): perform(fetch.retain(leases: leases))
    case .piece(let content, let offset, let bytes):
      lastPiece = .now
      perform(fetch.received(content, offset: offset, bytes: bytes))
    case .absent(let content, let reason): perform(fetch.absent(content, reason: reason))
    }
  }

  private func obtain(_ base: BaseFolder) {
    self.base = base
    if let folder = base.found { return tell(.base(folder: folder)) }
    lastPiece = .now
    let missing = base.missing
    if !missing.isEmpty {
      let bytes = missing.reduce(0) { $0 + $1.bytes }
      let names = missing.map(\.name).joined(separator: ", ")
      logger.info(
        "fetching the base from the coordinator: \(bytes) bytes in \(names); \(base.bytesHere(of: missing)) bytes are here already"
      )
    }
    perform(fetch.want(missing, for: .base))
    completeBase()
  }

  /// Assembles the base when none of its files is missing.
  private func completeBase() {
    guard let base, !fetch.isIncomplete(for: .base), !isEnding() else { return }
    self.base = nil
    do {
      tell(.base(folder: try base.assemble()))
    } catch {
      tell(.failed(reason: "\(error)", lease: nil))
    }
  }

  private func perform(_ actions: [ContentFetch.Action]) {
    var actions = actions
    var done = 0
    while done < actions.count {
      let action = actions[done]
      done += 1
      actions += perform(action)
    }
  }

  /// Performs one action; returns the actions that follow from it.
  private func perform(_ action: ContentFetch.Action) -> [ContentFetch.Action] {
    switch action {
    case .open(let content): return open(content)
    case .request(let content, let range):
      ask(
        .with {
          $0.content = Data(content.bytes)
          $0.offset = UInt64(range.lowerBound)
          $0.bytes = UInt32(range.count)
        })
    case .append(let content, let bytes):
      return attempt(content) { (partial) throws(ContentError) in
        try partial.append(bytes)
        return []
      }
    case .restart(let content):
      return attempt(content) { (partial) throws(ContentError) in
        try partial.restart()
        return []
      }
    case .verify(let content):
      return attempt(content) { (partial) throws(ContentError) in
        // If the session ends meanwhile, the next one checks it.
        guard let isRight = try partial.finish(isEnding: isEnding) else { return [] }
        if isRight {
          bytesUntrimmed += partial.bytes
          partials[content] = nil
        }
        return fetch.verified(content, isRight: isRight)
      }
    case .close(let content):
      if let partial = partials.removeValue(forKey: content), partial.bytes == 0 { partial.discard() }
    case .discard(let content): partials.removeValue(forKey: content)?.discard()
    case .arrived(let content):
      trim()
      tell(.arrived(content))
      completeBase()
    case .failed(let error, let claims):
      for claim in claims {
        switch claim {
        case .base:
          base = nil
          tell(.failed(reason: "\(error)", lease: nil))
        case .lease(let lease): tell(.failed(reason: "\(error)", lease: lease))
        }
      }
    }
    return []
  }

  private func open(_ content: ContentHash) -> [ContentFetch.Action] {
    guard let wanted = fetch[content] else { return [] }
    do {
      let cache = try cache ?? ContentCache(folder: CacheFolder.path("content"))
      self.cache = cache
      switch try cache.open(wanted) {
      case .whole: return fetch.found(content)
      case .busy: return fetch.busy(content)
      case .partial(let partial):
        partials[content] = partial
        return fetch.opened(content, here: partial.bytes)
      }
    } catch let error as ContentError {
      return fetch.broken(content, error.problem)
    } catch {
      return fetch.broken(content, .system(file: "the cache", step: "use", reason: "\(error)"))
    }
  }

  private func attempt(
    _ content: ContentHash, _ body: (PartialContent) throws(ContentError) -> [ContentFetch.Action]
  ) -> [ContentFetch.Action] {
    guard let partial = partials[content] else { return [] }
    do throws(ContentError) {
      return try body(partial)
    } catch {
      return fetch.broken(content, error.problem)
    }
  }

  private func trim() {
    guard bytesUntrimmed >= Self.limit / 16, let cache else { return }
    bytesUntrimmed = 0
    cache.trim(toBytes: Self.limit, keeping: fetch.wanted.union(base?.contents ?? []))
  }
}
