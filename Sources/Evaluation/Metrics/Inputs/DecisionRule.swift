/// The quantity that a decision is about.
package enum DecisionMetric: String, Codable, Equatable, Sendable {
  case accuracy
  /// The mean over items of ROUGE-L, from 0 to 1.
  case rougeL = "ROUGE-L"
  /// The mean over texts of exp(mean log-likelihood of a text's tokens), from 0 to 1.
  case tokenProbability = "token probability"
}

/// The rule that was fixed before the run: how much worse an arm may be in a group, and how many items and clusters a
/// group must have to be judged.
package struct DecisionRule: Codable, Equatable, Sendable {
  package var metric: DecisionMetric
  /// The non-inferiority margin, as a share: .03 is three points.
  package var margin: Double
  package var minimumGroupSize: Int
  /// Sixty pictures of three people are three clusters, which show little of the variation between people.
  package var minimumClusters: Int

  package init(
    metric: DecisionMetric, margin: Double, minimumGroupSize: Int, minimumClusters: Int = standardMinimumClusters
  ) {
    self.metric = metric
    self.margin = margin
    self.minimumGroupSize = minimumGroupSize
    self.minimumClusters = minimumClusters
  }

  /// What a specification, a policy or a command that says nothing of clusters asks for.
  package static let standardMinimumClusters = 10

  /// Why a group with these counts cannot get a verdict, whatever its outcomes are; `nil` if it can.
  package func shortage(items: Int, clusters: Int) -> InsufficientData? {
    if items < minimumGroupSize { return .belowMinimumSize(minimum: minimumGroupSize) }
    if clusters < minimumClusters { return .belowMinimumClusters(minimum: minimumClusters) }
    return nil
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
