extension GroupRates {
  /// The rates of one subset.
  init(_ subset: ItemSubset, outcomes: ItemOutcomes, items: EvaluationItems) {
    group = subset.name
    n = subset.members.count
    clusters = subset.clusters.count
    accuracy =
      subset.proportion(of: outcomes.correct, runs: outcomes.runs)
      ?? Proportion(values: [0], clusters: [0], clusterCount: 1)
    guard let positiveClass = items.positiveClass else {
      let reason = "no class is declared positive"
      positives = .undefined(reason: reason, n: n)
      negatives = .undefined(reason: reason, n: n)
      truePositiveRate = .undefined(reason: reason, n: n)
      falsePositiveRate = .undefined(reason: reason, n: n)
      selectionRate = .undefined(reason: reason, n: n)
      return
    }
    let count = subset.members.reduce(0) { $0 + (items.labels[$1] == positiveClass ? 1 : 0) }
    positives = .value(count)
    negatives = .value(n - count)
    func rate(_ missing: String, where isCounted: (Int) -> Bool) -> Undefinable<Proportion> {
      subset.proportion(of: outcomes.selected, runs: outcomes.runs, where: isCounted).map { .value($0) }
        ?? .undefined(reason: "no \(missing)", n: subset.members.count)
    }
    truePositiveRate = rate("positives") { items.labels[$0] == positiveClass }
    falsePositiveRate = rate("negatives") { items.labels[$0] != positiveClass }
    selectionRate = rate("items") { _ in true }
  }
}

extension GroupSeedSpread {
  /// The spread over the rates of one group, a run each; there must be at least one.
  init?(_ rates: [GroupRates]) {
    guard let first = rates.first else { return nil }
    group = first.group
    accuracy = SeedSpread(values: rates.map(\.accuracy.value))
    func spread(_ path: KeyPath<GroupRates, Undefinable<Proportion>>) -> Undefinable<SeedSpread> {
      // Which items a rate counts depends on their labels alone, so it is defined for all seeds or for none.
      first[keyPath: path].map { _ in SeedSpread(values: rates.compactMap { $0[keyPath: path].value?.value }) }
    }
    truePositiveRate = spread(\.truePositiveRate)
    falsePositiveRate = spread(\.falsePositiveRate)
    selectionRate = spread(\.selectionRate)
  }
}
