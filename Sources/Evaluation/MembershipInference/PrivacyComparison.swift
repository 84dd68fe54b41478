import Foundation
package import Metrics
package import Statistics
package import Support

/// How much more an attack finds against an arm than against its reference, on the same items, masks and clusters.
package struct VulnerabilityDifference: Codable, Equatable, Sendable {
  /// The arm's figure minus the reference's, each averaged over the targets; positive where the arm is more vulnerable.
  package var value: Double
  /// Clusters are resampled, and pairs of models left out, together in both arms.
  package var interval: Interval
  /// Over clusters and models.
  package var standardError: Double
  /// Two-sided, of Student's t with Satterthwaite's degrees of freedom; of differences that never vary, that of every
  /// cluster having the same sign.
  package var pValue: Double
  /// Holm's over the declared family; undefined outside it, which is exploratory.
  package var adjustedPValue: Measured<Double>
  /// Within the margin when the upper bound lies below it; otherwise confirmed, or not enough data.
  package var verdict: Verdict
}

/// An arm's vulnerability minus a reference's, by one attack and figure, in one group or over all items.
package struct PrivacyComparison: Codable, Equatable, Sendable {
  package var arm: String
  package var reference: String
  package var attack: Attack
  package var measure: AttackMeasure
  /// `nil` for all items.
  package var group: GroupName?
  package var n: Int
  package var clusters: Int
  /// Undefined if either arm's figure is.
  package var difference: Measured<VulnerabilityDifference>

  /// Whether the comparison belongs to the declared family.
  package var isInFamily: Bool { difference.value?.adjustedPValue.value != nil }
}

extension PrivacyComparison: DerivedFields {
  package var derivedFields: [String: JSONValue] { ["exploratory": .bool(!isInFamily)] }
}

/// What was agreed before the run about an arm's vulnerability: how much larger than the reference's it may be in a
/// group, and by which attack and figure that is judged.
package struct PrivacyRule: Codable, Equatable, Sendable {
  package var attack: Attack
  package var measure: AttackMeasure
  /// As a share: .03 is three points of the area under the curve, or of the true positive rate.
  package var margin: Double
  /// Groups with fewer items get no verdict.
  package var minimumGroupSize: Int
  /// Groups with fewer clusters get no verdict either.
  package var minimumClusters: Int
  /// The confidence level of the intervals of comparisons; a difference is confirmed if p is below 1 minus this level.
  package var confidence = 0.95

  package init(
    attack: Attack = .likelihoodRatio(), measure: AttackMeasure = .areaUnderCurve, margin: Double,
    minimumGroupSize: Int, minimumClusters: Int = DecisionRule.standardMinimumClusters
  ) {
    self.attack = attack
    self.measure = measure
    self.margin = margin
    self.minimumGroupSize = minimumGroupSize
    self.minimumClusters = minimumClusters
  }

  /// Whether the comparison is about a group by the attack and figure that verdicts are about.
  package func declares(_ comparison: PrivacyComparison) -> Bool {
    comparison.group != nil && comparison.attack == attack && comparison.measure == measure
  }

  /// Why a group with these counts cannot get a verdict, whatever is found; `nil` if it can.
  func shortage(items: Int, clusters: Int) -> InsufficientData? {
    if items < minimumGroupSize { return .belowMinimumSize(minimum: minimumGroupSize) }
    if clusters < minimumClusters { return .belowMinimumClusters(minimum: minimumClusters) }
    return nil
  }
}

extension PrivacyComparison {
  /// Every attack that ran against both arms, by every figure, over all items and in every group; those that the rule
  /// declares are corrected as one family, in every group that is large enough for a verdict.
  ///
  /// - Parameters:
  ///   - runs: The attacks against every arm, all on the same resamples.
  static func all(
    _ comparisons: [ArmComparison], runs: [String: [AttackRun]], rule: PrivacyRule, intervals: AttackIntervals
  ) -> [PrivacyComparison] {
    let measures: [AttackMeasure] =
      [.areaUnderCurve] + AttackMeasures.limits.reversed().map { .truePositiveRate(limit: $0) }
    var found: [Candidate] = []
    for pair in comparisons {
      let references = runs[pair.reference] ?? []
      for run in runs[pair.arm] ?? [] {
        guard let other = references.first(where: { $0.evaluation.attack == run.evaluation.attack }) else { continue }
        for measure in measures {
          for part in run.replicates.indices {
            found.append(
              Candidate(
                pair, run: run, reference: other, part: part, measure: measure, intervals: intervals))
          }
        }
      }
    }
    var results = found.map(\.comparison)
    let family = results.indices.filter {
      rule.declares(results[$0]) && results[$0].difference.value != nil
        && rule.shortage(items: results[$0].n, clusters: results[$0].clusters) == nil
    }
    let adjusted = holmAdjusted(family.map { results[$0].difference.value?.pValue ?? 1 })
    for (index, adjusted) in zip(family, adjusted) {
      results[index].difference = results[index].difference.map {
        var difference = $0
        difference.adjustedPValue = .value(adjusted)
        return difference
      }
    }
    for index in results.indices {
      let size = results[index].isInFamily ? family.count : 1
      results[index].decide(rule: rule, variance: found[index].variance, familySize: size, pairs: found[index].pairs)
    }
    return results
  }
}

