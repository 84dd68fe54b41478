package import Support

/// The leases of one worker and the order in which it does them: a lease waits until everything that it needs has
/// arrived.
package struct WorkerQueue: Sendable {
  /// In the order in which they were granted.
  package private(set) var leases: [WorkerLease] = []
  private var plans: Set<Int> = []
  private var parameters: [Int: Int] = [:]
  private var states: [Int: Int] = [:]
  private var recalled: Set<Int> = []
  /// How often each run has gone back to an earlier state, as far as this worker knows.
  private var generations: [Int: Int] = [:]
  /// Contents that leases wait for.
  private var missing: [Int: Set<ContentHash>] = [:]

  package init() {}

  /// The progress of a granted lease.
  package struct Granted: Sendable, Equatable {
    /// Whether the worker has the lease now.
    package let isTaken: Bool
    /// Whether the run has gone back to an earlier state, so that its parameters and states are void.
    package let isRestarted: Bool
    /// Leases of that run that were dropped.
    package let dropped: [Int]
  }

  /// A lease was granted. It is ignored when it was granted before, or needs parameters older than those that have
  /// come.
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

  /// The schedule of a run has arrived.
  package mutating func havePlan(of run: Int) { plans.insert(run) }

  /// The parameters of a run, of this version, have arrived. Leases that need older ones are dropped, because
  /// other workers have done their work.
  ///
  /// - Parameter generation: as in the leases that need them.
  /// - Returns: whether to keep them; false if newer ones have arrived before.
  @discardableResult
  package mutating func haveParameters(of run: Int, version: Int, generation: Int = 0) -> Bool {
    guard generation >= generations[run] ?? 0 else { return false }
    _ = enter(generation: generation, of: run)
    if let known = parameters[run], known > version { return false }
    parameters[run] = version
    drop(where: isOutdated)
    return true
  }

  /// Drops the leases of a run's units.
  ///
  /// - Returns: the leases.
  package mutating func dropUnits(of run: Int) -> [Int] {
    let dropped = leases.filter { $0.run == run && $0.work != .training }.map(\.identifier)
    drop { dropped.contains($0.identifier) }
    return dropped
  }

  /// The state of a run before this step has arrived.
  ///
  /// - Returns: whether to keep it; false if a newer one has arrived before.
  @discardableResult
  package mutating func haveState(of run: Int, step: Int, generation: Int = 0) -> Bool {
    guard generation >= generations[run] ?? 0 else { return false }
    _ = enter(generation: generation, of: run)
    if let known = states[run], known > step { return false }
    states[run] = step
    return true
  }

  /// The coordinator recalls an exclusive run, whose lease may not have arrived yet.
  package mutating func recall(lease: Int) { recalled.insert(lease) }

  package func isRecalled(_ lease: Int) -> Bool { recalled.contains(lease) }

  /// The lease waits until these contents have arrived.
  package mutating func addMissing(_ contents: Set<ContentHash>, for lease: Int) {
    guard leases.contains(where: { $0.identifier == lease }) else { return }
    missing[lease, default: []].formUnion(contents)
  }

  /// A content has arrived.
  package mutating func have(_ content: ContentHash) {
    for lease in missing.keys where missing[lease]?.remove(content) != nil && missing[lease]?.isEmpty == true {
      missing[lease] = nil
    }
  }

  /// Whether the lease waits for contents; a recalled lease needs none.
  package func isMissingContents(_ lease: Int) -> Bool { missing[lease] != nil && !recalled.contains(lease) }

  /// The first lease that can be worked on, of those that meet a condition.
  package func next(where condition: (WorkerLease) -> Bool = { _ in true }) -> WorkerLease? {
    leases.first { canStart($0) && condition($0) }
  }

  /// The training of an exclusive run begins and consumes its state: the run's next lease brings its own, maybe before
  /// this one has ended.
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
    for lease in leases where condition(lease) { missing[lease.identifier] = nil }
    leases.removeAll(where: condition)
  }

  private func canStart(_ lease: WorkerLease) -> Bool {
    guard plans.contains(lease.run), !isMissingContents(lease.identifier) else { return false }
    if lease.sharesMemory { return true }
    return lease.work == .training ? states[lease.run] == lease.version : parameters[lease.run] == lease.version
  }
}

/// A lease as its worker sees it.
package struct WorkerLease: Hashable, Sendable {
  package let identifier: Int
  package let run: Int
  /// The version of the parameters: the next step.
  package let version: Int
  package let work: Work
  /// Whether the parameters are in shared memory, so that none have to come.
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
