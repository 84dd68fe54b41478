package import RandomNumbers

extension FairnessEvaluation {
  private static let permutations = 4_000

  /// Evaluates every arm and every declared comparison. A pure function of its arguments.
  ///
  /// - Parameters:
  ///   - items: What the arms are evaluated on.
  ///   - arms: The predictions of every arm, in the order in which they are to be reported.
  ///   - comparisons: The comparisons declared before the run; with the groups they form Holm's family.
  ///   - rule: What was agreed before the run.
  ///   - validation: What temperatures are fitted to; without it there are none.
  ///   - key: Where permutations, resamples and simulations are drawn from.
  /// - Throws: `EvaluationError` naming the item, group, arm or seed that is wrong.
  package static func evaluate(
    items: EvaluationItems, arms: [ArmPredictions], comparisons: [ArmComparison], rule: DecisionRule,
    validation: ValidationPredictions? = nil, key: RandomKey
  ) throws(EvaluationError) -> FairnessEvaluation {
    try validate(items: items, arms: arms, comparisons: comparisons, rule: rule)
    try validation?.validate(like: arms, classes: items.classNames.count)
    let subsets = [ItemSubset(group: nil, of: items)] + items.groups.map { ItemSubset(group: $0, of: items) }
    let outcomes = arms.map { arm in arm.runs.map { ItemOutcomes($0.logits, items: items) } }
    let together = outcomes.map(ItemOutcomes.init(counting:))
    let spreads = accuracySpreads(
      of: zip(outcomes, together).flatMap { $0 + [$1] }, items: items, key: key["accuracy spread"])

    var evaluations: [ArmEvaluation] = []
    var vector = 0
    for (index, arm) in arms.enumerated() {
      func rates(_ outcomes: ItemOutcomes) -> RateEvaluation {
        defer { vector += 1 }
        return RateEvaluation(outcomes, subsets: subsets, items: items, spreads: spreads.map { $0?[vector] })
      }
      let seeds = zip(arm.runs, outcomes[index]).map { SeedEvaluation(seed: $0.seed, rates: rates($1)) }
      let calibrations = calibrations(
        of: arm, runs: outcomes[index], subsets: subsets, labels: items.labels, key: key["calibration"][arm.arm])
      let evaluation = ArmEvaluation(
        arm: arm.arm, seeds: seeds, overSeeds: rates(together[index]), calibrations: calibrations,
        temperature: temperature(of: arm, validation: validation, items: items, subsets: subsets))
      if let evaluation { evaluations.append(evaluation) }
    }
    return FairnessEvaluation(
      rule: rule, arms: evaluations,
      comparisons: ComparisonFamily.compare(
        comparisons, outcomes: comparisons.map { paired($0, arms: arms, outcomes: outcomes) }, subsets: subsets,
        items: items, rule: rule, key: key["comparison"]),
      familySize: items.groups.count * comparisons.count)
  }

  /// The findings for every column and vector of outcomes; `nil` for a column with fewer than two groups.
  private static func accuracySpreads(
    of outcomes: [ItemOutcomes], items: EvaluationItems, key: RandomKey
  ) -> [[SpreadPermutation.Finding]?] {
    items.groups.columns.map { column in
      let groups = items.groups.filter { $0.column == column }
      guard groups.count >= 2 else { return nil }
      return SpreadPermutation(groups: groups, clusters: items.clusters, outcomes: outcomes)
        .findings(permutations: permutations, key: key[column])
    }
  }

  private static func temperature(
    of arm: ArmPredictions, validation: ValidationPredictions?, items: EvaluationItems, subsets: [ItemSubset]
  ) -> Undefinable<TemperatureEvaluation> {
    guard let validation, !validation.labels.isEmpty,
      let own = validation.arms.first(where: { $0.arm == arm.arm }),
      let found = TemperatureEvaluation(
        of: arm, validation: own, labels: validation.labels, items: items, subsets: subsets)
    else { return .undefined(reason: "there are no validation items to fit a temperature to", n: 0) }
    return .value(found)
  }

  private static func calibrations(
    of arm: ArmPredictions, runs: [ItemOutcomes], subsets: [ItemSubset], labels: [Int], key: RandomKey
  ) -> [CalibrationEvaluation] {
    let expected = PerfectCalibration.expectedErrors(
      runs: runs, subsets: subsets, binCount: CalibrationEvaluation.binCount,
      keys: arm.runs.map { run in
        run.seed.map { key["perfect calibration"][$0] } ?? key["perfect calibration"]["no seed"]
      })
    return zip(subsets, expected).map { subset, expected in
      CalibrationEvaluation(
        subset, runs: runs,
        scores: arm.runs.map { ProbabilityScores($0.logits, labels: labels, members: subset.members) },
        expected: expected, key: key["bootstrap"].named(subset.name))
    }
  }

  /// The runs of both arms in the order of the arm's seeds; a model that no seed changes stands beside each of them.
  private static func paired(
    _ comparison: ArmComparison, arms: [ArmPredictions], outcomes: [[ItemOutcomes]]
  ) -> (arm: [ItemOutcomes], reference: [ItemOutcomes]) {
    guard let arm = arms.firstIndex(where: { $0.arm == comparison.arm }),
      let reference = arms.firstIndex(where: { $0.arm == comparison.reference })
    else { return ([], []) }
    let seeds = arms[arm].seeds ?? arms[reference].seeds ?? [nil]
    func matching(_ index: Int) -> [ItemOutcomes] {
      seeds.compactMap { seed in
        arms[index].runs.firstIndex { $0.seed == seed || $0.seed == nil }.map { outcomes[index][$0] }
      }
    }
    return (matching(arm), matching(reference))
  }

  private static func validate(
    items: EvaluationItems, arms: [ArmPredictions], comparisons: [ArmComparison], rule: DecisionRule
  ) throws(EvaluationError) {
    try items.validate()
    try rule.validate()
    guard !arms.isEmpty else { throw .noArms }
    var names: Set<String> = []
    for arm in arms {
      guard names.insert(arm.arm).inserted else { throw .repeatedArm(arm.arm) }
      try arm.validate(items: items)
    }
    var declared: Set<ArmComparison> = []
    for comparison in comparisons {
      guard declared.insert(comparison).inserted else {
        throw .repeatedComparison(arm: comparison.arm, reference: comparison.reference)
      }
      let seeds = try [comparison.arm, comparison.reference].map { name throws(EvaluationError) in
        guard let arm = arms.first(where: { $0.arm == name }) else {
          throw .unknownArm(name, known: arms.map(\.arm))
        }
        return arm.seeds?.compactMap(\.self).sorted()
      }
      guard let own = seeds[0], let others = seeds[1] else { continue }
      guard own == others else {
        throw .unequalSeeds(arm: comparison.arm, seeds: own, reference: comparison.reference, referenceSeeds: others)
      }
    }
  }
}

extension ArmPredictions {
  /// The seeds of the runs; nil for a model that no seed changes.
  fileprivate var seeds: [Int?]? { runs.contains { $0.seed == nil } ? nil : runs.map(\.seed) }
}
