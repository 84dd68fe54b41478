internal import Checkpoints
internal import Datasets
internal import Planning
internal import Specification

extension AuditInputs {
  /// How much the audit will compute and keep, for a forecast.
  ///
  /// - Throws: `AuditError` where the checkpoint cannot be measured.
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
    var (runs, fleet) = (AuditWorkload.Work(), AuditWorkload.Work())
    // With a search, the candidate with the most epochs stands for the one that will be chosen.
    let search = try forSearch()?.plan.runs ?? []
    let longest = search.filter { $0.arm == arm }.map(\.schedule.epochs).max()
    for run in search + plan.runs where run.arm == arm {
      switch run.purpose {
      case .fleet: fleet = fleet + run.work(epochs: longest)
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
    // A head alone leaves a whole checkpoint as all weights do: PEFT has no folder for it.
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
      fleet: fleet, checkpointBytes: 4 * kept, frozenShare: frozenShare(of: arm))
  }

  /// The share of the layers whose states are computed once and kept.
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
  /// What the run computes.
  ///
  /// - Parameter other: epochs in place of its own.
  fileprivate func work(epochs other: Int? = nil) -> AuditWorkload.Work {
    let epochs = other ?? schedule.epochs
    var work = AuditWorkload.Work()
    work.runs = 1
    work.steps = schedule.stepsPerEpoch * epochs
    work.trainedSamples = schedule.trainingItems.count * epochs
    work.evaluatedSamples = schedule.evaluatedItems.count * (1 + schedule.tracedEpochs(of: epochs))
    work.microBatches =
      epochs * (0..<schedule.stepsPerEpoch).reduce(0) { $0 + schedule.microBatchCount(step: $1) }
    return work
  }
}
