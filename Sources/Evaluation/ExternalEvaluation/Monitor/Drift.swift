package import Metrics
package import Statistics

/// One thing that may have changed since the audit, in one group or over all items.
package struct Drift: Equatable, Sendable {
  package enum Subject: Hashable, Sendable {
    /// The group's share of the items.
    case share
    /// What the model says, by its log-odds.
    case score
    case input(InputFeature)
    /// The share of items without the input.
    case missing(InputFeature)
    /// The share of items whose category none of the others has at the audit.
    case unseen(InputFeature)
    /// The share of items that hold something else where the reference has numbers throughout.
    case notNumber(InputFeature)
  }

  package enum Test: String, Codable, Sendable {
    case kolmogorovSmirnov = "kolmogorov_smirnov"
    /// Pearson's chi-squared of the categories.
    case chiSquared = "chi_squared"
    case score
    case fisherExact = "fisher_exact"
  }

  package struct Finding: Equatable, Sendable {
    package var test: Test
    /// How large the change is: the Kolmogorov–Smirnov distance, the total variation of categories, or Cohen's h of
    /// shares.
    package var effect: Double
    package var pValue: Double
    /// Corrected by `SeriesCorrection` over everything that is tested in this window and those judged with it; the
    /// p-value itself before that.
    package var adjustedPValue: Double
    /// For numbers only.
    package var stability: StabilityIndex?
    /// For numbers only.
    package var movement: Movement?
    /// The values whose shares have changed most, the largest change first: for categories, and for numbers of a few
    /// values.
    package var values: [ValueShare] = []
    /// The share, or the median of numbers; nil for categories.
    package var before: Double?
    package var after: Double?
    /// The effective numbers of items that the test counted.
    package var referenceN: Double
    package var windowN: Double
  }

  /// Where numbers have moved, and what is left if values that are nearly equal count as equal.
  package struct Movement: Equatable, Sendable {
    /// Where the distance of the distributions is largest: the shares of items up to a value, which is nil where the
    /// samples do not differ.
    package let distance: KolmogorovSmirnov.Distance
    /// Measurements that differ by less are nearly equal, such as 0.1 and 0.1001: a fiftieth of the reference's
    /// interquartile range, or of its whole range where that is 0. It is 0 where all values of the reference are whole
    /// numbers, of which the next is another count or code.
    package let slack: Double
    /// The largest distance where nearly equal values count as equal.
    package let distanceWithSlack: Double
    /// The smaller of the stability indices with and without slack; nil where there is none.
    package let stabilityWithSlack: StabilityIndex?

    init(
      _ reference: [Double], _ window: [Double], effectiveN: (reference: Double, window: Double),
      stability: StabilityIndex?
    ) {
      let sorted = reference.sorted()
      distance = KolmogorovSmirnov.distance(reference, window)
      let quartiles = quantile(0.75, ofSorted: sorted) - quantile(0.25, ofSorted: sorted)
      let spread = quartiles > 0 ? quartiles : (sorted.last ?? 0) - (sorted.first ?? 0)
      slack = reference.allSatisfy { $0 == $0.rounded() } ? 0 : Finding.slackShare * spread
      guard slack > 0 else {
        (distanceWithSlack, stabilityWithSlack) = (distance.value, stability)
        return
      }
      distanceWithSlack = KolmogorovSmirnov.statistic(reference, window, slack: slack)
      let other = StabilityIndex(
        reference: reference, window: window, referenceN: effectiveN.reference, windowN: effectiveN.window, slack: slack
      )
      stabilityWithSlack = [stability, other].compactMap(\.self).min { $0.value < $1.value }
    }
  }

  /// One value of an input, and how many items have it.
  package struct ValueShare: Equatable, Sendable {
    package let value: String
    package let before: Double
    package let after: Double
  }

  package var subject: Subject
  /// nil for all items.
  package var group: GroupName?
  /// Items of the reference.
  package var reference: Int
  package var window: Int
  package var finding: Measured<Finding>

  /// Significant, and large enough to matter.
  package var isFlagged: Bool {
    finding.value.map { $0.adjustedPValue < SeriesCorrection.level && $0.isConsiderable } ?? false
  }
  /// Significant, and large only because values that are nearly equal do not count as equal.
  package var isSlight: Bool {
    finding.value.map { finding in
      finding.test == .kolmogorovSmirnov && finding.adjustedPValue < SeriesCorrection.level
        && finding.effect >= Finding.leastDistance && !finding.isConsiderable
    } ?? false
  }
}

