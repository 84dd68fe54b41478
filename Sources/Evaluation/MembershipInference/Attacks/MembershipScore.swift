import Foundation
package import Metrics

/// How sure a model is of an item's label, in forms in which members stand out.
package enum MembershipScore {
  /// φ = z_y − log Σ_{j≠y} exp z_j, the logit of the label's probability (Carlini et al. 2022), which stays finite where
  /// the probability rounds to 1.
  package static func logitScaled(_ logits: Logits, item: Int, label: Int) -> Double {
    logits.logitScaledProbability(item: item, label: label)
  }

  /// The loss −log p_y that belongs to a φ, without cancellation.
  package static func loss(ofScore score: Double) -> Double {
    score > 0 ? log1p(exp(-score)) : log1p(exp(score)) - score
  }
}
