package import MembershipInference

/// How much of an arm's fleet was trained, and why no more.
package struct FleetLook: Equatable, Sendable {
  package var arm: String
  /// Models that the specification allows.
  package var planned: Int
  /// Models that were trained: those of the first look at which the goal was reached, or all.
  package var trained: Int
  /// The sizes at which it was to be looked at.
  package var looks: [Int]
  /// Of the intervals of the look at which it ended.
  package var confidence: Double
  package var reason: LookDecision.Reason

  package init(
    arm: String, planned: Int, trained: Int, looks: [Int], confidence: Double, reason: LookDecision.Reason
  ) {
    self.arm = arm
    self.planned = planned
    self.trained = trained
    self.looks = looks
    self.confidence = confidence
    self.reason = reason
  }
}
