import Foundation
package import MembershipInference
import Metrics
import Statistics
package import Support

/// Scores of shadow models whose area under the curve is known, for two arms on the same items and masks.
///
/// An item scores its cluster's and its own difficulty, plus noise of variance 1 for every model, plus a leak where the
/// model was trained on it. Leaks are normal over models. The difference of a member's and a non-member's score then has
/// the mean leak as its mean, and twice the variance of a score plus that of leaks as its variance over models and items,
/// so that Φ(mean/deviation) is the area of the loss threshold attack (Bamber 1975).
package struct AttackModel: Sendable {
  package var models: Int
  package var items: Int
  package var clusterSize: Int
  /// Of difficulties, the share that the items of a cluster have in common.
  package var correlation: Double
  /// The standard deviation over models of the leak, in standard deviations of the noise.
  package var leakDeviation: Double

  package init(models: Int, items: Int, clusterSize: Int = 1, correlation: Double = 0, leakDeviation: Double) {
    self.models = models
    self.items = items
    self.clusterSize = clusterSize
    self.correlation = correlation
    self.leakDeviation = leakDeviation
  }

  /// The standard deviation of the difference of a member's and a non-member's score over models and items.
  private var deviation: Double { (4 + leakDeviation * leakDeviation).squareRoot() }

  /// The shadow models of an arm and of its reference.
  ///
  /// - Parameters:
  ///   - areas: The true areas under the curve of the loss threshold attack, strictly between 0 and 1.
  ///   - key: Masks and difficulties are the same for both arms, noise and leaks are not.
  package func draw(areas: (arm: Double, reference: Double), key: RandomKey) -> [ShadowModels] {
    let clusters = (0..<items).map { $0 / clusterSize }
    let count = (items + clusterSize - 1) / clusterSize
    var masks: [[Bool]] = []
    for pair in 0..<models / 2 {
      var generator = key[.mask][pair].generator
      let isMember = (0..<count).map { _ in generator.uniform() < 0.5 }
      masks += [clusters.map { isMember[$0] }, clusters.map { !isMember[$0] }]
    }
    var generator = key[.latent].generator
    let shared = (0..<count).map { _ in generator.normal() * correlation.squareRoot() }
    let difficulties = clusters.map { shared[$0] + generator.normal() * (1 - correlation).squareRoot() }
    return [("arm", areas.arm), ("reference", areas.reference)].map { name, area in
      let mean = NormalDistribution.quantile(area) * deviation
      let scores = masks.enumerated().map { model, mask in
        var generator = key[.noise][name][model].generator
        let leak = mean + leakDeviation * generator.normal()
        return [zip(difficulties, mask).map { $0 + generator.normal() + ($1 ? leak : 0) }]
      }
      return ShadowModels(
        arm: name, masks: masks, scores: .direct(scores, .logitScaled), labels: [], clusters: clusters,
        groups: [Subgroup(column: "all", value: "all", items: Array(0..<items))])
    }
  }

  var words: String {
    let each = clusterSize == 1 ? "unclustered" : "clusters of \(clusterSize)"
    return "\(models) models, n = \(items), \(each), "
      + (leakDeviation == 0 ? "equal leaks" : "leaks with a deviation of \(leakDeviation)")
  }
}
