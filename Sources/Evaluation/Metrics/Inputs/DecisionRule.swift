/// The quantity that a decision is about.
package enum DecisionMetric: String, Codable, Equatable, Sendable {
  case accuracy
  /// The mean over items of ROUGE-L, from 0 to 1.
  case rougeL = "ROUGE-L"
  /// The mean over texts of exp(mean log-likelihood of a text's tokens), from 0 to 1.
  case tokenProbability = "token probability"
}

/// The rule that was fixed before the run: how much worse an arm may be in a group, and how large a group must be to be
/// judged.
package struct DecisionRule: Codable, Equatable, Sendable {
  package var metric: DecisionMetric
  /// The non-inferiority margin, as a share: .03 is three points.
  package var margin: Double
  package var minimumGroupSize: Int

  package init(metric: DecisionMetric, margin: Double, minimumGroupSize: Int) {
    self.metric = metric
    self.margin = margin
    self.minimumGroupSize = minimumGroupSize
  }
}

/// A declared comparison: `arm` minus `reference`.
package struct ArmComparison: Hashable, Sendable {
  package var arm: String
  package var reference: String

  package init(arm: String, reference: String) {
    self.arm = arm
    self.reference = reference
  }
}
