internal import Datasets
internal import Metrics
internal import Planning
internal import Scheduler
internal import Specification
internal import Support
internal import Tokenizers

// What language models made of the items.
extension AuditEvidence {
  /// The numbers of each evaluated item of a run: the log-likelihood of its sequence, then the tokens generated.
  ///
  /// - Parameter epoch: the one behind which they were evaluated, from 0; the last where nothing is said.
  func rows(of index: Int, epoch: Int? = nil) throws -> [ArraySlice<Float>] {
    let run = plan.runs[index]
    guard let values = numbers(of: index, epoch: epoch), values.count == run.outputCount else {
      throw AuditError(.failure, "\(run.identifier) has no predictions; start the same command again")
    }
    var first = 0
    return run.schedule.evaluatedItems.indices.map { position in
      let count = run.outputs.count(at: position..<position + 1)
      defer { first += count }
      return values[first..<first + count]
    }
  }

  /// The log-likelihood of each of some evaluated items of a run.
  func logLikelihoods(of index: Int, _ positions: Range<Int>, epoch: Int? = nil) throws -> [Double] {
    try rows(of: index, epoch: epoch)[positions].map { Double($0.first ?? 0) }
  }

  /// How many tokens of an item are scored.
  func targetCount(of item: Int) -> Int { inputs.texts?.sequences[item].first?.targetCount ?? 0 }

  /// The runs of an arm that are evaluated on the test items, with their seeds.
  func evaluatedRuns(ofArm arm: Int) -> [(index: Int, seed: Int?)] {
    plan.runs.enumerated().filter { $0.element.arm == arm }.compactMap { index, run in
      switch run.purpose {
      case .task(let seed): (index, seed)
      case .given: (index, nil)
      case .fleet, .search: nil
      }
    }
  }

  func likelihoods() throws -> LikelihoodEvaluation {
    let test = plan.splits.test
    let decision = inputs.specification.decision
    return try LikelihoodEvaluation.evaluate(
      items: testItems, tokens: test.map(targetCount),
      arms: try arms.indices.map { arm in
        ArmLikelihoods(
          arm: arms[arm].name,
          runs: try evaluatedRuns(ofArm: arm).map {
            ModelRun(seed: $0.seed, output: try logLikelihoods(of: $0.index, test.indices))
          })
      },
      comparisons: comparisons(), exploratory: exploratoryComparisons(), margin: decision.margin,
      minimumGroupSize: decision.minimumGroup, key: plan.statisticsKey[.fairness])
  }

  func translations() throws -> TranslationEvaluation? {
    guard let settings = inputs.specification.data.translation else { return nil }
    let items = testItems
    let texts = try plan.splits.test.map {
      try TranslationTexts(inputs.manifest.items[$0], settings, file: inputs.manifest.file)
    }
    let decision = inputs.specification.decision
    return try TranslationEvaluation.evaluate(
      items: TranslationItems(
        identifiers: items.identifiers, references: texts.map(\.references),
        stereotypes: settings.stereotype == nil ? nil : texts.map(\.stereotype),
        goldGenders: settings.gold == nil ? nil : texts.map(\.gold),
        clusters: items.clusters, groups: items.groups),
      arms: try arms.indices.map { arm in
        ArmTranslations(
          arm: arms[arm].name,
          runs: try evaluatedRuns(ofArm: arm).map {
            TranslationRun(
              seed: $0.seed,
              translations: try rows(of: $0.index)[plan.splits.test.indices].map { inputs.texts?.translation($0) ?? "" }
            )
          })
      },
      comparisons: comparisons(), exploratory: exploratoryComparisons(),
      rule: DecisionRule(metric: .rougeL, margin: decision.margin, minimumGroupSize: decision.minimumGroup),
      key: plan.statisticsKey[.fairness])
  }
}
