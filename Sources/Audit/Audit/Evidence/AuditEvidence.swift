internal import Checkpoints
internal import Datasets
internal import Ledger
internal import MembershipInference
internal import Metrics
internal import Planning
internal import Report
internal import Scheduler
internal import Specification
internal import Statistics
internal import Support

/// Puts the outputs of the runs into the form that evaluation and report take.
struct AuditEvidence {
  let inputs: AuditInputs
  /// By the run's position in the plan.
  let completed: [Int: FinishedRun]

  var plan: Plan { inputs.plan }
  var arms: [Arm] { inputs.specification.arms }

  /// Evaluates everything and puts the report together.
  func report(costs: [CostRecord], workers: Int) throws -> AuditReport {
    let items = testItems
    let (fairness, samples) = try classification(items)
    let looks = try interimAnalyses()
    let privacy = try privacyStudy(looks)
    var report = AuditReport(
      name: inputs.specification.name, task: inputs.specification.task.rawValue, planHash: plan.hash.description,
      planVersion: Plan.version, classNames: inputs.classNames,
      positiveClass: positiveClass.map { inputs.classNames[$0] },
      counts: ItemCounts(
        items: plan.input.ownItems, train: plan.splits.train.count, validation: plan.splits.validation.count,
        test: plan.splits.test.count),
      seeds: inputs.specification.seeds, precision: inputs.specification.training.precision.rawValue,
      groups: items.groups, arms: arms.indices.map(description), fairness: fairness,
      privacy: privacy.evaluations, shadowModels: plan.membership?.masks.count ?? 0,
      poolItems: plan.membership?.pool.count ?? 0,
      losses: losses(), ratesWereFixed: inputs.search == nil && arms.contains(where: \.isTrained),
      search: inputs.search?.found,
      costs: phaseCosts(costs + (inputs.search?.costs ?? [])), workers: workers,
      samples: samples, clusterColumn: inputs.specification.data.cluster,
      pooledGroups: pooled.map(Results.GroupCount.init),
      privacyRule: privacy.rule, privacyComparisons: privacy.comparisons, interimAnalyses: looks,
      shadowItems: plan.membership?.released == nil ? nil : plan.membership?.members.map(\.count).min())
    report.furtherTests = try furtherTests()
    report.dataNotes = inputs.dataNotes
    report.inputNotes = [inputs.manifest.note].compactMap(\.self)
    report.poolMembers = plan.membership?.released?.count { $0 } ?? 0
    report.queries = inputs.specification.privacy?.shadowModels.queries ?? 1
    report.flipProbability = inputs.specification.training.flipProbability
    switch inputs.specification.task {
    case .imageClassification, .textClassification: break
    case .languageModelling: report.take(try likelihoods())
    case .translation: if let found = try translations() { report.take(found) }
    case .multipleChoice:
      if let found = try choices() { report.take(found.found, classification: found.classification) }
    case .cloze: report.cloze = try cloze()
    }
    return report
  }

  /// The decision rule that was fixed before the run.
  var rule: DecisionRule {
    let decision = inputs.specification.decision
    return DecisionRule(
      metric: DecisionMetric(decision.metric), margin: decision.margin, minimumGroupSize: decision.minimumGroup,
      minimumClusters: decision.minimumClusters)
  }

  /// The metrics of classifications; empty if items have no classes.
  private func classification(_ items: EvaluationItems) throws -> (FairnessEvaluation, [SampleImage]) {
    guard inputs.specification.task.isClassification else { return (FairnessEvaluation(unmeasured: rule), []) }
    let predictions = try arms.indices.map { try armPredictions($0, at: plan.testPositions) }
    let fairness = try FairnessEvaluation.evaluate(
      items: items, arms: predictions, comparisons: comparisons(), exploratory: exploratoryComparisons(), rule: rule,
      validation: try validation(), key: plan.statisticsKey[.fairness])
    return (fairness, try samples(predictions: predictions))
  }

  private var positiveClass: Int? { inputs.positiveClass }

  /// Groups of `items`, with members as positions among them.
  func groups(among items: [Int]) -> [Subgroup] {
    subgroups(among: items) { !$0.isCombined } + combinedGroups(among: items).groups
  }

  private func combinedGroups(among items: [Int]) -> PooledGroups {
    PooledGroups(
      subgroups(among: items, where: \.isCombined), minimum: inputs.specification.decision.minimumGroup)
  }

