import Foundation

/// The likelihood-ratio attacks (Carlini et al. 2022). Variances are around each item's mean, whatever the center.
package enum LikelihoodRatioAttack {
  /// The online attack, log N(φ; μ_in, σ_in²) − log N(φ; μ_out, σ_out²) (algorithm 1), summed over queries, which are
  /// assumed to be independent Gaussians (section VI-C); higher means member.
  ///
  /// - Parameters:
  ///   - target: The attacked model.
  ///   - shadows: The models that are read of each item; some have it, some are without it.
  ///   - scores: φ, `[query][model][item]`.
  ///   - whole: The shadow models before some were left out; they give the variances that `shadows` are too few for.
  package static func scores(
    target: Int, shadows: ShadowSelection, scores: [[[Double]]],
    options: LikelihoodRatioOptions = LikelihoodRatioOptions(), whole: ShadowSelection? = nil
  ) -> [Double] {
    sum(scores, target: target) { scores in
      let members = ShadowSide(isMember: true, shadows: shadows, scores: scores, options: options, whole: whole)
      let others = ShadowSide(isMember: false, shadows: shadows, scores: scores, options: options, whole: whole)
      return { item in
        let score = scores[target][item]
        return logDensity(score, mean: members.center(item), variance: members.variance(item))
          - logDensity(score, mean: others.center(item), variance: others.variance(item))
      }
    }
  }

  /// The offline attack, one-sided: items are ranked by (φ − μ_out) / σ_out, averaged over queries; higher means
  /// member. The normal probability that the paper reports is an increasing function of it, which saturates.
  ///
  /// - Parameters: As above, but that no shadow needs to have an item.
  package static func offlineScores(
    target: Int, shadows: ShadowSelection, scores: [[[Double]]],
    options: LikelihoodRatioOptions = LikelihoodRatioOptions(), whole: ShadowSelection? = nil
  ) -> [Double] {
    let queries = Double(max(1, scores.count))
    return sum(scores, target: target) { scores in
      let others = ShadowSide(isMember: false, shadows: shadows, scores: scores, options: options, whole: whole)
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
    _ queries: [[[Double]]], target: Int, score: ([[Double]]) -> (Int) -> Double
  ) -> [Double] {
    guard let first = queries.first else { return [] }
    let items = first[target].indices
    guard queries.count > 1 else { return items.map(score(first)) }
    var sums = [Double](repeating: 0, count: items.count)
    for scores in queries {
      let own = score(scores)
      for item in items { sums[item] += own(item) }
    }
    return sums
  }

  private static func logDensity(_ value: Double, mean: Double, variance: Double) -> Double {
    let deviation = value - mean
    return -0.5 * (log(2 * Double.pi * variance) + deviation * deviation / variance)
  }
}

/// The shadow models that have each item in their training set, or those that do not: where their scores lie and how
/// they vary.
struct ShadowSide {
  /// A variance below this comes from models that agree to the last bit.
  private static let smallestVariance = 1e-24

  private let centers: [Double]
  /// The variance of each item, or one for all items.
  private let variances: [Double]

  func center(_ item: Int) -> Double { centers[item] }

  func variance(_ item: Int) -> Double { variances.count == 1 ? variances[0] : variances[item] }

  /// - Parameters:
  ///   - isMember: Whether shadow models that have the item are meant.
  ///   - shadows: The models that are read.
  ///   - scores: `[model][item]`.
  ///   - whole: Gives the variances that `shadows` are too few for.
  init(
    isMember: Bool, shadows: ShadowSelection, scores: [[Double]], options: LikelihoodRatioOptions,
    whole: ShadowSelection?
  ) {
    let items = scores.first?.count ?? 0
    let side = ShadowSelection.Side(isMember: isMember)
    var counts = [Double](repeating: 0, count: items)
    var means = counts
    for (model, sides) in zip(shadows.models, shadows.sides) {
      for item in 0..<items where sides[item] == side {
        counts[item] += 1
        means[item] += scores[model][item]
      }
    }
    for item in 0..<items { means[item] /= max(1, counts[item]) }
    var squares = [Double](repeating: 0, count: items)
    var allSquares = 0.0
    for (model, sides) in zip(shadows.models, shadows.sides) {
      for item in 0..<items where sides[item] == side {
        let deviation = scores[model][item] - means[item]
        squares[item] += deviation * deviation
        allSquares += deviation * deviation
      }
    }
    // One degree of freedom less an item.
    let freedom = counts.map { max(0, $0 - 1) }
    let isPooled = options.poolsVariance(shadows: (whole ?? shadows).models.count)
    let allFreedom = freedom.reduce(0, +)
    let isEstimable = isPooled ? allFreedom > 0 : !freedom.contains(0)
    let other =
      isEstimable
      ? nil
      : whole.map {
        ShadowSide(isMember: isMember, shadows: $0, scores: scores, options: options, whole: nil)
      }
    if isPooled {
      variances = [other?.variance(0) ?? max(allSquares / max(1, allFreedom), Self.smallestVariance)]
    } else {
      variances = squares.indices.map { item in
        guard freedom[item] > 0 else { return other?.variance(item) ?? Self.smallestVariance }
        return max(squares[item] / freedom[item], Self.smallestVariance)
      }
    }
    switch options.center {
    case .mean: centers = means
    case .median:
      var values: [Double] = []
      values.reserveCapacity(shadows.models.count)
      centers = (0..<items).map { item in
        values.removeAll(keepingCapacity: true)
        for (model, sides) in zip(shadows.models, shadows.sides) where sides[item] == side {
          values.append(scores[model][item])
        }
        return Self.median(&values)
      }
    }
  }

  private static func median(_ values: inout [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    values.sort()
    let middle = values.count / 2
    return values.count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2
  }
}
