package import Statistics

/// Counts and rates of one group, or of all items.
package struct GroupRates: Codable, Equatable, Sendable {
  /// `nil` for all items.
  package var group: GroupName?
  package var n: Int
  package var clusters: Int
  package var positives: Measured<Int>
  package var negatives: Measured<Int>
  package var accuracy: Proportion
  package var truePositiveRate: Measured<Proportion>
  package var falsePositiveRate: Measured<Proportion>
  package var selectionRate: Measured<Proportion>
  /// The share of items predicted positive that are positive; `n` counts the items that at least one run predicts
  /// positive.
  package var precision: Measured<Proportion>
  /// The harmonic mean of precision and true positive rate.
  package var f1: Measured<Estimate>
}

/// How the rates of one group, or of all items, vary from seed to seed.
package struct GroupSeedSpread: Codable, Equatable, Sendable {
  /// `nil` for all items.
  package var group: GroupName?
  package var accuracy: SeedSpread
  package var truePositiveRate: Measured<SeedSpread>
  package var falsePositiveRate: Measured<SeedSpread>
  package var selectionRate: Measured<SeedSpread>
  package var precision: Measured<SeedSpread>
  package var f1: Measured<SeedSpread>
}

extension GroupRates {
  /// The rates of one subset.
  init(_ subset: ItemSubset, outcomes: ItemOutcomes, items: EvaluationItems) {
    group = subset.name
    n = subset.items.count
    clusters = subset.clusters.count
    accuracy =
      subset.proportion(of: outcomes.byRun.map(\.correct))
      ?? Proportion(values: [0], clusters: [0], clusterCount: 1)
    guard let positiveClass = items.positiveClass else {
      let reason = "no class is declared positive"
      positives = .undefined(reason: reason, n: n)
      negatives = .undefined(reason: reason, n: n)
      truePositiveRate = .undefined(reason: reason, n: n)
      falsePositiveRate = .undefined(reason: reason, n: n)
      selectionRate = .undefined(reason: reason, n: n)
      precision = .undefined(reason: reason, n: n)
      f1 = .undefined(reason: reason, n: n)
      return
    }
    let count = subset.items.reduce(0) { $0 + (items.labels[$1] == positiveClass ? 1 : 0) }
    positives = .value(count)
    negatives = .value(n - count)
    func rate(_ missing: String, where isCounted: (Int) -> Bool) -> Measured<Proportion> {
      subset.proportion(of: outcomes.byRun.map(\.selected), where: isCounted).map { .value($0) }
        ?? .undefined(reason: "no \(missing)", n: subset.items.count)
    }
    truePositiveRate = rate("positives") { items.labels[$0] == positiveClass }
    falsePositiveRate = rate("negatives") { items.labels[$0] != positiveClass }
    selectionRate = rate("items") { _ in true }
    let positions = subset.items
    let labelled = positions.map { items.labels[$0] == positiveClass }
    let byRun = outcomes.byRun.map { run in
      let selected = positions.map { run.selected[$0] }
      return (selected: selected, found: zip(selected, labelled).map { $1 ? $0 : 0 })
    }
    /// Found ones among the items that add to a denominator, in every run.
    func ratio(_ denominator: (_ selected: Double, _ isLabelled: Bool) -> Double) -> RatioEstimate? {
      RatioEstimate(
        runs: byRun.map { run in (run.found, zip(run.selected, labelled).map(denominator)) },
        clusters: subset.clusters.ofItem, clusterCount: subset.clusters.count)
    }
    if let share = ratio({ selected, _ in selected }) {
      precision = .value(
        Proportion(
          successes: byRun.reduce(0) { $0 + $1.found.reduce(0, +) } / Double(outcomes.runs),
          n: positions.count { outcomes.selected[$0] > 0 }, clusters: share.clusters, effectiveN: share.effectiveN,
          value: share.value, interval: share.interval))
    } else {
      precision = .undefined(reason: "nothing is predicted positive", n: n)
    }
    // F = 2J / (1 + J) of the share J of found ones among all that are labelled or predicted positive, so that J's
    // interval gives F's.
    if let share = ratio({ selected, isLabelled in isLabelled ? 1 : selected }) {
      func score(_ share: Double) -> Double { 2 * share / (1 + share) }
      f1 = .value(
        Estimate(
          value: score(share.value),
          interval: .value(Interval(lower: score(share.interval.lower), upper: score(share.interval.upper)))))
    } else {
      f1 = .undefined(reason: "nothing is labelled or predicted positive", n: n)
    }
  }
}

extension GroupSeedSpread {
  /// The spread over the rates of one group, a run each; there must be at least one.
  init?(_ rates: [GroupRates]) {
    guard let first = rates.first else { return nil }
    group = first.group
    accuracy = SeedSpread(values: rates.map(\.accuracy.value))
    func spread(_ path: KeyPath<GroupRates, Measured<Proportion>>) -> Measured<SeedSpread> {
      // Which items a rate counts depends on their labels alone, so it is defined for all seeds or for none.
      first[keyPath: path].map { _ in SeedSpread(values: rates.compactMap { $0[keyPath: path].value?.value }) }
    }
    truePositiveRate = spread(\.truePositiveRate)
    falsePositiveRate = spread(\.falsePositiveRate)
    selectionRate = spread(\.selectionRate)
    // Whether anything is predicted positive differs from seed to seed.
    func everySeed(_ values: [Measured<Double>]) -> Measured<SeedSpread> {
      let known = values.compactMap(\.value)
      guard known.count == values.count else {
        return .undefined(reason: "undefined for \(values.count - known.count) of \(values.count) seeds", n: first.n)
      }
      return .value(SeedSpread(values: known))
    }
    precision = everySeed(rates.map { $0.precision.map(\.value) })
    f1 = everySeed(rates.map { $0.f1.map(\.value) })
  }
}

extension ClassRates {
  /// With more classes, one-versus-rest rates are too many to read.
  private static let most = 32

  /// - Parameters:
  ///   - runs: The scores of every run.
  ///   - subsets: All items first, then every group.
  static func all(_ runs: [ItemScores], subsets: [ItemSubset], items: EvaluationItems) -> Measured<[ClassRates]> {
    let count = items.classNames.count
    guard items.positiveClass == nil else {
      return .undefined(reason: "one class is declared positive; its rates say it", n: items.count)
    }
    guard count <= most else {
      return .undefined(reason: "there are \(count) classes, more than \(most)", n: items.count)
    }
    return .value(
      concurrentMap(count) { label in
        var relabelled = items
        relabelled.positiveClass = label
        let outcomes = ItemOutcomes(counting: runs, positiveClass: label)
        let rates = subsets.map { GroupRates($0, outcomes: outcomes, items: relabelled) }
        return ClassRates(name: items.classNames[label], overall: rates[0], groups: Array(rates.dropFirst()))
      })
  }
}
