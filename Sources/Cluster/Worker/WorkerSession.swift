internal import Foundation
package import Logging
internal import Planning
internal import Scheduler
internal import Support
internal import SwiftProtobuf
package import Transport

/// One incarnation of a worker: says hello, does the work of its leases, and ends with a goodbye.
///
/// It computes on the thread that calls `run`; sockets and heartbeats have a thread of their own.
package final class WorkerSession {
  /// An event for the thread that computes.
  enum Event: Sendable {
    case wire(WorkerEvent)
    case contents(ContentFetcher.News)
    /// An event from the reducer at this address.
    case reducer(WorkerEvent, at: String)
  }

  let settings: WorkerSettings
  let mailbox = Mailbox<Event>()
  let endpoint: any WorkerConnection
  let fetcher = ContentFetcher()
  let exchange: SliceExchange
  /// Makes the computation when the catalogue has arrived and the base is in the folder that the welcome names.
  let prepare: (Tenbin_Welcome, Tenbin_Catalogue) throws -> any MicroBatchComputation

  var welcome: Tenbin_Welcome?
  /// The catalogue, until the base is here.
  var catalogue: Tenbin_Catalogue?
  /// Tokens of each item.
  private var lengths: [Int] = []
  /// Leases whose contents were requested.
  var claimed: Set<Int> = []
  private var folder: SharedFolder?
  var computation: (any MicroBatchComputation)?
  var queue = WorkerQueue()
  var runs: [Int: KnownRun] = [:]
  /// Parameters and states that were received, by run.
  var parameters: [Int: (version: Int, floats: FloatBuffer)] = [:]
  var states: [Int: (step: Int, floats: FloatBuffer)] = [:]
  var grants: [Int: Tenbin_LeaseGrant] = [:]
  /// The run and version whose parameters the model of each method holds.
  var loaded: [Int: (run: Int, version: Int)] = [:]
  /// Parameters in shared memory, by file name.
  private var mapped: [String: SharedParameters] = [:]
  /// The run that is assigned whole to this worker, or the runs of one pack.
  var exclusiveRuns: [ExclusiveRun] = []
  var outgoing: OutgoingBuffers
  let scratch = ScratchBuffers()
  var nextTransfer: UInt64 = 1
  var unitsDone: UInt64 = 0
  var stepsDone: UInt64 = 0

  /// Connects to the coordinator that the settings name.
  package convenience init(
    settings: WorkerSettings, prepare: @escaping (Tenbin_Welcome, Tenbin_Catalogue) throws -> any MicroBatchComputation
  ) throws(WireError) {
    try self.init(settings: settings, prepare: prepare) { (events) throws(WireError) in
      try WorkerEndpoint(
        connectingTo: settings.address, security: settings.security, silenceLimit: settings.patience, events: events)
    }
  }

  /// - Parameter connect: makes the connection, which must pass every event to the closure that it is given.
  package init(
    settings: WorkerSettings,
    prepare: @escaping (Tenbin_Welcome, Tenbin_Catalogue) throws -> any MicroBatchComputation,
    connect: (@escaping @Sendable (WorkerEvent) -> Void) throws(WireError) -> any WorkerConnection
  ) throws(WireError) {
    self.settings = settings
    self.prepare = prepare
    outgoing = OutgoingBuffers(folder: nil, name: "")
    let (mailbox, fetcher) = (mailbox, fetcher)
    exchange = SliceExchange(settings: settings) { mailbox.send(.reducer($0, at: $1)) }
    endpoint = try connect { event in
      // Pieces of contents need not wait for the thread that computes.
      if let piece = ContentFetcher.Event(event) { fetcher.send(piece) } else { mailbox.send(.wire(event)) }
    }
  }

  /// Asks the coordinator, from any thread, to assign nothing more and to say goodbye.
  package var leave: @Sendable () -> Void {
    let endpoint = endpoint
    return { endpoint.send(.leaving(Tenbin_Leaving())) }
  }

  /// Works until the coordinator says goodbye.
  ///
  /// - Throws: `WorkerError` when the coordinator refuses this worker or is lost, or a lease cannot be computed.
  package func run() throws {
    defer {
      fetcher.end()
      exchange.close()
      endpoint.close()
    }
    endpoint.send(
      .hello(
        .with {
          $0.name = settings.name
          $0.process = UInt32(getpid())
          $0.fingerprint = settings.fingerprint
          $0.host = settings.host
        }))
    while true {
      // Events come first: one of them may recall the next piece of work.
      if let event = canWork ? mailbox.receive(until: .distantPast) : mailbox.receive() {
        if try handle(event) { return }
      } else if canWork {
        try work()
      } else {
        return
      }
    }
  }

  /// Returns whether the event was a goodbye.
  private func handle(_ event: Event) throws -> Bool {
    switch event {
    case .wire(.message(let message)): return try handle(message)
    case .wire(.transfer(let transfer)): try handle(transfer)
    case .contents(let news): try handle(news)
    case .reducer(let event, let address): handle(exchange.handle(event, at: address))
    case .wire(.coordinatorLost):
      throw WorkerError(
        .unreachable,
        "no message from the coordinator at \(settings.address) for \(Int(settings.patience)) s; is it running?")
    case .wire(.failed(let error)): throw WorkerError(.failure, "\(error)")
    }
    return false
  }

  private func handle(_ message: Tenbin_CoordinatorMessage) throws -> Bool {
    switch message.body {
    case .welcome(let welcome)?: try enter(welcome)
    case .refusal(let refusal)?:
      throw WorkerError(
        refusal.mayReturn ? .givenUp : .refused,
        "the coordinator at \(settings.address) \(refusal.mayReturn ? "has dropped this worker" : "refused this worker"): "
          + refusal.reason)
    case .lease(let grant)?:
      guard let lease = WorkerLease(grant) else {
        throw WorkerError(.failure, "lease \(grant.identifier) does not say what is assigned")
      }
      settings.logger.debug(
        "lease \(lease.identifier): \(lease.work) of step \(lease.version)", metadata: metadata(of: lease.run))
      if !exclusiveRuns.contains(where: { $0.lease == lease.identifier }) { grants[lease.identifier] = grant }
      take(queue.grant(lease), of: lease, slices: grant.slices)
      try claimContents()
    case .recall(let recall)?: queue.recall(lease: Int(recall.lease))
    case .settled(let settled)?: outgoing.settle(lease: Int(settled.lease), names: settled.buffers)
    case .goodbye(let goodbye)?:
      settings.logger.info("the coordinator said goodbye", metadata: ["reason": "\(goodbye.reason)"])
      // The coordinator keeps its sockets open until it receives this.
      endpoint.send(.goodbye(Tenbin_Goodbye()))
      return true
    case .phaseBegan?: ProcessMemory.resetPeak()
    case .contentAnswer, .heartbeatAnswer?, .sliceRequest?, .sliceMissing?, nil: break
    }
    return false
  }

  private func enter(_ welcome: Tenbin_Welcome) throws {
    self.welcome = welcome
    settings.logger.info("joined the coordinator at \(settings.address)")
    if settings.sharesMemory, welcome.hasShared {
      folder = SharedFolder(path: welcome.shared.path, token: Array(welcome.shared.token))
    }
    // File names must be unique among processes and incarnations.
    let number = UInt32.random(in: 0..<1_000_000)
    outgoing = OutgoingBuffers(folder: folder, name: "g-\(getpid())-\(number)")
    endpoint.connectBulk(to: try Address(welcome.bulkEndpoint), sharesMemory: folder != nil)
  }

  private func handle(_ transfer: Transfer) throws {
    switch transfer.subject {
    case .catalogue:
      let catalogue = try Tenbin_Catalogue(serializedBytes: transfer.payload)
      lengths = catalogue.lengths
      self.catalogue = catalogue
      try obtainBase()
    case .runSchedule(let subject):
      runs[Int(subject.run)] = try KnownRun(
        Tenbin_RunSchedule(serializedBytes: transfer.payload), lengths: lengths)
      queue.havePlan(of: Int(subject.run))
      try claimContents()
    case .parameters(let subject):
      guard
        queue.haveParameters(
          of: Int(subject.run), version: Int(subject.version), generation: Int(subject.generation))
      else { return }
      parameters[Int(subject.run)] = (Int(subject.version), try floats(of: transfer))
      releaseDropped()
    case .state(let subject):
      guard queue.haveState(of: Int(subject.run), step: Int(subject.step), generation: Int(subject.generation))
      else { return }
      states[Int(subject.run)] = (Int(subject.step), try floats(of: transfer))
    case .content, .delivery, .ready, .credit, .sliceState, .sliceParameters, .sliceGradient: break
    }
  }

  private func floats(of transfer: Transfer) throws(WorkerError) -> FloatBuffer {
    guard let floats = transfer.floats else {
      throw WorkerError(.failure, "the coordinator sent parameters whose length is not a multiple of four bytes")
    }
    return FloatBuffer(floats)
  }

  /// The parameters in this shared file; nil if they no longer exist.
  func shared(_ buffer: Tenbin_SharedBuffer, count: Int) -> SharedParameters? {
    if let known = mapped[buffer.name] { return known }
    guard let folder else { return nil }
    // Few runs are open at a time. A mapping that is kept would keep the memory of a run that has ended.
    if mapped.count > 64 { mapped = [:] }
    let found = try? SharedParameters(opening: buffer.name, count: count, in: folder)
    mapped[buffer.name] = found
    return found
  }

  /// A copy of the state in a shared file; nil if it no longer exists.
  func sharedState(_ buffer: Tenbin_SharedBuffer) -> FloatBuffer? {
    guard let folder, let file = try? SharedFile(opening: buffer.name, bytes: Int(buffer.bytes), in: folder) else {
      return nil
    }
    return file.floats(count: file.bytes / 4).map { FloatBuffer(copying: $0) }
  }

  /// Whether there is work whose parameters and contents are here.
  private var canWork: Bool {
    guard computation != nil else { return false }
    return nextLease != nil || exclusiveRuns.contains { !queue.isMissingContents($0.lease) }
  }

  /// The lease that begins next. While exclusive runs are in progress, only a run of the same pack may begin.
  private var nextLease: WorkerLease? {
    guard let first = exclusiveRuns.first else { return queue.next() }
    guard let pack = runs[first.run]?.schedule.pack else { return nil }
    return queue.next { lease in
      lease.work == .training && runs[lease.run]?.schedule.pack?.number == pack.number
        && !exclusiveRuns.contains { $0.lease == lease.identifier }
    }
  }

  /// Does the next piece of work, and reports work that fails.
  private func work() throws {
    guard let computation else { return }
    var leases: [Int] = []
    do {
      if let next = nextLease {
        leases = [next.identifier]
        try work(on: next, with: computation)
      } else {
        leases = exclusiveRuns.map(\.lease)
        try stepExclusiveRuns(with: computation)
      }
    } catch let error as MissingContents {
      // A file was removed or changed. Nothing was delivered for these leases yet, so they can wait and start again.
      loaded = [:]
      for lease in leases { hasContents(missing: error.contents, for: lease) }
    } catch {
      for lease in leases { fail(lease, because: "\(error)") }
      throw error
    }
  }

  /// The metadata of log lines about a run.
  func metadata(of run: Int) -> Logger.Metadata { ["run": "\(runs[run]?.identifier ?? String(run))"] }

  func fail(_ lease: Int, because reason: String) {
    endpoint.send(
      .failure(
        .with {
          $0.lease = UInt64(lease)
          $0.reason = reason
        }))
  }
}