  private func subgroups(among items: [Int], where isMeant: (PlanInput.Group) -> Bool) -> [Subgroup] {
    var positions: [Int: Int] = [:]
    for (position, item) in items.enumerated() { positions[item] = position }
    return plan.input.groups.filter(isMeant).map { group in
      Subgroup(column: group.column, value: group.value, items: group.members.compactMap { positions[$0] })
    }
  }

  /// Combined groups of the test items that were too small to be evaluated by themselves.
  private var pooled: [Subgroup] { combinedGroups(among: plan.splits.test).pooled }

  /// The items that everything is measured on, with labels where they have classes.
  var testItems: EvaluationItems {
    let test = plan.splits.test
    let units = plan.units.unitOfItem
    let (names, clusters) = (test.map { inputs.manifest.items[$0].name }, test.map { units[$0] })
    guard inputs.specification.task.isClassification else {
      return EvaluationItems(scored: names, clusters: clusters, groups: groups(among: test))
    }
    return EvaluationItems(
      identifiers: names, labels: test.map { plan.input.labels[$0] }, classNames: inputs.classNames,
      clusters: clusters, groups: groups(among: test), positiveClass: positiveClass)
  }

  private func validation() throws -> ValidationPredictions? {
    let items = plan.splits.validation
    guard !items.isEmpty else { return nil }
    return ValidationPredictions(
      labels: items.map { plan.input.labels[$0] },
      arms: try arms.indices.map { try armPredictions($0, at: plan.validationPositions) },
      groups: validationGroups)
  }

  /// The groups of the test items: what was pooled there is pooled here too, whatever its size.
  private var validationGroups: [Subgroup] {
    groups(among: plan.splits.test).named(
      among: subgroups(among: plan.splits.validation) { _ in true }, pooled: pooled)
  }

  /// - Parameter positions: the positions of the items among all that the arm's models are evaluated on.
  func armPredictions(_ arm: Int, at positions: Range<Int>) throws -> ArmPredictions {
    ArmPredictions(
      arm: arms[arm].name,
      runs: try evaluatedRuns(ofArm: arm).map { run in
        RunPredictions(seed: run.seed, logits: try logits(of: run.index, at: positions))
      })
  }

  /// The outputs of a run's evaluation.
  ///
  /// - Parameter epoch: the epoch after which it was evaluated, from 0; nil for the last.
  func numbers(of index: Int, epoch: Int? = nil) -> [Float]? {
    guard let run = completed[index] else { return nil }
    guard let epoch, epoch < plan.runs[index].schedule.epochs - 1 else { return run.logits }
    return run.traces.indices.contains(epoch) ? run.traces[epoch] : nil
  }

  /// - Parameters:
  ///   - query: which of the times that the items were shown.
  ///   - epoch: the epoch after which they were evaluated, from 0; nil for the last.
  func logits(of index: Int, at positions: Range<Int>, query: Int = 0, epoch: Int? = nil) throws -> Logits {
    let run = plan.runs[index]
    guard let values = numbers(of: index, epoch: epoch) else {
      throw AuditError(.failure, "\(run.identifier) has no predictions; start the same command again")
    }
    let classes = inputs.classNames.count
    let queries = run.schedule.question.queries
    guard values.count == run.schedule.evaluatedItems.count * queries * classes, query < queries,
      positions.upperBound <= run.schedule.evaluatedItems.count
    else {
      throw AuditError(.failure, "\(run.identifier) has predictions for other items; choose another --output")
    }
    return try Logits(
      values: positions.flatMap { position in
        let first = (position * queries + query) * classes
        return values[first..<first + classes]
      }, count: positions.count, classes: classes)
  }

  /// Every arm with an adapter is compared with `full`, where there is one.
  func comparisons() -> [ArmComparison] {
    guard arms.contains(.full) else { return [] }
    return arms.compactMap { arm in
      switch arm {
      case .lora, .adapter: ArmComparison(arm: arm.name, reference: Arm.full.name)
      case .head, .base, .full: nil
      }
    }
  }

  /// The gain of adapting over the head or the base.
  func exploratoryComparisons() -> [ArmComparison] {
    guard let base = arms.first(where: { [.head, .base].contains($0) }) else { return [] }
    return arms.filter { $0 != base }.map { ArmComparison(arm: $0.name, reference: base.name) }
  }

  private func description(of arm: Int) -> ArmDescription {
    let method = inputs.specification.training.method(of: arms[arm])
    let kind: ArmKind =
      switch arms[arm] {
      case .head: .head
      case .base: .base
      case .full: .full
      case .lora: .lora
      case .adapter: .adapter
      }
    var description = ArmDescription(
      name: arms[arm].name, kind: kind, trainableParameters: inputs.layouts[arm].count, epochs: method?.epochs,
      rate: method?.rate)
    if case .lora(let lora) = inputs.methods[arm] {
      description.rank = lora.rank
      description.isRankStabilized = lora.isRankStabilized
      // Dropout acts in training only, so an external adapter is described without it.
      if arms[arm].isTrained { description.dropout = lora.dropout }
    }
    return description
  }

