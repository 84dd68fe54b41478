internal import Checkpoints
internal import Datasets
internal import Planning
internal import Specification

/// The work and storage of an audit, counted from its plan; only the activations are estimated.
package struct AuditWorkload: Sendable, Equatable, Encodable {
  package var name: String
  /// The checkpoint folder of the base.
  package var base: String
  /// The class of the model, `ViTForImageClassification` for example.
  package var architecture: String
  package var task: String
  package var items: Items
  package var classes: Int
  package var seeds: Int
  /// Items whose membership is inferred; 0 if privacy is not measured.
  package var pool: Int
  /// `fp32` or `bf16`.
  package var precision: String
  /// Samples per step, and samples per micro-batch.
  package var batch: Int
  package var microbatch: Int
  /// Threads per worker.
  package var threads: Int
  /// The number of workers in the specification.
  package var plannedWorkers: Int
  package var model: Model
  /// In the specification's order.
  package var arms: [Arm]
  /// The number of runs of the search before the audit.
  package var searchRuns: Int
  /// Whether an interim analysis may end shadow models early; their counts are then upper bounds.
  package var mayStopEarly: Bool

  package init(
    name: String, base: String, architecture: String, task: String, items: Items, classes: Int, seeds: Int, pool: Int,
    precision: String, batch: Int, microbatch: Int, threads: Int, plannedWorkers: Int, model: Model, arms: [Arm],
    searchRuns: Int = 0, mayStopEarly: Bool = false
  ) {
    self.name = name
    self.base = base
    self.architecture = architecture
    self.task = task
    self.items = items
    self.classes = classes
    self.seeds = seeds
    self.pool = pool
    self.precision = precision
    self.batch = batch
    self.microbatch = microbatch
    self.threads = threads
    self.plannedWorkers = plannedWorkers
    self.model = model
    self.arms = arms
    self.searchRuns = searchRuns
    self.mayStopEarly = mayStopEarly
  }

  /// Items by split.
  package struct Items: Sendable, Equatable, Encodable {
    package var train: Int
    package var validation: Int
    package var test: Int

    package init(train: Int, validation: Int, test: Int) {
      self.train = train
      self.validation = validation
      self.test = test
    }

    package var total: Int { train + validation + test }
  }

  /// The base, in elements and bytes.
  package struct Model: Sendable, Equatable, Encodable {
    /// Parameters without a head.
    package var backboneParameters: Int
    package var layers: Int
    /// One memory map of the frozen base in the audit's precision.
    package var frozenBytes: Int
    /// The file in the host's cache where the base's precision on disk is another; 0 if none is made.
    package var convertedFileBytes: Int
    /// The memory that one sample needs until its gradient is computed, estimated from the shapes.
    package var activationBytesPerSample: Int
    /// One resized image, as workers keep them.
    package var itemBytes: Int

    package init(
      backboneParameters: Int, layers: Int, frozenBytes: Int, convertedFileBytes: Int, activationBytesPerSample: Int,
      itemBytes: Int
    ) {
      self.backboneParameters = backboneParameters
      self.layers = layers
      self.frozenBytes = frozenBytes
      self.convertedFileBytes = convertedFileBytes
      self.activationBytesPerSample = activationBytesPerSample
      self.itemBytes = itemBytes
    }
  }

  /// One way of adapting the base.
  package struct Arm: Sendable, Equatable, Encodable {
    package var name: String
    package var method: Method
    /// Elements that are trained, or the elements of an external adapter.
    package var trainedParameters: Int
    /// Runs by seed, or the one evaluation of an external adapter.
    package var runs: Work
    /// The shadow models.
    package var shadowModels: Work
    /// The size of one run's checkpoint folder.
    package var checkpointBytes: Int
    /// The share of the layers below the first trained one; their activations of an item are computed once and
    /// cached.
    package var frozenShare: Double

    package init(
      name: String, method: Method, trainedParameters: Int, runs: Work, shadowModels: Work, checkpointBytes: Int,
      frozenShare: Double = 0
    ) {
      self.name = name
      self.method = method
      self.trainedParameters = trainedParameters
      self.runs = runs
      self.shadowModels = shadowModels
      self.checkpointBytes = checkpointBytes
      self.frozenShare = frozenShare
    }
  }

  /// The kinds of steps, by cost.
  package enum Method: Sendable, Hashable, Encodable {
    case head
    case lora(rank: Int)
    case full
    /// An external adapter, which is only evaluated.
    case given

    package var description: String {
      switch self {
      case .head: "head"
      case .lora(let rank): "lora of rank \(rank)"
      case .full: "full"
      case .given: "given"
      }
    }

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(description)
    }
  }

  /// Some runs of one arm, added up.
  package struct Work: Sendable, Equatable, Encodable {
    package var runs = 0
    package var steps = 0
    package var microBatches = 0
    /// Samples whose gradients are computed, over all epochs.
    package var trainedSamples = 0
    /// Samples whose logits are computed.
    package var evaluatedSamples = 0
    /// Validation samples that are evaluated before the end of training, of which only the loss is kept.
    package var validationSamples = 0

    package init() {}

    package static func + (left: Work, right: Work) -> Work {
      var sum = left
      sum.runs += right.runs
      sum.steps += right.steps
      sum.microBatches += right.microBatches
      sum.trainedSamples += right.trainedSamples
      sum.evaluatedSamples += right.evaluatedSamples
      sum.validationSamples += right.validationSamples
      return sum
    }
  }

  /// The sum over all arms.
  package var total: Work { arms.reduce(Work()) { $0 + $1.runs + $1.shadowModels } }
  /// Training runs and evaluations by seed.
  package var runs: Int { arms.reduce(0) { $0 + $1.runs.runs } }
  package var shadowModels: Int { arms.reduce(0) { $0 + $1.shadowModels.runs } }
}