/// A worker's name, coordinator and environment.
package struct WorkerSettings: Sendable {
  package var name: String
  package var address: Address
  package var security: ClientSecurity?
  package var fingerprint: Tenbin_Fingerprint
  /// The host that the worker runs on, as its system names itself.
  package var host: String
  /// The longest silence of the coordinator, in seconds.
  package var patience: Double
  /// Whether memory is shared with a coordinator on the same host.
  package var sharesMemory: Bool
  /// Used on any thread.
  package var logger: Logger

  package init(
    name: String, address: Address, security: ClientSecurity? = nil, fingerprint: Tenbin_Fingerprint, host: String,
    patience: Double, sharesMemory: Bool, logger: Logger = Logger(label: "worker")
  ) {
    self.name = name
    self.address = address
    self.security = security
    self.fingerprint = fingerprint
    self.host = host
    self.patience = patience
    self.sharesMemory = sharesMemory
    self.logger = logger
  }
}

extension WorkerLease {
  init?(_ grant: Tenbin_LeaseGrant) {
    let work: Work
    switch grant.work {
    case .microBatches(let units)? where units.first < units.end:
      work = .microBatches(Int(units.first)..<Int(units.end))
    case .blocks(let units)? where units.first < units.end: work = .blocks(Int(units.first)..<Int(units.end))
    case .training?: work = .training
    default: return nil
    }
    self.init(
      identifier: Int(grant.identifier), run: Int(grant.run), version: Int(grant.version), work: work,
      sharesMemory: grant.hasParameters, generation: Int(grant.generation))
  }
}

