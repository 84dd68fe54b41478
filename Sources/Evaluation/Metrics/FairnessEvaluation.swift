package import Statistics
package import Support

/// Everything that the predictions say about groups: rates, gaps and calibration of every arm, and the declared
/// comparisons.
///
/// Where a new metric goes: a rate of items into `GroupRates` (Rates/Rates.swift), a difference between groups into
/// `ColumnGaps` (Rates/Gaps.swift), a figure of probabilities into `CalibrationEvaluation`
/// (Calibration/Calibration.swift).
/// It is a property with the source of its formula, and its name in snake case is its key in results.json. An interval
/// without a closed form comes from a case of `ResampledFigure`. `scripts/oracles/fairness.py` computes the expected
/// values independently, and the report shows the metric in the topic of the same name.
package struct FairnessEvaluation: Equatable, Sendable {
  package var rule: DecisionRule
  /// In the order of the predictions.
  package var arms: [ArmEvaluation]
  /// For every declared comparison: over all items first, then by group, in the order of the items' groups.
  package var comparisons: [PairedComparison]
  /// Comparisons that were not declared, in the same order; outside Holm's family.
  package var exploratoryComparisons: [PairedComparison]
  /// The number of comparisons that Holm's correction counts: of the groups times declared comparisons, those that can
  /// get a verdict by their counts.
  package var familySize: Int

  init(
    rule: DecisionRule, arms: [ArmEvaluation], comparisons: [PairedComparison],
    exploratoryComparisons: [PairedComparison], familySize: Int
  ) {
    self.rule = rule
    self.arms = arms
    self.comparisons = comparisons
    self.exploratoryComparisons = exploratoryComparisons
    self.familySize = familySize
  }

  /// The evaluation of items without classes.
  package init(unmeasured rule: DecisionRule) {
    self.init(rule: rule, arms: [], comparisons: [], exploratoryComparisons: [], familySize: 0)
  }
}

/// Rates and gaps of one run, or of an arm's seed-averaged predictions.
package struct RateEvaluation: Codable, Equatable, Sendable {
  package var overall: GroupRates
  /// In the order of the items' groups.
  package var groups: [GroupRates]
  /// In the order in which the columns first appear.
  package var columns: [ColumnGaps]
}

/// Figures over all items, and in every group.
package struct Parts<Value: Codable & Equatable & Sendable>: Codable, Equatable, Sendable {
  package var overall: Value
  /// In the order of the items' groups.
  package var groups: [Value]

  /// All items, then every group.
  package var all: [Value] { [overall] + groups }
}

/// Rates and gaps of the run with one seed.
package struct SeedEvaluation: Codable, Equatable, Sendable {
  /// nil for a model that no seed changes.
  package var seed: Int?
  package var rates: RateEvaluation
}

/// The rates with one class against all others as the positive one, every item counted with its average over the seeds.
package struct ClassRates: Codable, Equatable, Sendable {
  private enum CodingKeys: String, CodingKey {
    case name = "class"
    case overall, groups
  }

  /// The name of the class.
  package var name: String
  package var overall: GroupRates
  /// In the order of the items' groups.
  package var groups: [GroupRates]
}

/// Everything that is said about one arm by itself.
package struct ArmEvaluation: Codable, Equatable, Sendable {
  package var arm: String
  /// In the order of the runs.
  package var seeds: [SeedEvaluation]
  /// Every item counts with its average over the seeds.
  package var overSeeds: RateEvaluation
  /// Where predictions are ties; empty without any.
  package var ties: [TieCount]
  /// The rates of every class; undefined if one class is declared positive, or if there are too many classes.
  package var classes: Measured<[ClassRates]>
  package var seedSpread: Parts<GroupSeedSpread>
  package var calibration: Parts<CalibrationEvaluation>
  package var temperature: Measured<TemperatureEvaluation>
  package var thresholds: Measured<ThresholdEvaluation>
}

