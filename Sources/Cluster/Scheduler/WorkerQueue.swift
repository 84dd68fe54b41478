package import Support

/// What a worker was lent and in which order it does it: a lease waits until everything that it needs has come.
package struct WorkerQueue: Sendable {
  /// In the order in which they were granted.
  package private(set) var leases: [WorkerLease] = []
  private var plans: Set<Int> = []
  private var parameters: [Int: Int] = [:]
  private var states: [Int: Int] = [:]
  private var recalled: Set<Int> = []
  /// How often each run has gone back to an earlier state, as far as it is known here.
  private var generations: [Int: Int] = [:]
  /// Contents that leases wait for.
  private var lacking: [Int: Set<ContentHash>] = [:]

  package init() {}

  /// What became of a lease that was granted.
  package struct Granted: Sendable, Equatable {
    /// It is there now.
    package let isTaken: Bool
    /// The run has gone back to an earlier state: what was known of it is void.
    package let isRestarted: Bool
    /// Leases of that run that were dropped.
    package let dropped: [Int]
  }

  /// A lease was granted. One that is there already, or whose parameters are gone, is not taken a second time.
  @discardableResult
  package mutating func grant(_ lease: WorkerLease) -> Granted {
    guard lease.generation >= generations[lease.run] ?? 0 else {
      return Granted(isTaken: false, isRestarted: false, dropped: [])
    }
    let before = generations[lease.run] ?? 0
    let dropped = enter(generation: lease.generation, of: lease.run)
    if !leases.contains(where: { $0.identifier == lease.identifier }), !isOutdated(lease) { leases.append(lease) }
    return Granted(
      isTaken: leases.contains { $0.identifier == lease.identifier }, isRestarted: lease.generation > before,
      dropped: dropped)
  }

  /// Forgets what belongs to earlier generations of a run; returns the leases that are dropped.
  private mutating func enter(generation: Int, of run: Int) -> [Int] {
    guard generation > generations[run] ?? 0 else { return [] }
    generations[run] = generation
    parameters[run] = nil
    states[run] = nil
    let dropped = leases.filter { $0.run == run }.map(\.identifier)
    drop { dropped.contains($0.identifier) }
    return dropped
  }

  /// The plan of a run has come.
  package mutating func havePlan(of run: Int) { plans.insert(run) }

  /// The parameters of a run, of this version, have come. Leases that need older ones are dropped: their work is done,
  /// by others if not here.
  ///
  /// - Parameter generation: as in the leases that need them.
  /// - Returns: whether they are to be kept; false where newer ones were there before.
  @discardableResult
  package mutating func haveParameters(of run: Int, version: Int, generation: Int = 0) -> Bool {
    guard generation >= generations[run] ?? 0 else { return false }
    _ = enter(generation: generation, of: run)
    if let known = parameters[run], known > version { return false }
    parameters[run] = version
    drop(where: isOutdated)
    return true
  }

  /// Drops what was lent of a run's units.
  ///
  /// - Returns: the leases.
  package mutating func dropUnits(of run: Int) -> [Int] {
    let dropped = leases.filter { $0.run == run && $0.work != .training }.map(\.identifier)
    drop { dropped.contains($0.identifier) }
    return dropped
  }

  /// The state of a run before this step has come.
  ///
  /// - Returns: whether it is to be kept; false where a newer one was there before.
  @discardableResult
  package mutating func haveState(of run: Int, step: Int, generation: Int = 0) -> Bool {
    guard generation >= generations[run] ?? 0 else { return false }
    _ = enter(generation: generation, of: run)
    if let known = states[run], known > step { return false }
    states[run] = step
    return true
  }

  /// The coordinator wants a lent run back; the lease may yet have to come.
  package mutating func recall(lease: Int) { recalled.insert(lease) }

  package func isRecalled(_ lease: Int) -> Bool { recalled.contains(lease) }

  /// The lease cannot go on before these contents have come.
  package mutating func lack(_ contents: Set<ContentHash>, for lease: Int) {
    guard leases.contains(where: { $0.identifier == lease }) else { return }
    lacking[lease, default: []].formUnion(contents)
  }

  /// A content has come.
  package mutating func have(_ content: ContentHash) {
    for lease in lacking.keys where lacking[lease]?.remove(content) != nil && lacking[lease]?.isEmpty == true {
      lacking[lease] = nil
    }
  }

  /// Whether the lease waits for contents; one that is recalled needs none.
  package func isLacking(_ lease: Int) -> Bool { lacking[lease] != nil && !recalled.contains(lease) }

  /// The first lease that can be worked on, of those that fulfil a condition.
  package func next(where condition: (WorkerLease) -> Bool = { _ in true }) -> WorkerLease? {
    leases.first { canStart($0) && condition($0) }
  }

  /// The training of a lent run begins, and uses the state up: the run's next lease brings its own, maybe before this one
  /// has ended.
  package mutating func begin(_ lease: WorkerLease) { if lease.work == .training { states[lease.run] = nil } }

  /// The lease has ended.
  package mutating func finish(lease: Int) {
    drop { $0.identifier == lease }
    recalled.remove(lease)
  }

  private func isOutdated(_ lease: WorkerLease) -> Bool {
    guard lease.work != .training, let known = parameters[lease.run] else { return false }
    return known > lease.version
  }

  private mutating func drop(where condition: (WorkerLease) -> Bool) {
    for lease in leases where condition(lease) { lacking[lease.identifier] = nil }
    leases.removeAll(where: condition)
  }

  private func canStart(_ lease: WorkerLease) -> Bool {
    guard plans.contains(lease.run), !isLacking(lease.identifier) else { return false }
    if lease.sharesMemory { return true }
    return lease.work == .training ? states[lease.run] == lease.version : parameters[lease.run] == lease.version
  }
}

/// A lease as its worker sees it.
package struct WorkerLease: Hashable, Sendable {
  package let identifier: Int
  package let run: Int
  /// The step that the parameters stand before.
  package let version: Int
  package let work: Work
  /// The parameters lie in shared memory: nothing has to come.
  package let sharesMemory: Bool
  /// How often the run has gone back to an earlier state.
  package let generation: Int

  package enum Work: Hashable, Sendable {
    case microBatches(Range<Int>)
    case blocks(Range<Int>)
    case training
  }

  package init(identifier: Int, run: Int, version: Int, work: Work, sharesMemory: Bool, generation: Int = 0) {
    self.identifier = identifier
    self.run = run
    self.version = version
    self.work = work
    self.sharesMemory = sharesMemory
    self.generation = generation
  }
}