// Contents that must be on this host before a lease can be computed.
extension WorkerSession {
  /// Looks for the base and fetches it if it is missing; the computation is made when it is here.
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

  /// Requests the missing contents of all leases, waiting ones included, so that they come while others are computed.
  func claimContents() throws {
    guard let computation else { return }
    for lease in queue.leases where !claimed.contains(lease.identifier) {
      guard let run = runs[lease.run] else { continue }
      claimed.insert(lease.identifier)
      let missing = computation.missing(try items(of: lease, run: run))
      if !missing.isEmpty { fetch(.want(missing, lease: lease.identifier)) }
    }
  }

  /// The items of a lease, in the order in which they are computed.
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

  /// Whether a lease has all its contents; if `contents` are missing, it waits until they have arrived.
  @discardableResult
  func hasContents(missing contents: [WantedContent], for lease: Int) -> Bool {
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
      // There is no lease yet to fail.
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
  /// Nil for an event that is not about contents.
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

// Leases of runs whose parameters are, or were, in slices.
extension WorkerSession {
  /// Takes note of the slices of a lease's parameters, and requests them.
  func take(_ granted: WorkerQueue.Granted, of lease: WorkerLease, slices: [Tenbin_Slice]) {
    for dropped in granted.dropped { end(dropped) }
    if granted.isRestarted {
      // The known parameters may belong to steps that were undone.
      parameters[lease.run] = nil
      loaded = loaded.filter { $0.value.run != lease.run }
    }
    guard granted.isTaken, !slices.isEmpty else { return }
    exchange.locate(slices, run: lease.run, generation: lease.generation)
    if parameters[lease.run]?.version == lease.version { return }
    do {
      try exchange.ask(run: lease.run, version: lease.version)
    } catch {
      settings.logger.warning("a reducer cannot be reached: \(error)")
      handle([.lost(run: lease.run, reducer: slices.first?.reducer.endpoint)])
    }
  }

  func handle(_ news: [SliceExchange.News]) {
    for item in news {
      switch item {
      case .parameters(let run, let version, let generation, let floats):
        guard queue.haveParameters(of: run, version: version, generation: generation) else { continue }
        parameters[run] = (version, floats)
        releaseDropped()
      case .lost(let run, let reducer):
        if let reducer {
          settings.logger.warning(
            "the reducer at \(reducer) cannot be reached", metadata: metadata(of: run))
        }
        for lease in queue.dropUnits(of: run) { endStale(lease, unreachable: reducer) }
      }
    }
  }
}
