import Foundation

/// The likelihood-ratio attacks (Carlini et al. 2022). Variances are around each item's mean, whatever the center.
package enum LikelihoodRatioAttack {
  /// The online attack, log N(φ; μ_in, σ_in²) − log N(φ; μ_out, σ_out²) (algorithm 1), summed over queries, which are
  /// taken for independent Gaussians (section VI-C); higher means member.
  ///
  /// - Parameters:
  ///   - target: The attacked model.
  ///   - shadows: The models that are read, ascending; some have each item, some are without it.
  ///   - scores: φ, `[query][model][item]`.
  ///   - masks: Membership, `[model][item]`.
  package static func scores(
    target: Int, shadows: [Int], scores: [[[Double]]], masks: [[Bool]],
    options: LikelihoodRatioOptions = LikelihoodRatioOptions()
  ) -> [Double] {
    sum(scores, items: masks[target].count) { scores in
      let members = ShadowSide(isMember: true, shadows: shadows, scores: scores, masks: masks, options: options)
      let others = ShadowSide(isMember: false, shadows: shadows, scores: scores, masks: masks, options: options)
      return { item in
        let score = scores[target][item]
        return logDensity(score, mean: members.center(item), variance: members.variance(item))
          - logDensity(score, mean: others.center(item), variance: others.variance(item))
      }
    }
  }

  /// The offline attack, one-sided: items are ranked by (φ − μ_out) / σ_out, averaged over queries; higher means member.
  /// The normal probability that the paper reports is an increasing function of it, which saturates.
  ///
  /// - Parameters: As above, but that no shadow needs to have an item.
  package static func offlineScores(
    target: Int, shadows: [Int], scores: [[[Double]]], masks: [[Bool]],
    options: LikelihoodRatioOptions = LikelihoodRatioOptions()
  ) -> [Double] {
    let queries = Double(max(1, scores.count))
    return sum(scores, items: masks[target].count) { scores in
      let others = ShadowSide(isMember: false, shadows: shadows, scores: scores, masks: masks, options: options)
      return { item in
        standardized(scores[target][item], mean: others.center(item), deviation: others.variance(item).squareRoot())
          / queries
      }
    }
  }

  /// (φ − μ) / σ.
  package static func standardized(_ score: Double, mean: Double, deviation: Double) -> Double {
    (score - mean) / deviation
  }

  private static func sum(
    _ queries: [[[Double]]], items: Int, score: ([[Double]]) -> (Int) -> Double
  ) -> [Double] {
    guard queries.count != 1 else { return (0..<items).map(score(queries[0])) }
    var sums = [Double](repeating: 0, count: items)
    for scores in queries {
      let own = score(scores)
      for item in 0..<items { sums[item] += own(item) }
    }
    return sums
  }

  private static func logDensity(_ value: Double, mean: Double, variance: Double) -> Double {
    let deviation = value - mean
    return -0.5 * (log(2 * Double.pi * variance) + deviation * deviation / variance)
  }
}
