import Scheduler
import Support

// Invariants of the whole world.
extension World {
  /// How long the disk takes for one write.
  func diskDelay() -> Int {
    now < slowDiskUntil ? 500_000 + random.index(below: 3_000_000) : 500 + random.index(below: 40_000)
  }

  /// Simulated time in which something must be counted while a healthy worker is connected. A minute passes
  /// before a lease of a worker that has delivered nothing yet is overdue, and longer where messages are lost as well.
  private static let patience = 150_000_000

  func watchProgress() {
    guard let audit = coordinator?.audit, !audit.isFinished else { return }
    let healthy = workers.filter { worker in
      worker.isRunning && !worker.isFrozen && !worker.isHung && !worker.isDraining && worker.isWelcome
        && worker.character == .honest && (worker.healthySince.map { $0 <= now } ?? false)
    }
    guard let since = healthy.compactMap(\.healthySince).min() else { return }
    // A disagreement needs a tie-breaker.
    if audit.disputes > 0, healthy.count < 3 { return }
    let last = max(since, max(lastProgress, max(coordinatorSince, stalledUntil)))
    if now - last > Self.patience {
      problem = problem ?? "nothing was counted since \(Double(last) / 1e6), though worker \(healthy[0].index) is there"
    }
  }

  /// What is wrong when the world has ended.
  func finalProblem() -> String? {
    disk.settle(at: .max)
    guard isFinished else { return "nothing happens any more, but the audit is not finished" }
    let needed = reference.needed(of: work)
    for run in work.runs.indices {
      guard needed.contains(run) else {
        if disk.completed[run] != nil || !disk.steps[run].isEmpty {
          return "run \(run) comes after an interim analysis that was enough"
        }
        continue
      }
      guard disk.completed[run] == reference.finished[run] else { return "run \(run) has other results" }
      let steps = reference.steps[run]
      guard disk.steps[run].count == steps.count else {
        return "the ledger holds \(disk.steps[run].count) steps of run \(run) instead of \(steps.count)"
      }
      for (number, step) in steps.enumerated() where disk.steps[run][number]?.parameters != step.parameters {
        return "step \(number) of run \(run) is recorded with other digests, or not"
      }
    }
    return disk.problems.first
  }
}
