package import Checkpoints
import Foundation
import Optimization
import Planning
import Scheduler
import Support
import Torch
import Worker

/// Trains LoRA shadow models, each on its half of some random images, and scores every image with each, as
/// `fleet_peft.py` does with PyTorch and PEFT.
package enum ShadowModelsBenchmark {
  package struct Settings: Sendable {
    package var models: Int
    /// Whether all layers are adapted, or the last third alone.
    package var adaptsAllLayers: Bool
    package var precision: Precision
    package var items: Int
    package var epochs: Int
    package var batch: Int
    package var microBatch: Int
    /// Models in a pack.
    package var packed: Int
    package var workers: Int
    package var threads: Int

    package init(
      models: Int, adaptsAllLayers: Bool, precision: Precision, items: Int, epochs: Int, batch: Int, microBatch: Int,
      packed: Int, workers: Int, threads: Int
    ) {
      self.models = models
      self.adaptsAllLayers = adaptsAllLayers
      self.precision = precision
      self.items = items
      self.epochs = epochs
      self.batch = batch
      self.microBatch = microBatch
      self.packed = packed
      self.workers = workers
      self.threads = threads
    }

    fileprivate func pack(of model: Int) -> RunSchedule.Pack? {
      let first = model / packed * packed
      let size = min(packed, models - first)
      return size > 1 ? RunSchedule.Pack(number: first, slot: model - first, size: size) : nil
    }

    fileprivate var method: AdaptationMethod {
      .lora(
        LoRAConfiguration(
          rank: 8, alpha: 16, targets: ["query", "value"], layers: adaptsAllLayers ? .all : .last(4)))
    }
  }

  /// The first fields are those of the peer.
  package struct Measurement: Codable, Sendable {
    package var models: Int
    package var layers: String
    package var dtype: String
    package var items: Int
    package var epochs: Int
    /// From the first lease to the last score.
    package var wallS: Double
    package var modelS: Double
    /// The peak of the largest worker.
    package var peakRssMib: Int
    package var workers: Int
    package var microbatch: Int
    package var packed: Int
  }

  private static let model = StepArchitecture.vitTiny32.rawValue

  /// - Parameter command: the program and its first arguments; `--connect`, `--arch` and the worker's own follow.
  package static func run(_ settings: Settings, command: [String], arguments: [String]) throws -> Measurement {
    let checkpoint = try StepCheckpoint(model)
    let layout = try TrainableLayout(
      configuration: checkpoint.folder.configuration, method: settings.method, labels: 2)
    let key = StepWorkload.key[.shadowModels]
    let runs = (0..<settings.models).map { model in
      let half = key[.mask][model].permutation(count: settings.items).prefix(settings.items / 2).sorted()
      return PlannedRun(
        identifier: RunIdentifier("model-\(model)"), arm: 0, purpose: .shadowModel(model),
        schedule: RunSchedule(
          trainingItems: half, evaluatedItems: Array(0..<settings.items), key: key[.model][model],
          epochs: settings.epochs, rate: 1e-3, batch: settings.batch, microBatch: settings.microBatch,
          pack: settings.pack(of: model)),
        outputs: .uniform(2))
    }
    let audit = try BenchmarkAudit(
      runs: runs, kind: .shadowModels, optimizer: OptimizerSettings(weightDecay: 0.01, warmup: 0, clip: nil),
      sharesMemory: true
    ) { try layout.initialValues(from: checkpoint.folder, key: $0.schedule.key[.initial]) }
    let processes = try (0..<settings.workers).map { index in
      try BenchmarkProcess(
        command: command + ["--connect", audit.address, "--arch", checkpoint.folder.path, "--index", "\(index)"]
          + arguments)
    }
    defer { for process in processes { process.end() } }
    _ = try audit.run(workers: settings.workers)
    let seconds = (ContinuousClock.now - audit.started) / .seconds(1)
    return Measurement(
      models: settings.models, layers: settings.adaptsAllLayers ? "all" : "last-third",
      dtype: settings.precision.rawValue, items: settings.items, epochs: settings.epochs, wallS: seconds,
      modelS: seconds / Double(settings.models),
      peakRssMib: (processes.map { ProcessStatus.peakResidentBytes(of: $0.identifier) }.max() ?? 0) >> 20,
      workers: settings.workers, microbatch: settings.microBatch, packed: settings.packed)
  }

  /// Serves one worker of the benchmark until the coordinator says goodbye.
  package static func serveWorker(_ settings: Settings, folder: String, address: String, index: Int) throws {
    try TorchLibrary.setThreads(settings.threads)
    let checkpoint = try CheckpointFolder(path: folder)
    guard let size = checkpoint.configuration.imageSize else {
      throw BenchmarkError("\(folder): not a model of images", exitStatus: .wrongInput)
    }
    let computation = ImageComputation(
      checkpoint: checkpoint, methods: [settings.method],
      items: RandomImages(shape: [3, size.height, size.width], count: settings.items, device: .cpu),
      labels: 2,
      settings: .init(
        precision: settings.precision, device: .cpu, environment: ContentHash(of: address.utf8),
        activationCacheLimit: 4 << 30))
    try BenchmarkAudit.work(at: address, name: "worker-\(index)", computation: computation)
  }
}
