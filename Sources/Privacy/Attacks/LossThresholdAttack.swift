/// The baseline attack: items with a small loss are taken for members (Yeom et al. 2018).
package enum LossThresholdAttack {
  /// The negative loss of every item under one target; higher means member.
  ///
  /// - Parameter scores: φ, `[model][item]`.
  package static func scores(target: Int, scores: [[Double]]) -> [Double] {
    scores[target].map { -MembershipScore.loss(ofScore: $0) }
  }
}