extension Drift.Finding {
  /// The effects from which a significant change matters: a distance of .1 or a stability index .2 above its expectation
  /// without drift, nearly equal measurements counting as equal; or a Cohen's h of .2.
  package static let leastDistance = 0.1
  package static let leastStabilityExcess = 0.2
  package static let slackShare = 0.02
  package static let leastShareEffect = 0.2

  package var isConsiderable: Bool {
    switch test {
    case .kolmogorovSmirnov:
      (movement?.distanceWithSlack ?? effect) >= Self.leastDistance
        || (movement?.stabilityWithSlack?.excess ?? 0) >= Self.leastStabilityExcess
    case .chiSquared: effect >= Self.leastDistance
    case .score, .fisherExact: abs(effect) >= Self.leastShareEffect
    }
  }
}

/// One sample in which drift is sought.
package struct DriftSample: Sendable {
  /// The number of every item's cluster.
  let clusters: [Int]
  /// The model's log-odds for every item.
  let scores: [Double]
  let inputs: [(feature: InputFeature, values: InputValues)]

  package init(clusters: [Int], scores: [Double], inputs: [(feature: InputFeature, values: InputValues)] = []) {
    (self.clusters, self.scores, self.inputs) = (clusters, scores, inputs)
  }

  var count: Int { scores.count }
}