extension ArmEvaluation {
  /// `nil` without seeds or calibrations; the first calibration is over all items.
  init?(
    arm: String, seeds: [SeedEvaluation], overSeeds: RateEvaluation, ties: [TieCount],
    classes: Measured<[ClassRates]>, calibrations: [CalibrationEvaluation],
    temperature: Measured<TemperatureEvaluation>,
    thresholds: Measured<ThresholdEvaluation>
  ) {
    guard let spread = GroupSeedSpread(seeds.map(\.rates.overall)), let calibration = calibrations.first else {
      return nil
    }
    self.arm = arm
    self.seeds = seeds
    self.overSeeds = overSeeds
    self.ties = ties
    self.classes = classes
    seedSpread = Parts(
      overall: spread,
      groups: overSeeds.groups.indices.compactMap { group in GroupSeedSpread(seeds.map { $0.rates.groups[group] }) })
    self.calibration = Parts(overall: calibration, groups: Array(calibrations.dropFirst()))
    self.temperature = temperature
    self.thresholds = thresholds
  }
}

extension FairnessEvaluation {
  /// Evaluates every arm and every declared comparison. A pure function of its arguments, in which the order of the
  /// items
  /// does not matter.
  ///
  /// - Parameters:
  ///   - items: What the arms are evaluated on.
  ///   - arms: The predictions of every arm, in the order in which they are to be reported.
  ///   - comparisons: The comparisons declared before the run; with the groups they form Holm's family.
  ///   - exploratory: Others, which are described and not decided upon.
  ///   - declaredGroup: The only group that comparisons were declared for; `nil` for every group.
  ///   - rule: What was agreed before the run.
  ///   - validation: What temperatures are fitted to; without it there are none.
  ///   - key: Where permutations and resamples are drawn from.
  /// - Throws: `EvaluationError` naming the item, group, arm or seed that is wrong.
  package static func evaluate(
    items: EvaluationItems, arms: [ArmPredictions], comparisons: [ArmComparison],
    exploratory: [ArmComparison] = [], declaredGroup: GroupName? = nil, rule: DecisionRule,
    validation: ValidationPredictions? = nil, key: RandomKey
  ) throws(EvaluationError) -> FairnessEvaluation {
    try validate(items: items, arms: arms, comparisons: comparisons + exploratory, rule: rule)
    try validation?.validate(like: arms, classes: items.classNames.count)
    let order = items.canonicalOrder
    let items = items.reordered(order)
    let arms = arms.map { $0.reordered(order) }
    let subsets = ItemSubset.all(of: items)
    let scores = arms.map { arm in
      concurrentMap(arm.runs.count) {
        ItemScores(arm.runs[$0].logits, items: items)
      }
    }
    let outcomes = scores.map { $0.map(ItemOutcomes.init) }
    // A single run together is the run itself.
    let together = outcomes.map { $0.count == 1 ? [] : [ItemOutcomes(counting: $0)] }
    let spreads = columnSpreads(
      of: zip(outcomes, together).flatMap { $0 + $1 },
      keys: zip(arms, together).flatMap { arm, together in
        arm.runs.map { key[.spread].ofArm(arm.arm).ofSeed($0.seed) } + together.map { _ in key[.spread].ofArm(arm.arm) }
      }, items: items)

    var evaluations: [ArmEvaluation] = []
    var vector = 0
    for (index, arm) in arms.enumerated() {
      func rates(_ outcomes: ItemOutcomes) -> RateEvaluation {
        defer { vector += 1 }
        return RateEvaluation(outcomes, subsets: subsets, items: items, spreads: spreads.map { $0?[vector] })
      }
      let seeds = zip(arm.runs, outcomes[index]).map { SeedEvaluation(seed: $0.seed, rates: rates($1)) }
      guard let overSeeds = together[index].first.map(rates) ?? seeds.first?.rates else { continue }
      let runs = scores[index]
      let positives = items.positiveClass.flatMap { positive in
        items.classNames.count == 2 ? runs.map { ItemScores($0, ofClass: positive) } : nil
      }
      let evaluation = ArmEvaluation(
        arm: arm.arm, seeds: seeds, overSeeds: overSeeds,
        ties: [TieCount](runs, seeds: arm.runs.map(\.seed), subsets: subsets),
        classes: ClassRates.all(runs, subsets: subsets, items: items),
        calibrations: concurrentMap(subsets.count) {
          CalibrationEvaluation(
            subsets[$0], runs: runs, positives: positives, key: key[.calibration].ofArm(arm.arm).named(subsets[$0].name)
          )
        },
        temperature: temperature(of: arm, validation: validation, items: items, subsets: subsets),
        thresholds: thresholds(
          of: arm, validation: validation, items: items, subsets: subsets, minimumSize: rule.minimumGroupSize))
      if let evaluation { evaluations.append(evaluation) }
    }
    func compare(_ comparisons: [ArmComparison], isDeclared: Bool) -> [PairedComparison] {
      ComparisonFamily.compare(
        comparisons, outcomes: comparisons.map { RunPairs($0, arms: arms)?.values(outcomes) ?? ([], []) },
        isDeclared: isDeclared, declaredGroup: declaredGroup,
        subsets: subsets, items: items, rule: rule, key: key[.comparison])
    }
    let declared = compare(comparisons, isDeclared: true)
    return FairnessEvaluation(
      rule: rule, arms: evaluations, comparisons: declared,
      exploratoryComparisons: compare(exploratory, isDeclared: false),
      familySize: declared.count(where: \.isInFamily))
  }

