import Foundation

/// The online likelihood-ratio attack: log N(φ; μ_in, σ_in²) − log N(φ; μ_out, σ_out²) (Carlini et al. 2022, algorithm 1).
///
/// Means are each item's own; the two variances are pooled over the items, each around its own mean, since a fleet has
/// few models for one item. The target's partner is left out of its shadows: with it, every item would have one member
/// fewer among the shadows exactly when it is a member of the target, and counts alone would tell.
package enum LikelihoodRatioAttack {
  /// A variance below this comes from models that agree to the last bit.
  private static let smallestVariance = 1e-24

  /// The scores of every item against one target; higher means member.
  ///
  /// - Parameters:
  ///   - target: The attacked model; its partner is `target ^ 1`.
  ///   - scores: φ, `[model][item]`.
  ///   - masks: Membership, `[model][item]`; at least two shadows are members and two are not for each item.
  package static func scores(target: Int, scores: [[Double]], masks: [[Bool]]) -> [Double] {
    let shadows = scores.indices.filter { $0 != target && $0 != target ^ 1 }
    let items = scores[target].count
    var members = Side(items: items)
    var others = Side(items: items)
    for model in shadows {
      for item in 0..<items {
        if masks[model][item] {
          members.add(scores[model][item], item: item)
        } else {
          others.add(scores[model][item], item: item)
        }
      }
    }
    for model in shadows {
      for item in 0..<items {
        if masks[model][item] {
          members.addDeviation(scores[model][item], item: item)
        } else {
          others.addDeviation(scores[model][item], item: item)
        }
      }
    }
    let variances = (max(members.pooledVariance, smallestVariance), max(others.pooledVariance, smallestVariance))
    return (0..<items).map { item in
      let score = scores[target][item]
      return logDensity(score, mean: members.mean(item), variance: variances.0)
        - logDensity(score, mean: others.mean(item), variance: variances.1)
    }
  }

  private static func logDensity(_ value: Double, mean: Double, variance: Double) -> Double {
    let deviation = value - mean
    return -0.5 * (log(2 * Double.pi * variance) + deviation * deviation / variance)
  }

  /// The shadows that are members of each item's training set, or those that are not.
  private struct Side {
    var counts: [Double]
    var sums: [Double]
    var squares = 0.0

    init(items: Int) {
      counts = Array(repeating: 0, count: items)
      sums = counts
    }

    mutating func add(_ score: Double, item: Int) {
      counts[item] += 1
      sums[item] += score
    }

    mutating func addDeviation(_ score: Double, item: Int) {
      let deviation = score - mean(item)
      squares += deviation * deviation
    }

    func mean(_ item: Int) -> Double { sums[item] / max(1, counts[item]) }

    /// Around each item's mean, with one degree of freedom less an item.
    var pooledVariance: Double {
      squares / max(1, counts.reduce(0) { $0 + max(0, $1 - 1) })
    }
  }
}