/// Everything that may have changed in a window. The p-values are not corrected yet.
package enum DriftComputation {
  /// With fewer items, or clusters, in a sample nothing is compared.
  static let fewestItems = 10
  /// Numbers with more values than this are not told by the values' shares.
  static let mostValuesShown = 12

  /// - Parameters:
  ///   - groups: Groups whose columns both samples have, with their items in the reference and in the window.
  package static func drifts(
    reference: DriftSample, window: DriftSample, groups: [(name: GroupName, reference: [Int], window: [Int])]
  ) -> [Drift] {
    var drifts: [Drift] = groups.map { group in
      share(.share, group: group.name, of: (group.reference, group.window), among: nil, reference, window)
    }
    let all = (name: GroupName?.none, reference: Array(0..<reference.count), window: Array(0..<window.count))
    for subset in [all] + groups.map({ (name: GroupName?.some($0.name), reference: $0.reference, window: $0.window) }) {
      drifts.append(
        numbers(
          .score, group: subset.name, (subset.reference.map { reference.scores[$0] }, subset.reference),
          (subset.window.map { window.scores[$0] }, subset.window), reference, window))
      for (before, after) in zip(reference.inputs, window.inputs) {
        drifts += input(
          before.feature, (before.values, after.values), group: subset.name, (subset.reference, subset.window),
          reference, window)
      }
    }
    return drifts
  }

  /// A feature's distribution, and the shares of items without it, or with something that no item had, where there are
  /// any.
  private static func input(
    _ feature: InputFeature, _ values: (reference: InputValues, window: InputValues), group: GroupName?,
    _ members: (reference: [Int], window: [Int]), _ reference: DriftSample, _ window: DriftSample
  ) -> [Drift] {
    func counted(_ subject: Drift.Subject, _ counts: (reference: (Int) -> Bool, window: (Int) -> Bool)) -> [Drift] {
      let found = (members.reference.filter(counts.reference), members.window.filter(counts.window))
      guard !found.0.isEmpty || !found.1.isEmpty else { return [] }
      return [share(subject, group: group, of: found, among: members, reference, window)]
    }
    switch values {
    case (.numbers(let before, _), .numbers(let after, let others)):
      let kept = (members.reference.filter { before[$0] != nil }, members.window.filter { after[$0] != nil })
      let drift = numbers(
        .input(feature), group: group, (kept.0.compactMap { before[$0] }, kept.0),
        (kept.1.compactMap { after[$0] }, kept.1), reference, window)
      return [drift]
        + counted(.missing(feature), ({ before[$0] == nil }, { after[$0] == nil && others[$0] == nil }))
        + counted(.notNumber(feature), ({ _ in false }, { others[$0] != nil }))
    case (.categories(let before), .categories(let after)):
      let kept = (members.reference.filter { before[$0] != nil }, members.window.filter { after[$0] != nil })
      let drift = categories(
        feature, group: group, (kept.0.compactMap { before[$0] }, kept.0), (kept.1.compactMap { after[$0] }, kept.1),
        reference, window)
      return [drift] + counted(.missing(feature), ({ before[$0] == nil }, { after[$0] == nil }))
        + (group == nil ? [unseen(feature, (before, after), reference, window)] : [])
    case (.undefined(let reason), _), (_, .undefined(let reason)):
      return [undefined(.input(feature), group: group, members.reference.count, members.window.count, reason)]
    default:
      return [
        undefined(
          .input(feature), group: group, members.reference.count, members.window.count, "numbers and text are compared")
      ]
    }
  }

  /// The share of items whose category is new: in the window, that no item of the reference has; in the reference, that
  /// none of its other clusters has, which is the share to be expected in as many more items like them (Good 1953).
  private static func unseen(
    _ feature: InputFeature, _ values: (reference: [String?], window: [String?]), _ reference: DriftSample,
    _ window: DriftSample
  ) -> Drift {
    var firstCluster: [String: Int] = [:]
    var shared: Set<String> = []
    for (value, cluster) in zip(values.reference, reference.clusters) {
      guard let value else { continue }
      if firstCluster[value, default: cluster] != cluster { shared.insert(value) }
      firstCluster[value] = firstCluster[value] ?? cluster
    }
    func isAlone(_ value: String?) -> Bool { value.map { !shared.contains($0) } ?? false }
    func isNew(_ value: String?) -> Bool { value.map { firstCluster[$0] == nil } ?? false }
    return share(
      .unseen(feature), group: nil,
      of: (
        values.reference.indices.filter { isAlone(values.reference[$0]) },
        values.window.indices.filter { isNew(values.window[$0]) }
      ), among: nil, reference, window)
  }

  private static func undefined(
    _ subject: Drift.Subject, group: GroupName?, _ reference: Int, _ window: Int, _ reason: String
  ) -> Drift {
    Drift(
      subject: subject, group: group, reference: reference, window: window,
      finding: .undefined(reason: reason, n: min(reference, window)))
  }

  /// The clusters of some items of a sample.
  private struct Clustering {
    let index: ClusterIndex
    let items: Int

    init(_ items: [Int], of sample: DriftSample) {
      index = ClusterIndex(items.lazy.map { sample.clusters[$0] })
      self.items = items.count
    }

    var isClustered: Bool { index.count < items }
  }

  /// Why two samples are too small to be compared; nil if they are not.
  private static func tooFew(_ reference: Clustering, _ window: Clustering) -> String? {
    for (sample, name) in [(window, "window"), (reference, "reference")] {
      if sample.items < fewestItems {
        return "\(WindowReasons.items(sample.items)) in the \(name); \(fewestItems) are needed"
      }
      if sample.index.count < fewestItems {
        return "\(WindowReasons.clusters(sample.index.count)) in the \(name); \(fewestItems) are needed"
      }
    }
    return nil
  }

  /// The variance of clustered samples is estimated, from as many clusters as the smaller one has.
  private static func pValue(_ normal: Double, _ reference: Clustering, _ window: Clustering) -> Double {
    let counts = [reference, window].filter(\.isClustered).map(\.index.count)
    return FewClusters.pValue(normal, degreesOfFreedom: counts.min().map { Double($0 - 1) } ?? .infinity)
  }

  private static func numbers(
    _ subject: Drift.Subject, group: GroupName?, _ before: (values: [Double], items: [Int]),
    _ after: (values: [Double], items: [Int]), _ reference: DriftSample, _ window: DriftSample
  ) -> Drift {
    let (first, second) = (before.values.count, after.values.count)
    let clusters = (Clustering(before.items, of: reference), Clustering(after.items, of: window))
    if let reason = tooFew(clusters.0, clusters.1) { return undefined(subject, group: group, first, second, reason) }
    let effective = (effectiveN(before.values, clusters.0), effectiveN(after.values, clusters.1))
    let stability = StabilityIndex(
      reference: before.values, window: after.values, referenceN: effective.0, windowN: effective.1)
    let movement = Drift.Movement(before.values, after.values, effectiveN: effective, stability: stability)
    let pValue = pValue(
      KolmogorovSmirnov.pValue(statistic: movement.distance.value, first: effective.0, second: effective.1),
      clusters.0, clusters.1)
    return Drift(
      subject: subject, group: group, reference: first, window: second,
      finding: .value(
        Drift.Finding(
          test: .kolmogorovSmirnov, effect: movement.distance.value, pValue: pValue, adjustedPValue: pValue,
          stability: stability,
          movement: movement, values: valueShares(before.values, after.values),
          before: quantile(0.5, ofSorted: before.values.sorted()),
          after: quantile(0.5, ofSorted: after.values.sorted()), referenceN: effective.0, windowN: effective.1)))
  }

  /// The shares of the values of numbers that have a few; otherwise empty.
  private static func valueShares(_ before: [Double], _ after: [Double]) -> [Drift.ValueShare] {
    var distinct: Set<Double> = []
    for value in before + after where distinct.insert(value).inserted {
      if distinct.count > mostValuesShown { return [] }
    }
    return valueShares(before.map(MonitorWords.plain), after.map(MonitorWords.plain))
  }

  private static func valueShares(_ before: [String], _ after: [String]) -> [Drift.ValueShare] {
    var counts: [String: (before: Int, after: Int)] = [:]
    for value in before { counts[value, default: (0, 0)].before += 1 }
    for value in after { counts[value, default: (0, 0)].after += 1 }
    let shares = counts.map { value, counts in
      Drift.ValueShare(
        value: value, before: Double(counts.before) / Double(max(1, before.count)),
        after: Double(counts.after) / Double(max(1, after.count)))
    }
    func change(_ share: Drift.ValueShare) -> Double { abs(share.after - share.before) }
    return Array(
      shares.sorted { (change($1), $0.value) < (change($0), $1.value) }.prefix(4).filter { $0.before != $0.after })
  }

  private static func categories(
    _ feature: InputFeature, group: GroupName?, _ before: (values: [String], items: [Int]),
    _ after: (values: [String], items: [Int]), _ reference: DriftSample, _ window: DriftSample
  ) -> Drift {
    let (first, second) = (before.values.count, after.values.count)
    func undefined(_ reason: String) -> Drift {
      Self.undefined(.input(feature), group: group, first, second, reason)
    }
    let clusters = (Clustering(before.items, of: reference), Clustering(after.items, of: window))
    if let reason = tooFew(clusters.0, clusters.1) { return undefined(reason) }
    guard
      let comparison = CategoryComparison(
        reference: before.values, referenceClusters: clusters.0.index, window: after.values,
        windowClusters: clusters.1.index)
    else { return undefined("one category, or only rare ones") }
    let pValue = pValue(comparison.pValue, clusters.0, clusters.1)
    return Drift(
      subject: .input(feature), group: group, reference: first, window: second,
      finding: .value(
        Drift.Finding(
          test: .chiSquared, effect: comparison.totalVariation, pValue: pValue, adjustedPValue: pValue,
          values: valueShares(before.values, after.values), referenceN: comparison.referenceN,
          windowN: comparison.windowN)))
  }

  /// - Parameter all: The items in the denominator of the share; nil for all.
  private static func share(
    _ subject: Drift.Subject, group: GroupName?, of counted: (reference: [Int], window: [Int]),
    among all: (reference: [Int], window: [Int])?, _ reference: DriftSample, _ window: DriftSample
  ) -> Drift {
    let all = all ?? (Array(0..<reference.count), Array(0..<window.count))
    let clusters = (Clustering(all.reference, of: reference), Clustering(all.window, of: window))
    func proportion(_ counted: [Int], among all: [Int], _ clusters: Clustering) -> Proportion {
      let counted = Set(counted)
      return Proportion(
        values: all.map { counted.contains($0) ? 1 : 0 }, clusters: clusters.index.ofItem,
        clusterCount: clusters.index.count)
    }
    guard !all.reference.isEmpty, !all.window.isEmpty else {
      return undefined(subject, group: group, counted.reference.count, counted.window.count, "no items")
    }
    // Unclustered shares are tested exactly, whatever their number.
    if clusters.0.isClustered || clusters.1.isClustered, let reason = tooFew(clusters.0, clusters.1) {
      return undefined(subject, group: group, counted.reference.count, counted.window.count, reason)
    }
    let (before, after) = (
      proportion(counted.reference, among: all.reference, clusters.0),
      proportion(counted.window, among: all.window, clusters.1)
    )
    let comparison = ShareComparison(reference: before, window: after)
    let pValue = pValue(comparison.pValue, clusters.0, clusters.1)
    return Drift(
      subject: subject, group: group, reference: counted.reference.count, window: counted.window.count,
      finding: .value(
        Drift.Finding(
          test: comparison.test == .score ? .score : .fisherExact, effect: comparison.effect, pValue: pValue,
          adjustedPValue: pValue, before: before.value, after: after.value, referenceN: before.effectiveN,
          windowN: after.effectiveN)))
  }

  /// The number of items divided by the design effect of their ranks, which are all that the test uses.
  private static func effectiveN(_ values: [Double], _ clusters: Clustering) -> Double {
    guard clusters.isClustered else { return Double(values.count) }
    return DesignEffect(
      values: midranks(values), clusters: clusters.index.ofItem, clusterCount: clusters.index.count
    ).effectiveN
  }

  static func midranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var first = 0
    while first < order.count {
      var last = first
      while last + 1 < order.count, values[order[last + 1]] == values[order[first]] { last += 1 }
      for position in first...last { ranks[order[position]] = Double(first + last) / 2 }
      first = last + 1
    }
    return ranks
  }
}