extension AuditInputs {
  /// How much the audit will compute and keep, for a forecast.
  ///
  /// - Throws: `AuditError` if the checkpoint cannot be measured.
  package func workload() throws(AuditError) -> AuditWorkload {
    try AuditError.wrapping(.configuration) {
      let training = specification.training
      return AuditWorkload(
        name: specification.name, base: checkpoint.path,
        architecture: checkpoint.configuration.architecture.className(
          with: specification.task.head(classes: classNames.count)),
        task: specification.task.rawValue,
        items: .init(
          train: plan.splits.train.count, validation: plan.splits.validation.count, test: plan.splits.test.count),
        classes: classNames.count, seeds: specification.seeds.count, pool: plan.membership?.pool.count ?? 0,
        precision: training.precision.rawValue, batch: training.batch, microbatch: training.microbatch,
        threads: specification.cluster.threads, plannedWorkers: plannedWorkers, model: try modelWorkload(),
        arms: try specification.arms.indices.map(armWorkload), searchRuns: try forSearch()?.plan.runs.count ?? 0,
        mayStopEarly: specification.privacy?.earlyStopping != nil)
    }
  }

  private func modelWorkload() throws -> AuditWorkload.Model {
    let precision: Checkpoints.Precision = specification.training.precision == .bfloat16 ? .bfloat16 : .float32
    let architecture = checkpoint.configuration.architecture
    let parameters = architecture.backboneTensors.reduce(0) { $0 + $1.count }
    let size = precision == .bfloat16 ? 2 : 4
    let image = checkpoint.configuration.imageSize
    return AuditWorkload.Model(
      backboneParameters: parameters, layers: architecture.layerCount, frozenBytes: size * parameters,
      convertedFileBytes: try FrozenWeights.convertedFileBytes(of: checkpoint, precision: precision),
      activationBytesPerSample: size * architecture.activationElements,
      itemBytes: image.map { 3 * $0.height * $0.width } ?? 0)
  }

  private func armWorkload(_ arm: Int) throws -> AuditWorkload.Arm {
    var (runs, shadowModels) = (AuditWorkload.Work(), AuditWorkload.Work())
    // With a search, the candidate with the most epochs represents the one that will be chosen.
    let search = try forSearch()?.plan.runs ?? []
    let longest = search.filter { $0.arm == arm }.map(\.schedule.epochs).max()
    for run in search + plan.runs where run.arm == arm {
      switch run.purpose {
      case .shadowModel: shadowModels = shadowModels + run.work(epochs: longest)
      case .search: runs = runs + run.work()
      case .task, .given: runs = runs + run.work(epochs: longest)
      }
    }
    let method: AuditWorkload.Method =
      switch (specification.arms[arm].isTrained, methods[arm]) {
      case (false, _): .given
      case (true, .head): .head
      case (true, .lora(let lora)): .lora(rank: lora.rank)
      case (true, .full): .full
      }
    // A head alone is saved as a whole checkpoint, like all weights, because PEFT has no format for it.
    let kept =
      if case .lora = methods[arm] {
        layouts[arm].count
      } else {
        try TrainableLayout(
          configuration: checkpoint.configuration, method: .full,
          head: specification.task.head(classes: classNames.count)
        ).count
      }
    return AuditWorkload.Arm(
      name: specification.arms[arm].name, method: method, trainedParameters: layouts[arm].count, runs: runs,
      shadowModels: shadowModels, checkpointBytes: 4 * kept, frozenShare: frozenShare(of: arm))
  }

  /// The share of the layers whose activations are computed once and cached.
  private func frozenShare(of arm: Int) -> Double {
    guard specification.arms[arm].isTrained, specification.cluster.activationCache > 0 else { return 0 }
    switch layouts[arm].frozenPrefix {
    case .features: return 1
    case .blocks(let count):
      return Double(count) / Double(max(1, checkpoint.configuration.architecture.layerCount))
    case nil: return 0
    }
  }
}

extension PlannedRun {
  /// The work of the run.
  ///
  /// - Parameter other: epochs to use instead of the run's own.
  fileprivate func work(epochs other: Int? = nil) -> AuditWorkload.Work {
    let epochs = other ?? schedule.epochs
    var work = AuditWorkload.Work()
    work.runs = 1
    work.steps = schedule.stepsPerEpoch * epochs
    work.trainedSamples = schedule.trainingItems.count * epochs
    work.evaluatedSamples = schedule.evaluatedItems.count * (1 + schedule.tracedEpochs(of: epochs))
    if case .validation = schedule.earlierEvaluations {
      work.validationSamples = schedule.validationPositions.count * RunSchedule.validationSteps(of: work.steps).count
    }
    work.microBatches =
      epochs * (0..<schedule.stepsPerEpoch).reduce(0) { $0 + schedule.microBatchCount(step: $1) }
    return work
  }
}
