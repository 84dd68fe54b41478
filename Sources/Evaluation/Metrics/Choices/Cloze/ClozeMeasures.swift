package import Statistics

/// How likely a candidate is, over the frames that offer it.
package struct CandidateShare: Codable, Equatable, Sendable {
  private enum CodingKeys: String, CodingKey {
    case mass = "probability"
    case massSpread = "probability_seed_spread"
    case candidate, n, share
  }

  package var candidate: String
  /// The frames that offer it.
  package var n: Int
  /// Of those, the share in which it is the likeliest candidate.
  package var share: Measured<Proportion>
  /// The mean of its probability, normalized over each frame's candidates.
  package var mass: Measured<Estimate>
  /// Of the mass, by seed.
  package var massSpread: Measured<SeedSpread>
}

/// What one arm would put into frames, in one group or over all of them; figures are averaged over the seeds.
///
/// A candidate's probability is that of all its tokens; it is not divided by their number, since candidates are whole
/// words that exclude each other.
package struct ClozeMeasures: Codable, Equatable, Sendable {
  /// `nil` for all frames.
  package var group: GroupName?
  package var n: Int
  package var clusters: Int
  /// In the order of the task's candidates.
  package var candidates: [CandidateShare]
  /// Frames, over all runs, in which several candidates were the likeliest.
  package var ties: Int
}

/// What one arm would put into frames.
package struct ArmCloze: Codable, Equatable, Sendable {
  package var arm: String
  package var overall: ClozeMeasures
  /// In the order of the groups.
  package var groups: [ClozeMeasures]
}

/// How much likelier a candidate is to an arm than to a reference, on the same frames.
package struct ClozeComparison: Codable, Equatable, Sendable {
  private enum CodingKeys: String, CodingKey {
    case mass = "probability"
    case arm, reference, group, candidate, n, share
  }

  package var arm: String
  package var reference: String
  /// `nil` for all frames.
  package var group: GroupName?
  package var candidate: String
  /// The frames that offer it.
  package var n: Int
  package var share: Measured<FigureDifference>
  package var mass: Measured<FigureDifference>
}
