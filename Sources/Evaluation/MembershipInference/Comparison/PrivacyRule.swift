/// What was agreed before the run about an arm's vulnerability: how much larger than the reference's it may be in a group,
/// and by which attack and figure that is judged.
package struct PrivacyRule: Codable, Equatable, Sendable {
  package var attack: Attack
  package var measure: AttackMeasure
  /// As a share: .03 is three points of the area under the curve, or of the true positive rate.
  package var margin: Double
  /// Groups with fewer items get no verdict.
  package var minimumGroupSize: Int
  /// Of the intervals of comparisons; a difference is confirmed by a p-value below what is left of it.
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