  /// The spreads of every column and vector of outcomes; `nil` for a column with fewer than two groups.
  ///
  /// - Parameter keys: Where each vector's permutations are drawn from, whatever the others are.
  private static func columnSpreads(
    of outcomes: [ItemOutcomes], keys: [RandomKey], items: EvaluationItems
  ) -> [[ColumnSpreads]?] {
    let clusters = ClusterIndex(items.clusters)
    return items.groups.columns.map { column in
      let groups = items.groups.filter { $0.column == column }
      guard groups.count >= 2 else { return nil }
      let memberships = ColumnMemberships(groups: groups, clusters: clusters)
      return concurrentMap(outcomes.count) {
        ColumnSpreads(memberships, outcomes: outcomes[$0], items: items, key: keys[$0][column])
      }
    }
  }

  private static func temperature(
    of arm: ArmPredictions, validation: ValidationPredictions?, items: EvaluationItems, subsets: [ItemSubset]
  ) -> Measured<TemperatureEvaluation> {
    guard let validation, !validation.labels.isEmpty,
      let own = validation.arms.first(where: { $0.arm == arm.arm })
    else { return .undefined(reason: "there are no validation items to fit a temperature to", n: 0) }
    let labels = validation.labels
    let impossible = labels.indices.count { item in
      own.runs.contains { $0.logits.isRuledOut(item: item, label: labels[item]) }
    }
    // Their log loss is infinite at every temperature, so that none is best.
    guard impossible == 0 else {
      return .undefined(reason: [ItemScores].ruledOut(impossible, of: "validation item"), n: labels.count)
    }
    guard
      let found = TemperatureEvaluation(of: arm, validation: own, labels: labels, items: items, subsets: subsets)
    else { return .undefined(reason: "there are no runs to fit a temperature to", n: labels.count) }
    return .value(found)
  }

  private static func thresholds(
    of arm: ArmPredictions, validation: ValidationPredictions?, items: EvaluationItems, subsets: [ItemSubset],
    minimumSize: Int
  ) -> Measured<ThresholdEvaluation> {
    guard let positiveClass = items.positiveClass, items.classNames.count == 2 else {
      return .undefined(reason: "thresholds are of two classes, one of them positive", n: items.count)
    }
    guard let validation, !validation.labels.isEmpty,
      let own = validation.arms.first(where: { $0.arm == arm.arm })
    else { return .undefined(reason: "there are no validation items to choose a threshold on", n: 0) }
    return .value(
      ThresholdEvaluation(
        of: arm, validation: own, on: validation, items: items, positiveClass: positiveClass, subsets: subsets,
        minimumSize: minimumSize))
  }

  private static func validate(
    items: EvaluationItems, arms: [ArmPredictions], comparisons: [ArmComparison], rule: DecisionRule
  ) throws(EvaluationError) {
    try items.validate()
    try rule.validate()
    try ArmPredictions.validate(arms, comparisons: comparisons)
    for arm in arms { try arm.validate(items: items) }
  }
}