  private func losses() -> [RunLosses] {
    plan.runs.enumerated().compactMap { index, run in
      var seed: Int?
      var model: Int?
      switch run.purpose {
      case .task(let number): seed = number
      case .shadowModel(let number): model = number
      case .given, .search: return nil
      }
      return RunLosses(
        arm: arms[run.arm].name, seed: seed, model: model, epochs: completed[index]?.losses ?? [],
        validation: completed[index].map(run.validationCurve) ?? [], divergedAt: completed[index]?.divergedAt)
    }
  }

  private func phaseCosts(_ costs: [CostRecord]) -> [PhaseCost] {
    arms.flatMap { arm in
      AuditPhase.allCases.compactMap { phase in
        costs.first { $0.arm == arm.name && $0.phase == phase.rawValue }.map { cost in
          PhaseCost(
            arm: cost.arm, phase: phase, wallSeconds: cost.wallSeconds, workerSeconds: cost.workerSeconds,
            processorSeconds: cost.processorSeconds, coordinatorProcessorSeconds: cost.coordinatorProcessorSeconds,
            bytesSent: cost.bytesSent, bytesReceived: cost.bytesReceived, peakResidentBytes: cost.peakResidentBytes)
        }
      }
    }
  }

  /// The first test items of every group, as many as the specification allows, with what each arm's first run says.
  private func samples(predictions: [ArmPredictions]) throws -> [SampleImage] {
    let test = plan.splits.test
    let rule = PredictionRule(classNames: inputs.classNames, positiveClass: positiveClass)
    return try groups(among: test).flatMap { group in
      try group.items.prefix(inputs.specification.report.samples).compactMap { position -> SampleImage? in
        let item = inputs.manifest.items[test[position]]
        guard item.path != nil else { return nil }
        let bytes = try inputs.manifest.bytes(of: item)
        return SampleImage(
          group: group.name, label: item.label, bytes: bytes, mediaType: bytes.first == 0x89 ? .png : .jpeg,
          predictions: predictions.compactMap { arm in
            arm.runs.first.map {
              SamplePrediction(arm: arm.arm, label: inputs.classNames[rule.prediction($0.logits, item: position)])
            }
          })
      }
    }
  }
}

extension PlannedRun {
  /// The points of its validation curve that were reached.
  fileprivate func validationCurve(_ finished: FinishedRun) -> [ValidationCurve.Point] {
    let losses = finished.validationLosses
    return zip(validationSteps(count: losses.count, last: finished.divergedAt ?? schedule.steps), losses).map {
      ValidationCurve.Point(step: $0, loss: $1)
    }
  }
}

extension DecisionMetric {
  init(_ metric: DecisionSettings.Metric) {
    switch metric {
    case .accuracy: self = .accuracy
    }
  }
}

// The same models on further tests.
extension AuditEvidence {
  /// Every further test, evaluated like the test split but without temperature scaling.
  func furtherTests() throws -> [FurtherTest] {
    let trained = Set(plan.splits.train.map { plan.input.contents[$0] })
    return try plan.input.furtherTests.enumerated().map { number, test in
      let units = Units(
        clusters: Array(plan.input.clusters[test.items]), contents: Array(plan.input.contents[test.items]))
      let groups = test.groups.map { group in
        Subgroup(
          column: group.column, value: group.value, items: group.members.map { $0 - test.items.lowerBound })
      }
      let items = EvaluationItems(
        identifiers: test.items.map { inputs.manifest.items[$0].name },
        labels: test.items.map { plan.input.labels[$0] }, classNames: inputs.classNames, clusters: units.unitOfItem,
        groups: groups, positiveClass: positiveClass)
      return FurtherTest(
        name: test.name, items: test.items.count,
        trainedOn: test.items.count { trained.contains(plan.input.contents[$0]) },
        clusterColumn: inputs.specification.data.furtherTests[number].cluster, groups: groups,
        fairness: try FairnessEvaluation.evaluate(
          items: items,
          arms: try arms.indices.map { try armPredictions($0, at: plan.positions(ofFurtherTest: number)) },
          comparisons: comparisons(), exploratory: exploratoryComparisons(), rule: rule, validation: nil,
          key: plan.statisticsKey[.fairness][test.name]))
    }
  }
}
