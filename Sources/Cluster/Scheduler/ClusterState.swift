internal import Support

// The state of the scheduler's state machine: values that only it changes.

struct WorkerState: Sendable {
  let worker: WorkerIdentifier
  var lastHeard: Duration
  var lastDelivered: Duration
  /// Its leases, oldest first.
  var held: [Int] = []
  /// Whether it holds a whole run, and so nothing else.
  var trains = false
  var isDraining = false
  var isSilent = false
  var speed = WorkerSpeed()
  var evaluationSpeed = WorkerSpeed()
  var unitsDone = 0

  var isActive: Bool { !isDraining && !isSilent }
}

struct JobState: Sendable {
  let run: Int
  var step: Int
  let end: Int
  /// Micro-batches a step.
  let microBatches: Int
  /// Jobs of one number are assigned together, to one worker; alone they would cost it as much.
  let pack: Int?
  var mode = Mode.idle
  /// Leases of the whole run that count.
  var holders: [Int] = []

  var isAssigned: Bool { mode == .assigned || mode == .recalled }

  enum Mode: Sendable {
    case idle
    /// Lent, as long as there are holders.
    case assigned
    /// Lent, but to be given back after the current step.
    case recalled
    /// The current step's round is open, or about to be.
    case shared
  }
}

struct LeaseState: Sendable {
  let lease: Lease
  private(set) var granted: Duration
  /// Of a whole run: its worker was asked to give it back.
  var isRecalled = false
  /// When its worker was reminded of it last, and how often.
  var reminded: Duration?
  var reminders = 0

  init(lease: Lease, granted: Duration) {
    self.lease = lease
    self.granted = granted
  }

  /// Time that does not count has passed.
  mutating func move(by time: Duration, to now: Duration) {
    granted = min(now, granted + time)
    reminded = reminded.map { min(now, $0 + time) }
  }
}

/// An open round: what nobody has yet, and what was assigned of it.
struct RoundState: Sendable {
  let round: Round
  let total: Int
  /// Units that nobody has, in order, apart from each other.
  private(set) var pending: [Range<Int>]
  /// What was assigned, by its first unit; together with what is pending they cover the round.
  var portions: [Int: Portion] = [:]
  /// Deliveries by different workers that must agree before units count.
  var replicasRequired = 1
  /// Whether more than one worker was ever needed for some units.
  var comparesReplicas = false
  /// Members came to different results, and it is not known who was wrong.
  var isDisputed = false

  /// Consecutive units as they were assigned; whoever else computes them computes exactly these.
  struct Portion: Sendable {
    let units: Range<Int>
    var replicasRequired: Int
    /// Something that was delivered is not finite: whoever delivered it may not be believed alone, but may be asked again.
    var isDoubtful = false
    /// Leases that are out.
    var holders: [Int] = []
    var replicas: [Replica] = []
    /// What counted; nil while nothing has.
    var counted: Replica?
    var isDisputed = false

    /// The deliveries that agree on what most agree on; of several such groups, the one that was there first.
    var agreed: [Replica] {
      var best: [Replica] = []
      for replica in replicas where !best.contains(where: { $0.digest == replica.digest }) {
        let same = replicas.filter { $0.digest == replica.digest }
        if same.count > best.count { best = same }
      }
      return best
    }

    /// Whether more workers should compute it than do.
    var needsReplicas: Bool { counted == nil && agreed.count + holders.count < replicasRequired }
  }

  /// What one worker delivered.
  struct Replica: Sendable, Equatable {
    let lease: Int
    let worker: WorkerIdentifier
    /// nil where there is nothing to compare it with.
    let digest: TensorDigest?
  }

  init(round: Round, total: Int) {
    self.round = round
    self.total = total
    pending = [0..<total]
  }

  var isComplete: Bool { pending.isEmpty && portions.values.allSatisfy { $0.counted != nil } }
  var pendingCount: Int { pending.reduce(0) { $0 + $1.count } }

  /// Takes up to `count` consecutive units that nobody has.
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

  /// Gives units back.
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

  /// Forgets everything that was delivered; from now on `replicasRequired` workers must agree on each unit.
  mutating func restart(replicasRequired: Int, isDisputed: Bool) {
    pending = [0..<total]
    portions = [:]
    self.replicasRequired = replicasRequired
    self.isDisputed = isDisputed
    if replicasRequired > 1 { comparesReplicas = true }
  }

  /// Deliveries that wait for others to agree with them.
  var waitingReplicas: [Replica] {
    portions.keys.sorted().flatMap { first in
      portions[first].map { $0.counted == nil ? $0.replicas : [] } ?? []
    }
  }
}

/// How long pieces of work of one kind took lately, in seconds a unit.
struct LatencyWindow: Sendable {
  private var recent: [Double] = []
  private var sorted: [Double] = []
  private var next = 0
  private static let window = 64

  mutating func add(_ seconds: Double) {
    if recent.count < Self.window {
      recent.append(seconds)
    } else {
      // Kept in order, because it is asked for more often than it changes.
      sorted.remove(at: position(of: recent[next]))
      recent[next] = seconds
      next = (next + 1) % Self.window
    }
    sorted.insert(seconds, at: position(of: seconds))
  }

  /// The value below which the share `share` of the pieces lay; nil before there was one.
  func quantile(_ share: Double) -> Double? {
    guard !sorted.isEmpty else { return nil }
    return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
  }

  /// Where the first value lies that is not below `seconds`.
  private func position(of seconds: Double) -> Int {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < seconds { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// What is known of a worker's speed: seconds a unit, newer ones weighing more.
struct WorkerSpeed: Sendable {
  private(set) var secondsPerUnit: Double?

  mutating func add(_ seconds: Double) {
    secondsPerUnit = secondsPerUnit.map { 0.7 * $0 + 0.3 * seconds } ?? seconds
  }

  /// Something took at least so long.
  mutating func addAtLeast(_ seconds: Double) {
    if seconds > secondsPerUnit ?? 0 { add(seconds) }
  }

  /// Units a second; nil before one was done.
  var rate: Double? { secondsPerUnit.map { 1 / max($0, 1e-9) } }
}
