import Scheduler
import Support

/// A cluster whose shared runs have their rounds opened at once, and that remembers what is assigned.
struct TestCluster {
  var cluster: ClusterStateMachine
  var now: Duration = .zero
  /// Micro-batches a step.
  let units: Int
  private(set) var leases: [Lease] = []
  private(set) var actions: [ClusterStateMachine.Action] = []
  private var steps: [Int: Int] = [:]

  init(workers: Int = 0, units: Int = 8, timing: ClusterTiming = ClusterTiming(), duplicateRate: Double = 0) {
    cluster = ClusterStateMachine(timing: timing, duplicateRate: duplicateRate)
    self.units = units
    for index in 0..<workers { join(worker(index)) }
  }

  /// Lets something happen, and does what is asked for.
  mutating func `do`(_ event: (inout ClusterStateMachine, Duration) -> [ClusterStateMachine.Action]) {
    var asked = event(&cluster, now)
    while !asked.isEmpty {
      let action = asked.removeFirst()
      actions.append(action)
      switch action {
      case .grant(let lease): leases.append(lease)
      case .share(let run):
        let round = Round(run: run, kind: .step(steps[run] ?? 0))
        asked += cluster.open(round, units: units, at: now)
      case .completed(let round):
        if case .step(let step) = round.kind {
          steps[round.run] = step + 1
          asked += cluster.advance(run: round.run, to: step + 1, at: now)
        }
      default: break
      }
    }
  }

  mutating func join(_ worker: WorkerIdentifier) { self.do { $0.handle(.joined(worker), at: $1) } }

  mutating func train(run: Int, steps: Int = 100) {
    self.do { [units] in $0.openTraining(run: run, step: 0, end: steps, microBatches: units, at: $1) }
  }

  /// Runs of one pack, opened at once.
  mutating func train(pack: Int, runs: Range<Int>, steps: Int = 100) {
    cluster.hold()
    for run in runs {
      self.do { [units] in
        $0.openTraining(run: run, step: 0, end: steps, microBatches: units, pack: pack, at: $1)
      }
    }
    cluster.release()
    self.do { $0.reconsider(at: $1) }
  }

  mutating func evaluate(run: Int, blocks: Int) {
    self.do { $0.open(Round(run: run, kind: .evaluation), units: blocks, at: $1) }
  }

  /// Delivers the result `value` for a lease of units.
  mutating func deliver(_ lease: Lease, _ value: Float = 1) {
    self.do { $0.deliver(lease: lease.identifier, from: lease.worker, .logits([value]), at: $1) }
  }

  /// Gives a whole run back before `step`.
  mutating func giveBack(_ lease: Lease, before step: Int) {
    steps[lease.run] = step
    self.do {
      _ = $0.deliver(training: lease.identifier, from: lease.worker, steps: 1, isLast: true, at: $1)
      return $0.advance(run: lease.run, to: step, at: $1)
    }
  }

  /// Lets time pass, in which all workers but `silent` are heard.
  mutating func wait(_ time: Duration, silent: [WorkerIdentifier] = []) {
    let end = now + time
    while now < end {
      now = min(end, now + .milliseconds(100))
      for worker in cluster.summary.map(\.worker) where !silent.contains(worker) {
        _ = cluster.handle(.heard(worker), at: now)
      }
      self.do { $0.handle(.timePassed, at: $1) }
    }
  }

  /// The leases that a worker holds.
  func held(by worker: WorkerIdentifier) -> [Lease] { cluster.summary.first { $0.worker == worker }?.leases ?? [] }

  /// The last action of all that is like this.
  func has(_ action: ClusterStateMachine.Action) -> Bool { actions.contains(action) }
}

/// A worker for tests.
func worker(_ index: Int) -> WorkerIdentifier { WorkerIdentifier("m\(index)") }
