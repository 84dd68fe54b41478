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
    /// Corrected by Holm's method over everything that is tested in the window.
    package var adjustedPValue: Double
    /// For numbers only.
    package var stability: StabilityIndex?
    /// The share, or the median of numbers; nil for categories.
    package var before: Double?
    package var after: Double?
    /// The effective numbers of items that the test counted.
    package var referenceN: Double
    package var windowN: Double
  }

  package var subject: Subject
  /// nil for all items.
  package var group: GroupName?
  /// Items of the reference.
  package var reference: Int
  package var window: Int
  package var finding: Measured<Finding>

  /// Significant, and large enough to matter.
  package var isFlagged: Bool { finding.value.map { $0.adjustedPValue < 0.05 && $0.isConsiderable } ?? false }
}

extension Drift.Finding {
  /// The effects from which a significant change matters: a distance of .1, a stability index .2 above its expectation
  /// without drift, or a Cohen's h of .2.
  package static let leastDistance = 0.1
  package static let leastStabilityExcess = 0.2
  package static let leastShareEffect = 0.2

  package var isConsiderable: Bool {
    switch test {
    case .kolmogorovSmirnov:
      effect >= Self.leastDistance || (stability?.excess ?? 0) >= Self.leastStabilityExcess
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

/// Everything that may have changed in a window, tested as one family.
package enum DriftComputation {
  /// With fewer items in a sample a distribution is not compared.
  static let fewestItems = 10

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
    return adjusted(drifts)
  }

  private static func adjusted(_ drifts: [Drift]) -> [Drift] {
    let defined = drifts.indices.filter { drifts[$0].finding.value != nil }
    let values = holmAdjusted(defined.compactMap { drifts[$0].finding.value?.pValue })
    var drifts = drifts
    for (index, value) in zip(defined, values) {
      drifts[index].finding = drifts[index].finding.map { finding in
        var finding = finding
        finding.adjustedPValue = value
        return finding
      }
    }
    return drifts
  }

  /// A feature's distribution, and the share of items without it, where there are any.
  private static func input(
    _ feature: InputFeature, _ values: (reference: InputValues, window: InputValues), group: GroupName?,
    _ members: (reference: [Int], window: [Int]), _ reference: DriftSample, _ window: DriftSample
  ) -> [Drift] {
    func missing(_ isThere: (reference: [Bool], window: [Bool])) -> [Drift] {
      let withoutValue = (
        members.reference.filter { !isThere.reference[$0] }, members.window.filter { !isThere.window[$0] }
      )
      guard !withoutValue.0.isEmpty || !withoutValue.1.isEmpty else { return [] }
      return [share(.missing(feature), group: group, of: withoutValue, among: members, reference, window)]
    }
    switch values {
    case (.numbers(let before), .numbers(let after)):
      let kept = (members.reference.filter { before[$0] != nil }, members.window.filter { after[$0] != nil })
      let drift = numbers(
        .input(feature), group: group, (kept.0.compactMap { before[$0] }, kept.0),
        (kept.1.compactMap { after[$0] }, kept.1), reference, window)
      return [drift] + missing((before.map { $0 != nil }, after.map { $0 != nil }))
    case (.categories(let before), .categories(let after)):
      let kept = (members.reference.filter { before[$0] != nil }, members.window.filter { after[$0] != nil })
      let drift = categories(
        feature, group: group, (kept.0.compactMap { before[$0] }, kept.0), (kept.1.compactMap { after[$0] }, kept.1),
        reference, window)
      return [drift] + missing((before.map { $0 != nil }, after.map { $0 != nil }))
    case (.undefined(let reason), _), (_, .undefined(let reason)):
      return [undefined(.input(feature), group: group, members.reference.count, members.window.count, reason)]
    default:
      return [
        undefined(
          .input(feature), group: group, members.reference.count, members.window.count, "numbers and text are compared")
      ]
    }
  }

  private static func undefined(
    _ subject: Drift.Subject, group: GroupName?, _ reference: Int, _ window: Int, _ reason: String
  ) -> Drift {
    Drift(
      subject: subject, group: group, reference: reference, window: window,
      finding: .undefined(reason: reason, n: min(reference, window)))
  }

  /// Why two samples are too small to be compared; nil if they are not.
  private static func tooFew(_ reference: Int, _ window: Int) -> String? {
    if window < fewestItems { return "\(WindowReasons.items(window)) in the window; \(fewestItems) are needed" }
    if reference < fewestItems {
      return "\(WindowReasons.items(reference)) in the reference; \(fewestItems) are needed"
    }
    return nil
  }

  private static func numbers(
    _ subject: Drift.Subject, group: GroupName?, _ before: (values: [Double], items: [Int]),
    _ after: (values: [Double], items: [Int]), _ reference: DriftSample, _ window: DriftSample
  ) -> Drift {
    let (first, second) = (before.values.count, after.values.count)
    if let reason = tooFew(first, second) { return undefined(subject, group: group, first, second, reason) }
    let effective = (
      effectiveN(before.values, clusters: before.items.map { reference.clusters[$0] }),
      effectiveN(after.values, clusters: after.items.map { window.clusters[$0] })
    )
    let distance = KolmogorovSmirnov.statistic(before.values, after.values)
    let pValue = KolmogorovSmirnov.pValue(statistic: distance, first: effective.0, second: effective.1)
    return Drift(
      subject: subject, group: group, reference: first, window: second,
      finding: .value(
        Drift.Finding(
          test: .kolmogorovSmirnov, effect: distance, pValue: pValue, adjustedPValue: pValue,
          stability: StabilityIndex(
            reference: before.values, window: after.values, referenceN: effective.0, windowN: effective.1),
          before: quantile(0.5, ofSorted: before.values.sorted()),
          after: quantile(0.5, ofSorted: after.values.sorted()), referenceN: effective.0, windowN: effective.1)))
  }

  private static func categories(
    _ feature: InputFeature, group: GroupName?, _ before: (values: [String], items: [Int]),
    _ after: (values: [String], items: [Int]), _ reference: DriftSample, _ window: DriftSample
  ) -> Drift {
    let (first, second) = (before.values.count, after.values.count)
    func undefined(_ reason: String) -> Drift {
      Self.undefined(.input(feature), group: group, first, second, reason)
    }
    if let reason = tooFew(first, second) { return undefined(reason) }
    let clusters = (
      ClusterIndex(before.items.lazy.map { reference.clusters[$0] }),
      ClusterIndex(after.items.lazy.map { window.clusters[$0] })
    )
    guard
      let comparison = CategoryComparison(
        reference: before.values, referenceClusters: clusters.0, window: after.values, windowClusters: clusters.1)
    else { return undefined("one category, or only rare ones") }
    return Drift(
      subject: .input(feature), group: group, reference: first, window: second,
      finding: .value(
        Drift.Finding(
          test: .chiSquared, effect: comparison.totalVariation, pValue: comparison.pValue,
          adjustedPValue: comparison.pValue, stability: nil, before: nil, after: nil,
          referenceN: comparison.referenceN, windowN: comparison.windowN)))
  }

  /// - Parameter all: The items in the denominator of the share; nil for all.
  private static func share(
    _ subject: Drift.Subject, group: GroupName?, of counted: (reference: [Int], window: [Int]),
    among all: (reference: [Int], window: [Int])?, _ reference: DriftSample, _ window: DriftSample
  ) -> Drift {
    func proportion(_ counted: [Int], among all: [Int]?, _ sample: DriftSample) -> Proportion? {
      let all = all ?? Array(0..<sample.count)
      guard !all.isEmpty else { return nil }
      let counted = Set(counted)
      let clusters = ClusterIndex(all.lazy.map { sample.clusters[$0] })
      return Proportion(
        values: all.map { counted.contains($0) ? 1 : 0 }, clusters: clusters.ofItem, clusterCount: clusters.count)
    }
    guard let before = proportion(counted.reference, among: all?.reference, reference),
      let after = proportion(counted.window, among: all?.window, window)
    else { return undefined(subject, group: group, counted.reference.count, counted.window.count, "no items") }
    let comparison = ShareComparison(reference: before, window: after)
    return Drift(
      subject: subject, group: group, reference: counted.reference.count, window: counted.window.count,
      finding: .value(
        Drift.Finding(
          test: comparison.test == .score ? .score : .fisherExact, effect: comparison.effect, pValue: comparison.pValue,
          adjustedPValue: comparison.pValue, stability: nil, before: before.value, after: after.value,
          referenceN: before.effectiveN, windowN: after.effectiveN)))
  }

  /// The number of items divided by the design effect of their ranks, which are all that the test uses.
  private static func effectiveN(_ values: [Double], clusters: [Int]) -> Double {
    let index = ClusterIndex(clusters)
    guard index.count < values.count else { return Double(values.count) }
    return DesignEffect(values: midranks(values), clusters: index.ofItem, clusterCount: index.count).effectiveN
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
