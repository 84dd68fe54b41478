package import Coordinator
import Foundation
import Ledger
import Optimization
package import Planning
package import Scheduler
import Support
import SwiftProtobuf
package import Transport
package import Worker

/// Sends synthetic runs through a real coordinator: its sockets, state machines, ledger and shared memory.
package final class BenchmarkAudit {
  private let eventLoop: CoordinatorLoop
  private let folder: String
  private var commits: [Commit] = []
  private var workerSeconds: [Double] = []
  /// When the first work was assigned.
  package private(set) var started = ContinuousClock.now

  /// A step that was committed.
  package struct Commit: Sendable {
    package let run: Int
    package let at: ContinuousClock.Instant
    package let meanLoss: Double
    /// The most seconds that one worker spent on the step.
    package var busiest: Double
  }

  /// - Parameters:
  ///   - microBatches: micro-batches of each step.
  ///   - microBatch: samples of each micro-batch.
  ///   - initial: the parameters that every run starts from.
  package convenience init(
    runs: Int, microBatches: Int, microBatch: Int, steps: Int, initial: [Float], sharesMemory: Bool
  ) throws {
    let planned = (0..<runs).map { run in
      PlannedRun(
        identifier: RunIdentifier("run-\(run)"), arm: 0, purpose: .task(seed: run),
        schedule: RunSchedule(
          trainingItems: Array(0..<microBatches * microBatch), evaluatedItems: [],
          key: RandomKey(seed: run)[.benchmark], epochs: steps, rate: 1e-4, batch: microBatches * microBatch,
          microBatch: microBatch),
        outputs: .uniform(2))
    }
    try self.init(
      runs: planned, kind: .training, optimizer: OptimizerSettings(weightDecay: 0.01, warmup: 0, clip: nil),
      sharesMemory: sharesMemory
    ) { _ in initial }
  }

  /// - Parameters:
  ///   - kind: the kind of the single phase of all runs.
  ///   - initial: the parameters that a run starts from.
  package init(
    runs: [PlannedRun], kind: Phase.Kind, optimizer: OptimizerSettings, sharesMemory: Bool,
    initial: @escaping (PlannedRun) throws -> [Float]
  ) throws {
    folder =
      "\(FileManager.default.temporaryDirectory.path)/tenbin-bench-\(getpid())-\(UInt32.random(in: 0..<1_000_000))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let folder = folder
    eventLoop = try CoordinatorLoop(
      settings: CoordinatorSettings(
        sharedFolder: sharesMemory ? folder.split(separator: "/").last.map(String.init) : nil,
        ledger: try Ledger(file: "\(folder)/ledger.sqlite", plan: ContentHash(of: folder.utf8)),
        states: StateFiles(folder: "\(folder)/states"), welcome: .with { $0.threads = 1 },
        catalogue: Transfer(subject: .catalogue(.init()), payload: []), methods: runs.map { _ in 0 },
        initialState: { TrainingState(step: 0, parameters: FloatBuffer(try initial(runs[$0]))) }),
      listeningAt: try Address("ipc://\(folder)/s"),
      audit: AuditStateMachine(
        runs: runs, phases: [Phase(arm: 0, kind: kind, runs: Array(runs.indices))], optimizer: optimizer,
        loop: .parallel, cluster: ClusterStateMachine()))
    eventLoop.delegate = self
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  package var address: String { eventLoop.connections.control }

  /// Bytes sent to and received from workers.
  package var traffic: Traffic { eventLoop.traffic }

  /// Waits for the workers, and runs everything.
  package func run(workers: Int) throws -> [Commit] {
    defer { eventLoop.close(because: "the benchmark is over") }
    let deadline = ContinuousClock.now + .seconds(300)
    while eventLoop.audit.workerCount < workers {
      try eventLoop.step()
      guard ContinuousClock.now < deadline else { throw BenchmarkError("the workers have not joined within 300 s") }
    }
    started = .now
    try eventLoop.start()
    while !eventLoop.audit.isFinished { try eventLoop.step() }
    return commits
  }

  /// The share of time, between the first steps and the last one, in which the busiest worker did not compute.
  package func shareOutsideWorkers(after skipped: Int) -> Double {
    let counted = commits.dropFirst(max(1, skipped)).dropLast()
    guard let first = counted.first, let last = counted.last, last.at > first.at else { return 0 }
    let busy = counted.dropFirst().reduce(0) { $0 + $1.busiest }
    return max(0, 1 - busy / ((last.at - first.at) / .seconds(1)))
  }

  /// Works for a benchmark's coordinator until it says goodbye.
  package static func work(
    at address: String, name: String, computation: any MicroBatchComputation, sharesMemory: Bool = true
  ) throws {
    let session = try WorkerSession(
      settings: WorkerSettings(
        name: name, address: try Address(address), fingerprint: .with { $0.processor = "benchmark" }, host: "benchmark",
        patience: 60, sharesMemory: sharesMemory)
    ) { _, _ in computation }
    try session.run()
  }
}

extension BenchmarkAudit: CoordinatorLoopDelegate {
  package func committed(_ step: CommittedStep) {
    commits.append(
      Commit(
        run: step.run, at: .now, meanLoss: step.lossSum / Double(max(1, step.samples)),
        busiest: workerSeconds.max() ?? 0))
    workerSeconds = []
  }

  package func delivered(_ delivery: Tenbin_Delivery, by worker: ConnectedWorker) {
    workerSeconds.append(delivery.workerSeconds)
  }

  package func failed(_ worker: ConnectedWorker, reason: String) throws { throw BenchmarkError(reason) }
}
