import Checkpoints
import Foundation
import Optimization
import Support
import Torch
import Worker

/// Times training steps: gradients, AdamW, and the parameters back into the model.
package enum StepBenchmark {
  /// In this process. Throws the error of the checkpoint, of libtorch, or `BenchmarkError`.
  package static func run(_ settings: StepSettings) throws -> StepMeasurement {
    let checkpoint = try StepCheckpoint(settings.model)
    try TorchLibrary.setThreads(settings.threads)
    let workload = try StepWorkload(settings, checkpoint: checkpoint.folder)
    let initial = try workload.layout.initialValues(from: checkpoint.folder, key: StepWorkload.key[.initial])
    var optimizer = AdamW(parameters: initial, weightDecay: 0.01)
    let gradient = FloatBuffer(repeating: 0, count: initial.count)
    var seconds: [Double] = []
    var loss = 0.0
    for step in 0..<(settings.warmup + settings.steps) {
      let start = ContinuousClock.now
      try workload.load(optimizer.parameters.floats, method: 0)
      let sum = try workload.lossSum(
        method: 0, items: Array(0..<settings.batch), draws: StepWorkload.key, gradient: gradient)
      loss = sum / Double(settings.batch)
      try optimizer.apply(gradientSum: gradient, scale: 1 / Float(settings.batch), rate: 1e-4)
      if step >= settings.warmup { seconds.append((ContinuousClock.now - start) / .seconds(1)) }
    }
    guard loss.isFinite else { throw BenchmarkError("the loss is not finite: \(loss)") }
    return StepMeasurement(
      settings, world: 1, seconds: seconds, trainable: initial.count,
      peakResidentBytes: ProcessStatus.peakResidentBytes(of: getpid()), peakProportionalBytes: nil, loss: loss)
  }

  /// Through a coordinator that shares one run among `workers` worker processes, a batch each. A single worker is timed
  /// in this process, because the steps of an exclusive run cannot be timed from outside.
  ///
  /// - Parameter command: the program and its first arguments; `step-worker` and the worker's own arguments follow.
  package static func run(
    _ settings: StepSettings, workers: Int, command: [String], arguments: [String]
  ) throws -> StepMeasurement {
    guard workers > 1 else { return try run(settings) }
    let checkpoint = try StepCheckpoint(settings.model)
    let layout = try TrainableLayout(
      configuration: checkpoint.folder.configuration, method: settings.method, labels: 2)
    let initial = try layout.initialValues(from: checkpoint.folder, key: StepWorkload.key[.initial])
    // A step is timed from the end of the one before it. The last step is left out: it also copies the parameters.
    let skipped = max(1, settings.warmup)
    let audit = try BenchmarkAudit(
      runs: 1, microBatches: workers, microBatch: settings.batch, steps: skipped + settings.steps + 1,
      initial: initial, sharesMemory: true)
    let processes = try (0..<workers).map { index in
      try BenchmarkProcess(
        command: command + ["--connect", audit.address, "--arch", checkpoint.folder.path, "--index", "\(index)"]
          + arguments)
    }
    defer { for process in processes { process.end() } }
    let memory = ProportionalMemory(processes: processes.map(\.identifier))
    defer { memory.stop() }
    let times = try audit.run(workers: workers).dropLast()
    guard let loss = times.last?.meanLoss, loss.isFinite else { throw BenchmarkError("the loss is not finite") }
    let seconds = zip(times, times.dropFirst()).map { ($1.at - $0.at) / .seconds(1) }
    guard seconds.count >= settings.steps else { throw BenchmarkError("the coordinator committed too few steps") }
    return StepMeasurement(
      settings, world: workers, seconds: Array(seconds.suffix(settings.steps)), trainable: initial.count,
      peakResidentBytes: processes.map { ProcessStatus.peakResidentBytes(of: $0.identifier) }.max() ?? 0,
      peakProportionalBytes: memory.peakBytes, loss: loss,
      outsideShare: audit.shareOutsideWorkers(after: skipped))
  }

  /// Serves one worker of a benchmark until the coordinator says goodbye.
  package static func serveWorker(_ settings: StepSettings, address: String, index: Int) throws {
    try TorchLibrary.setThreads(settings.threads)
    let workload = try StepWorkload(settings, checkpoint: CheckpointFolder(path: settings.model))
    try BenchmarkAudit.work(at: address, name: "worker-\(index)", computation: workload)
  }
}
