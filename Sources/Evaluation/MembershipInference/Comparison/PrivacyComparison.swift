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
  /// Undefined where either arm's figure is.
  package var difference: Measured<VulnerabilityDifference>

  /// Whether the comparison belongs to the declared family.
  package var isInFamily: Bool { difference.value?.adjustedPValue.value != nil }
}

extension PrivacyComparison: DerivedFields {
  package var derivedFields: [String: JSONValue] { ["exploratory": .bool(!isInFamily)] }
}
