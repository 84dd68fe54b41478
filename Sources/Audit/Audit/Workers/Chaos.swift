internal import Foundation

/// Faults that an audit makes in its own workers, to show that they do not change its results.
struct Chaos {
  private let meanTime: Duration
  private var next: Duration?
  private var hit: Set<Int32> = []
  /// Processes that were stopped, and when they go on.
  private var stopped: [Int32: Duration] = [:]
  private var generator = SystemRandomNumberGenerator()

  init(meanTime: Duration) {
    self.meanTime = meanTime
  }

  /// Whether this process was killed here.
  func hasHit(_ process: Int32) -> Bool { hit.contains(process) }

  /// Kills or stops a worker when it is time to: twice in three times the first, for up to five seconds the second.
  mutating func act(on workers: LocalWorkers, at now: Duration) {
    for (process, end) in stopped where now >= end {
      kill(process, SIGCONT)
      stopped[process] = nil
    }
    guard let due = next else {
      next = now + pause()
      return
    }
    guard now >= due else { return }
    next = now + pause()
    guard let victim = workers.processes.values.map(\.identifier).sorted().randomElement(using: &generator) else {
      return
    }
    if Int.random(in: 0..<3, using: &generator) < 2 {
      hit.insert(victim)
      stopped[victim] = nil
      kill(victim, SIGKILL)
    } else {
      stopped[victim] = now + .milliseconds(Int.random(in: 500...5_000, using: &generator))
      kill(victim, SIGSTOP)
    }
  }

  /// Exponentially distributed.
  private mutating func pause() -> Duration {
    meanTime * -log(Double.random(in: Double.leastNonzeroMagnitude...1, using: &generator))
  }
}
