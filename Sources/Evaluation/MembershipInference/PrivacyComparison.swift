import Foundation
package import Metrics
package import Statistics
package import Support

/// How much more an attack finds against an arm than against its reference, on the same items, masks and clusters.
package struct VulnerabilityDifference: Codable, Equatable, Sendable {
  /// The arm's figure minus the reference's, each averaged over the targets; positive where the arm is more vulnerable.
  package var value: Double
  /// Clusters are resampled together in both arms.
  package var interval: Interval
  /// The standard deviation over the resamples.
  package var standardError: Double
  /// Two-sided, of Student's t with one degree of freedom less than there are clusters; of differences that never vary,
  /// that of every cluster having the same sign.
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
  /// The confidence level of the intervals of comparisons; a difference is confirmed if p is below 1 minus this level.
  package var confidence = 0.95

  package init(
    attack: Attack = .likelihoodRatio(), measure: AttackMeasure = .areaUnderCurve, margin: Double,
    minimumGroupSize: Int
  ) {
    self.attack = attack
    self.measure = measure
    self.margin = margin
    self.minimumGroupSize = minimumGroupSize
  }
}

extension PrivacyComparison {
  /// Every attack that ran against both arms, by every figure, over all items and in every group; those that the rule
  /// declares in every group are corrected as one family.
  ///
  /// - Parameters:
  ///   - runs: The attacks against every arm, all on the same resamples.
  static func all(
    _ comparisons: [ArmComparison], runs: [String: [AttackRun]], rule: PrivacyRule, intervals: AttackIntervals
  ) -> [PrivacyComparison] {
    let measures: [AttackMeasure] =
      [.areaUnderCurve] + AttackMeasures.limits.reversed().map { .truePositiveRate(limit: $0) }
    var results: [PrivacyComparison] = []
    for pair in comparisons {
      let references = runs[pair.reference] ?? []
      for run in runs[pair.arm] ?? [] {
        guard let other = references.first(where: { $0.evaluation.attack == run.evaluation.attack }) else { continue }
        for measure in measures {
          for part in run.replicates.indices {
            results.append(
              PrivacyComparison(
                pair, run: run, reference: other, part: part, measure: measure, rule: rule, intervals: intervals))
          }
        }
      }
    }
    let family = results.indices.filter {
      results[$0].group != nil && results[$0].attack == rule.attack && results[$0].measure == rule.measure
        && results[$0].difference.value != nil
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
      results[index].decide(rule: rule, familySize: size)
    }
    return results
  }

  /// One comparison without the correction for its family and the verdict that needs it.
  ///
  /// - Parameter part: 0 for all items, otherwise one more than the number of the group.
  private init(
    _ pair: ArmComparison, run: AttackRun, reference: AttackRun, part: Int, measure: AttackMeasure,
    rule: PrivacyRule, intervals: AttackIntervals
  ) {
    func measures(_ run: AttackRun) -> AttackMeasures {
      part == 0 ? run.evaluation.overall : run.evaluation.groups[part - 1]
    }
    let own = measures(run)
    arm = pair.arm
    self.reference = pair.reference
    attack = run.evaluation.attack
    self.measure = measure
    group = own.group
    n = own.n
    clusters = own.clusters
    guard let value = own.value(measure), let other = measures(reference).value(measure) else {
      difference = .undefined(
        reason: own.whyUndefined(measure) ?? measures(reference).whyUndefined(measure) ?? "", n: n)
      return
    }
    let replicates = zip(run.replicates[part], reference.replicates[part]).map {
      $0.value(measure) - $1.value(measure)
    }
    let count = clusters
    let items = n
    let difference = value - other
    let standardError = AttackIntervals.deviation(replicates.filter { !$0.isNaN })
    self.difference = intervals.difference(difference, replicates: replicates, clusters: clusters).map { interval in
      VulnerabilityDifference(
        value: difference, interval: interval, standardError: standardError,
        pValue: Self.pValue(difference, standardError: standardError, clusters: count),
        adjustedPValue: .undefined(reason: "outside the declared family", n: items),
        verdict: .notEnoughData(because: .intervalTooWide, more: MoreData()))
    }
  }

  private static func pValue(_ difference: Double, standardError: Double, clusters: Int) -> Double {
    guard abs(difference) > 1e-12 else { return 1 }
    guard standardError > 1e-12 else { return min(1, exp2(1 - Double(clusters))) }
    let t = abs(difference) / standardError
    return min(1, 2 * StudentT.cumulative(-t, degreesOfFreedom: Double(clusters - 1)))
  }

  /// In the order of all verdicts: within the margin, difference confirmed, not enough data.
  private mutating func decide(rule: PrivacyRule, familySize: Int) {
    let (n, clusters, group) = (n, clusters, group)
    difference = difference.map { found in
      var found = found
      let moreItems = found.moreItems(items: n, clusters: clusters, rule: rule, familySize: familySize)
      if group != nil, n < rule.minimumGroupSize {
        found.verdict = .notEnoughData(
          because: .belowMinimumSize(minimum: rule.minimumGroupSize), more: MoreData(items: moreItems))
      } else if found.interval.upper < rule.margin {
        found.verdict = .withinMargin
      } else if found.adjustedPValue.value ?? found.pValue < 1 - rule.confidence {
        found.verdict = .differenceConfirmed
      } else {
        found.verdict = .notEnoughData(because: .intervalTooWide, more: MoreData(items: moreItems))
      }
      return found
    }
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

extension VulnerabilityDifference {
  /// About how many more items bring a verdict: within the margin, or a confirmed difference, whichever needs fewer.
  fileprivate func moreItems(items: Int, clusters: Int, rule: PrivacyRule, familySize: Int) -> Int? {
    // Without any variation among the resamples there is nothing to forecast from.
    guard standardError > 1e-12 else {
      return items < rule.minimumGroupSize ? rule.minimumGroupSize - items : nil
    }
    let forecast = SampleSizeForecast(
      items: items, clusters: clusters, minimumItems: rule.minimumGroupSize, standardError: standardError,
      clustersOfError: Double(clusters))
    let tail = (1 - rule.confidence) / 2
    return forecast.moreItems(
      forClusters: min(
        forecast.clusters(toTell: rule.margin - value, tail: tail),
        forecast.clusters(toTell: abs(value), tail: tail / Double(max(1, familySize)))))
  }
}
