import Foundation
import Synchronization
import Transport

/// Measures a coordinator's throughput with workers that return at once, or sleep instead of computing.
package enum CoordinationBenchmark {
  package struct Settings: Sendable {
    package var workers: Int
    package var runs: Int
    package var parameters: Int
    package var microBatches: Int
    package var steps: Int
    /// Milliseconds of each micro-batch.
    package var milliseconds: Double
    package var sharesMemory: Bool
    /// Workers are threads of this process instead of processes.
    package var areThreads: Bool

    package init(
      workers: Int, runs: Int, parameters: Int, microBatches: Int, steps: Int, milliseconds: Double,
      sharesMemory: Bool, areThreads: Bool
    ) {
      self.workers = workers
      self.runs = runs
      self.parameters = parameters
      self.microBatches = microBatches
      self.steps = steps
      self.milliseconds = milliseconds
      self.sharesMemory = sharesMemory
      self.areThreads = areThreads
    }
  }

  package struct Measurement: Codable, Sendable {
    package var workers: Int
    package var runs: Int
    package var parameters: Int
    package var microBatches: Int
    package var steps: Int
    package var sharesMemory: Bool
    package var seconds: Double
    package var stepsPerSecond: Double
    package var bytesPerStep: Int
    /// The share of the rate of workers that never wait; nil if micro-batches cost nothing.
    package var shareOfIdeal: Double?
  }

  /// - Parameter command: the program and its first arguments; a worker's own follow.
  package static func run(_ settings: Settings, command: [String]) throws -> Measurement {
    let audit = try BenchmarkAudit(
      runs: settings.runs, microBatches: settings.microBatches, microBatch: 1, steps: settings.steps,
      initial: [Float](repeating: 0.01, count: settings.parameters), sharesMemory: settings.sharesMemory)
    let address = audit.address
    var processes: [BenchmarkProcess] = []
    let threads = DispatchGroup()
    for index in 0..<settings.workers {
      if settings.areThreads {
        startThread(index, address: address, settings: settings, group: threads)
      } else {
        processes.append(
          try BenchmarkProcess(
            command: command + [
              "--connect", address, "--index", "\(index)", "--parameters", "\(settings.parameters)", "--milliseconds",
              "\(settings.milliseconds)", settings.sharesMemory ? "--shared-memory" : "--no-shared-memory",
            ]))
      }
    }
    defer { for process in processes { process.end() } }
    let commits = try audit.run(workers: settings.workers)
    threads.wait()
    // From the first lease to the last step, because commits of exclusive runs come in bursts.
    guard let last = commits.last else { throw BenchmarkError("no step was committed") }
    let seconds = (last.at - audit.started) / .seconds(1)
    let rate = Double(commits.count) / seconds
    let ideal = Double(settings.workers) / (settings.milliseconds / 1000 * Double(settings.microBatches))
    return Measurement(
      workers: settings.workers, runs: settings.runs, parameters: settings.parameters,
      microBatches: settings.microBatches, steps: commits.count, sharesMemory: settings.sharesMemory, seconds: seconds,
      stepsPerSecond: rate, bytesPerStep: (audit.traffic.sent + audit.traffic.received) / max(1, commits.count),
      shareOfIdeal: settings.milliseconds > 0 ? rate / ideal : nil)
  }

  private static func startThread(_ index: Int, address: String, settings: Settings, group: DispatchGroup) {
    group.enter()
    let thread = Thread {
      do {
        try BenchmarkAudit.work(
          at: address, name: "thread-\(index)",
          computation: NullComputation(parameters: settings.parameters, seconds: settings.milliseconds / 1000),
          sharesMemory: settings.sharesMemory)
      } catch {
        FileHandle.standardError.write(Data("worker thread \(index): \(error)\n".utf8))
      }
      group.leave()
    }
    thread.name = "worker \(index)"
    thread.start()
  }
}
