import Checkpoints
import Foundation
import Optimization
import RandomNumbers
import Torch

/// Times training steps: gradients, AdamW, and the parameters back into the model.
package enum StepBenchmark {
  /// In this process. Throws the error of the checkpoint, of libtorch, or `BenchmarkError`.
  package static func run(_ settings: StepSettings) throws -> StepMeasurement {
    let checkpoint = try StepCheckpoint(settings.model)
    try TorchLibrary.setThreads(settings.threads)
    let workload = try StepWorkload(settings, checkpoint: checkpoint.folder, rank: 0)
    return try measure(
      settings, ranks: [getpid()], initialValues: workload.initialValues, proportionalBytes: nil
    ) { values in
      try [workload.gradientSum(values)]
    }
  }

  /// In `world` processes of their own, each with its batch, whose gradients are added here in their order.
  ///
  /// - Parameter command: the program and its first arguments; `step-rank` and the rank's own arguments follow.
  package static func run(
    _ settings: StepSettings, world: Int, command: [String], arguments: [String]
  ) throws -> StepMeasurement {
    let checkpoint = try StepCheckpoint(settings.model)
    let layout = try TrainableLayout(
      configuration: checkpoint.folder.configuration, method: settings.method, labels: 2)
    let initial = try layout.initialValues(from: checkpoint.folder, key: StepWorkload.key["initial"])
    let ranks = try (0..<world).map { rank in
      try StepRank(command: command + ["--arch", checkpoint.folder.path, "--index", "\(rank)"] + arguments)
    }
    defer { for rank in ranks { rank.end() } }
    let memory = ProportionalMemory(processes: ranks.map(\.process))
    defer { memory.stop() }
    for rank in ranks { try rank.waitUntilReady() }
    return try measure(
      settings, ranks: ranks.map(\.process), initialValues: initial, proportionalBytes: { memory.peakBytes },
      gradients: { values in
        for rank in ranks { try rank.send(values) }
        return try ranks.map { try $0.receive(count: layout.count) }
      })
  }

  /// - Parameter ranks: the processes that compute, alive until the last step.
  private static func measure(
    _ settings: StepSettings, ranks: [Int32], initialValues: [Float], proportionalBytes: (() -> Int)?,
    gradients: ([Float]) throws -> [(lossSum: Double, gradient: [Float])]
  ) throws -> StepMeasurement {
    var optimizer = AdamW(parameters: initialValues, weightDecay: 0.01)
    var seconds: [Double] = []
    var loss = 0.0
    let samples = settings.batch * ranks.count
    for step in 0..<(settings.warmup + settings.steps) {
      let start = ContinuousClock.now
      var sums = try gradients(optimizer.parameters)
      var total = sums.removeFirst()
      for sum in sums {
        total.lossSum += sum.lossSum
        for index in total.gradient.indices { total.gradient[index] += sum.gradient[index] }
      }
      loss = total.lossSum / Double(samples)
      try optimizer.apply(gradientSum: total.gradient, scale: 1 / Float(samples), rate: 1e-4)
      if step >= settings.warmup { seconds.append((ContinuousClock.now - start) / .seconds(1)) }
    }
    guard loss.isFinite else { throw BenchmarkError("the loss is not finite: \(loss)") }
    return StepMeasurement(
      settings, world: ranks.count, seconds: seconds, trainable: initialValues.count,
      peakResidentBytes: ranks.map(ProcessStatus.peakResidentBytes).max() ?? 0,
      peakProportionalBytes: proportionalBytes?(), loss: loss)
  }
}