/// One comparison without the correction for its family and the verdict that needs it.
private struct Candidate {
  var comparison: PrivacyComparison
  let variance: AttackVariance
  let pairs: Double

  /// - Parameter part: 0 for all items, otherwise one more than the number of the group.
  init(
    _ pair: ArmComparison, run: AttackRun, reference: AttackRun, part: Int, measure: AttackMeasure,
    intervals: AttackIntervals
  ) {
    let measures = [run, reference].map { part == 0 ? $0.evaluation.overall : $0.evaluation.groups[part - 1] }
    let replicates = run.replicates[part].figure(measure) - reference.replicates[part].figure(measure)
    let (n, clusters) = (measures[0].n, measures[0].clusters)
    let variance = AttackVariance(replicates, clusters: clusters)
    self.variance = variance
    pairs = Double(run.models) / 2
    var difference = Measured<VulnerabilityDifference>.undefined(
      reason: measures.compactMap { $0.whyUndefined(measure) }.first ?? "", n: n)
    if let value = measures[0].value(measure), let other = measures[1].value(measure) {
      difference = intervals.difference(value - other, replicates: replicates, clusters: clusters).map { interval in
        VulnerabilityDifference(
          value: value - other, interval: interval, standardError: variance.standardError,
          pValue: Self.pValue(value - other, variance: variance),
          adjustedPValue: .undefined(reason: "outside the declared family", n: n),
          verdict: .notEnoughData(because: .intervalTooWide, more: MoreData()))
      }
    }
    comparison = PrivacyComparison(
      arm: pair.arm, reference: pair.reference, attack: run.evaluation.attack, measure: measure,
      group: measures[0].group, n: n, clusters: clusters, difference: difference)
  }

  private static func pValue(_ difference: Double, variance: AttackVariance) -> Double {
    guard abs(difference) > 1e-12 else { return 1 }
    guard variance.standardError > 1e-12 else { return min(1, exp2(1 - Double(variance.clusters))) }
    let t = abs(difference) / variance.standardError
    return StudentT.twoSidedTail(t, degreesOfFreedom: variance.degreesOfFreedom)
  }

}

extension PrivacyComparison {
  /// In the order of all verdicts: within the margin, difference confirmed, not enough data.
  ///
  /// - Parameter pairs: Of models that were attacked; half of their number where they are no pairs.
  fileprivate mutating func decide(rule: PrivacyRule, variance: AttackVariance, familySize: Int, pairs: Double) {
    guard case .value(var found) = difference else { return }
    let shortage = group == nil ? nil : rule.shortage(items: n, clusters: clusters)
    if let shortage {
      found.verdict = .notEnoughData(because: shortage, more: MoreData(items: missingItems(rule: rule)))
    } else if found.interval.upper < rule.margin {
      found.verdict = .withinMargin
    } else if found.adjustedPValue.value ?? found.pValue < 1 - rule.confidence {
      found.verdict = .differenceConfirmed
    } else {
      let isForecast = attack == rule.attack && measure == rule.measure
      let factors: (items: Double?, models: Double?) =
        isForecast
        ? AttackForecast(value: found.value, variance: variance, rule: rule, familySize: familySize).factors()
        : (nil, nil)
      found.verdict = .notEnoughData(
        because: .intervalTooWide,
        more: MoreData(
          items: factors.items.map { more($0, of: Double(n)) },
          modelPairs: factors.models.map { more($0, of: pairs) }))
    }
    difference = .value(found)
  }

  /// What a factor adds to a count: 1 at least.
  private func more(_ factor: Double, of count: Double) -> Int { max(1, Int(((factor - 1) * count).rounded(.up))) }

  /// The items that a group needs before the rule judges it at all.
  private func missingItems(rule: PrivacyRule) -> Int {
    let itemsEach = Double(n) / Double(max(1, clusters))
    let ofClusters = (Double(rule.minimumClusters - clusters) * itemsEach).rounded(.up)
    return max(1, rule.minimumGroupSize - n, Int(ofClusters))
  }
}

extension AttackMeasures {
  /// Why the figure is undefined; `nil` if it is not.
  fileprivate func whyUndefined(_ measure: AttackMeasure) -> String? {
    switch measure {
    case .areaUnderCurve:
      if case .undefined(let reason, _) = areaUnderCurve { return reason }
    case .truePositiveRate(let limit):
      let point = operatingPoints.first { $0.falsePositiveRateLimit == limit && $0.threshold == .own }
      if case .undefined(let reason, _) = point?.truePositiveRate { return reason }
    }
    return nil
  }
}
