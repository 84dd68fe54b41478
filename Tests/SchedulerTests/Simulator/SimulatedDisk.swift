import Optimization
import Scheduler
import Support

/// What survives a coordinator: the ledger, and the last saved state of each run.
struct SimulatedDisk {
  struct StepEntry {
    let run: Int
    let step: Int
    let gradient: TensorDigest
    let parameters: TensorDigest
  }

  enum Entry {
    case step(StepEntry)
    case completed(run: Int, FinishedRun)
  }

  /// What is written in order, and what is durable of it.
  private var queue: [(entry: Entry, durable: Int)] = []
  private(set) var steps: [[Int: StepEntry]]
  private(set) var completed: [Int: FinishedRun] = [:]
  private var saving: [(run: Int, state: TrainingState, digest: TensorDigest, durable: Int)] = []
  private(set) var states: [Int: TrainingState] = [:]
  private var lastEntry = 0
  private var lastState = 0
  /// What was found to be wrong.
  private(set) var problems: [String] = []

  init(runs: Int) {
    steps = Array(repeating: [:], count: runs)
  }

  mutating func append(_ entry: Entry, at now: Int, delay: Int) {
    lastEntry = max(lastEntry, now + delay)
    queue.append((entry, lastEntry))
  }

  mutating func save(_ state: TrainingState, run: Int, at now: Int, delay: Int) {
    lastState = max(lastState, now + delay)
    saving.append((run, state, Self.digest(state), lastState))
  }

  /// Lets time pass.
  mutating func settle(at now: Int) {
    while let first = saving.first, first.durable <= now {
      saving.removeFirst()
      // The buffers are read when they are written, not when they are handed over.
      if Self.digest(first.state) != first.digest {
        problems.append("the saved state of run \(first.run) changed meanwhile")
      }
      if completed[first.run] == nil { states[first.run] = first.state.copy }
    }
    while let first = queue.first, first.durable <= now {
      queue.removeFirst()
      switch first.entry {
      case .step(let entry):
        if let known = steps[entry.run][entry.step],
          known.parameters != entry.parameters || known.gradient != entry.gradient
        {
          problems.append("step \(entry.step) of run \(entry.run) was recorded with other digests before")
        }
        steps[entry.run][entry.step] = entry
      case .completed(let run, let finished):
        if completed[run] != nil { problems.append("run \(run) was completed before") }
        completed[run] = finished
        states[run] = nil
      }
    }
  }

  /// The coordinator has crashed: what was not durable is lost.
  mutating func crash() {
    queue = []
    saving = []
    (lastEntry, lastState) = (0, 0)
  }

  /// States of unfinished runs that agree with the ledger.
  func recovered() -> [Int: TrainingState] {
    states.filter { run, state in
      completed[run] == nil && state.step > 0
        && steps[run][state.step - 1]?.parameters == TensorDigest(of: state.parameters.floats)
    }.mapValues(\.copy)
  }

  private static func digest(_ state: TrainingState) -> TensorDigest {
    TensorDigest(
      of: [state.parameters, state.moments?.first, state.moments?.second].compactMap { $0 }.map {
        TensorDigest(of: $0.floats)
      })
  }
}
