internal import Foundation
internal import Planning
internal import Scheduler
internal import Support
internal import SwiftProtobuf
internal import Transport

// What has to be on this host before something can be computed.
extension WorkerSession {
  /// Looks for the base, and fetches it where it is not here; what computes is made when it is.
  func obtainBase() throws {
    guard let welcome else { return }
    guard let base = try BaseFolder(welcome) else { return try makeComputation(base: welcome.baseFolder) }
    fetch(.base(base))
  }

  private func makeComputation(base folder: String) throws {
    guard var welcome, let catalogue else { return }
    welcome.baseFolder = folder
    computation = try prepare(welcome, catalogue)
    self.catalogue = nil
    endpoint.send(.prepared(Tenbin_Prepared()))
    try claimContents()
  }

  /// Asks for what the leases lack, those that wait included, so that it comes while others are computed.
  func claimContents() throws {
    guard let computation else { return }
    for lease in queue.leases where !claimed.contains(lease.identifier) {
      guard let run = runs[lease.run] else { continue }
      claimed.insert(lease.identifier)
      let lacking = computation.lacking(try items(of: lease, run: run))
      if !lacking.isEmpty { fetch(.want(lacking, lease: lease.identifier)) }
    }
  }

  /// The items that a lease is about, in the order in which they are computed.
  func items(of lease: WorkerLease, run: KnownRun) throws -> [Int] {
    switch lease.work {
    case .microBatches(let units):
      return try step(lease.version, of: lease.run).microBatches.dropFirst(units.lowerBound).prefix(units.count)
        .flatMap(\.self)
    case .blocks(let blocks): return run.blocks.dropFirst(blocks.lowerBound).prefix(blocks.count).flatMap(\.self)
    case .training:
      guard lease.version < run.schedule.steps else { return [] }
      let order = run.schedule.order(epoch: lease.version / run.schedule.stepsPerEpoch)
      let done = min(order.count, lease.version % run.schedule.stepsPerEpoch * run.schedule.batch)
      return Array(order[done...] + order[..<done])
    }
  }

  /// Lets a lease wait for contents; returns whether there are none to wait for.
  @discardableResult
  func lack(_ contents: [WantedContent], for lease: Int) -> Bool {
    guard !contents.isEmpty else { return true }
    queue.addMissing(Set(contents.map(\.content)), for: lease)
    fetch(.want(contents, lease: lease))
    return false
  }

  /// The lease has ended.
  func releaseContents(of lease: Int) {
    if claimed.remove(lease) != nil { fetcher.send(.release(lease: lease)) }
  }

  /// Leases were dropped because others have done their work.
  func releaseDropped() {
    let left = Set(queue.leases.map(\.identifier))
    guard !claimed.isSubset(of: left) else { return }
    claimed.formIntersection(left)
    fetcher.send(.retain(leases: left))
  }

  func handle(_ news: ContentFetcher.News) throws {
    switch news {
    case .base(let folder): try makeComputation(base: folder)
    case .arrived(let content): queue.have(content)
    case .failed(let reason, let lease?):
      guard queue.leases.contains(where: { $0.identifier == lease }) else { return }
      fail(lease, because: reason)
      throw WorkerError(.failure, reason)
    case .failed(let reason, nil):
      // No lease is held yet that could fail.
      endpoint.send(.goodbye(.with { $0.reason = reason }))
      throw WorkerError(.failure, reason)
    }
  }

  private func fetch(_ event: ContentFetcher.Event) {
    let (endpoint, mailbox) = (endpoint, mailbox)
    fetcher.begin(
      ask: { endpoint.send(.contentRequest($0)) }, tell: { mailbox.send(.contents($0)) }, logger: settings.logger)
    fetcher.send(event)
  }
}

extension ContentFetcher.Event {
  /// Nil for everything that is not about contents.
  init?(_ event: WorkerEvent) {
    switch event {
    case .transfer(let transfer):
      guard case .content(let subject) = transfer.subject, let content = ContentHash(bytes: subject.content) else {
        return nil
      }
      self = .piece(content, offset: Int(clamping: subject.offset), bytes: transfer.payload)
    case .message(let message):
      guard case .contentAnswer(let answer)? = message.body, let content = ContentHash(bytes: answer.content) else {
        return nil
      }
      self = .absent(content, reason: answer.problem)
    default: return nil
    }
  }
}
