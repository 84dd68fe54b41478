internal import Support

// The parts of the scheduler's state; only `ClusterStateMachine` changes them.

/// A worker that takes part.
struct WorkerState: Sendable {
  let worker: WorkerIdentifier
  var lastHeard: Duration
  var lastDelivered: Duration
  /// Its leases, oldest first.
  var held: [Int] = []
  /// Whether it holds whole runs, and so nothing else.
  var trains = false
  var isDraining = false
  var isSilent = false
  var speed = WorkerSpeed()
  var evaluationSpeed = WorkerSpeed()
  var unitsDone = 0

  var isActive: Bool { !isDraining && !isSilent }
}

/// The training of one run, until it has ended.
struct JobState: Sendable {
  let run: Int
  var step: Int
  let end: Int
  /// Micro-batches a step.
  let microBatches: Int
  /// Jobs with the same number are assigned together to one worker, for which one costs as much as all.
  let pack: Int?
  var mode = Mode.idle
  /// Leases of the whole run that count.
  var holders: [Int] = []

  var isAssigned: Bool { mode == .assigned || mode == .recalled }

  enum Mode: Sendable {
    case idle
    /// Assigned whole, as long as there are holders.
    case assigned
    /// Assigned whole, but to be given back after the current step.
    case recalled
    /// The current step's round is open, or about to be.
    case shared
  }
}

/// A lease that has not ended.
struct LeaseState: Sendable {
  let lease: Lease
  private(set) var granted: Duration
  /// Whether the worker of an exclusive run was asked to give it back.
  var isRecalled = false
  /// When its worker was last reminded of it; `reminders` counts how often.
  var reminded: Duration?
  var reminders = 0

  init(lease: Lease, granted: Duration) {
    self.lease = lease
    self.granted = granted
  }

  /// Excludes time in which the coordinator was held up.
  mutating func move(by time: Duration, to now: Duration) {
    granted = min(now, granted + time)
    reminded = reminded.map { min(now, $0 + time) }
  }
}

/// An open round: the units that are pending, and the portions that were assigned.
struct RoundState: Sendable {
  let round: Round
  let total: Int
  /// Units that no worker has: disjoint ranges, in order, that do not touch.
  private(set) var pending: [Range<Int>]
  /// Assigned units by their first unit; together with the pending units they cover the round.
  var portions: [Int: Portion] = [:]
  /// The number of workers that must agree before units count.
  var replicasRequired = 1
  /// Whether any units have needed more than one replica.
  var comparesReplicas = false
  /// Whether workers disagreed, and it is not known which was wrong.
  var isDisputed = false

  /// Consecutive units as they were assigned; a replica computes exactly these.
  struct Portion: Sendable {
    let units: Range<Int>
    var replicasRequired: Int
    /// Whether a result was not finite: its worker alone is not believed, but may be asked again.
    var isDoubtful = false
    /// Leases that have not ended.
    var holders: [Int] = []
    var replicas: [Replica] = []
    /// The replica that counted; nil before one has.
    var counted: Replica?
    var isDisputed = false

    /// The largest group of replicas that agree; of several, the one that came first.
    var agreed: [Replica] {
      var best: [Replica] = []
      for replica in replicas where !best.contains(where: { $0.digest == replica.digest }) {
        let same = replicas.filter { $0.digest == replica.digest }
        if same.count > best.count { best = same }
      }
      return best
    }

    /// Whether more workers should compute it.
    var needsReplicas: Bool { counted == nil && agreed.count + holders.count < replicasRequired }
  }

  /// The delivery of one worker.
  struct Replica: Sendable, Equatable {
    let lease: Int
    let worker: WorkerIdentifier
    /// nil when there is nothing to compare it with.
    let digest: TensorDigest?
  }

  init(round: Round, total: Int) {
    self.round = round
    self.total = total
    pending = [0..<total]
  }

  var isComplete: Bool { pending.isEmpty && portions.values.allSatisfy { $0.counted != nil } }
  var pendingCount: Int { pending.reduce(0) { $0 + $1.count } }

  /// Takes up to `count` consecutive pending units.
  mutating func take(_ count: Int) -> Range<Int>? {
    guard let first = pending.first else { return nil }
    let taken = first.prefix(max(1, count))
    if taken.count == first.count {
      pending.removeFirst()
    } else {
      pending[0] = taken.upperBound..<first.upperBound
    }
    return taken
  }

  /// Makes units pending again.
  mutating func putBack(_ units: Range<Int>) {
    portions[units.lowerBound] = nil
    var joined: [Range<Int>] = []
    for range in (pending + [units]).sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = joined.last, last.upperBound == range.lowerBound {
        joined[joined.count - 1] = last.lowerBound..<range.upperBound
      } else {
        joined.append(range)
      }
    }
    pending = joined
  }

  /// Forgets all deliveries; from now on `replicasRequired` workers must agree on each unit.
  mutating func restart(replicasRequired: Int, isDisputed: Bool) {
    pending = [0..<total]
    portions = [:]
    self.replicasRequired = replicasRequired
    self.isDisputed = isDisputed
    if replicasRequired > 1 { comparesReplicas = true }
  }

  /// Replicas that wait for others to agree with them.
  var waitingReplicas: [Replica] {
    portions.keys.sorted().flatMap { first in
      portions[first].map { $0.counted == nil ? $0.replicas : [] } ?? []
    }
  }
}

/// The latest latencies of one kind of work, in seconds per unit.
struct LatencyWindow: Sendable {
  private var recent: [Double] = []
  private var sorted: [Double] = []
  private var next = 0
  private static let window = 64

  mutating func add(_ seconds: Double) {
    if recent.count < Self.window {
      recent.append(seconds)
    } else {
      // Kept sorted, because it is read more often than it changes.
      sorted.remove(at: position(of: recent[next]))
      recent[next] = seconds
      next = (next + 1) % Self.window
    }
    sorted.insert(seconds, at: position(of: seconds))
  }

  /// The quantile at `share`; nil before the first value.
  func quantile(_ share: Double) -> Double? {
    guard !sorted.isEmpty else { return nil }
    return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
  }

  /// The index of the first value that is not below `seconds`.
  private func position(of seconds: Double) -> Int {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < seconds { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// An exponentially weighted mean of a worker's seconds per unit.
struct WorkerSpeed: Sendable {
  private(set) var secondsPerUnit: Double?

  mutating func add(_ seconds: Double) {
    secondsPerUnit = secondsPerUnit.map { 0.7 * $0 + 0.3 * seconds } ?? seconds
  }

  /// Takes a lower bound: work that has not ended yet has taken this long.
  mutating func addAtLeast(_ seconds: Double) {
    if seconds > secondsPerUnit ?? 0 { add(seconds) }
  }

  /// Units a second; nil before the first.
  var rate: Double? { secondsPerUnit.map { 1 / max($0, 1e-9) } }
}
