/// The relative membership attack, RMIA (Zarifzadeh et al. 2024), offline: an item is suspected as far as its likelihood
/// ratio exceeds those of other items that the target was not trained on.
package enum RelativeMembershipAttack {
  /// r = p / (½[(1 + a)·mean_out p + 1 − a]).
  package static func ratio(_ probability: Double, meanOut: Double, a: Double) -> Double {
    probability / (0.5 * ((1 + a) * meanOut + 1 - a))
  }

  /// The share of a population with r(x) / r(z) ≥ γ, for every x.
  ///
  /// - Parameters:
  ///   - ratios: r(x).
  ///   - population: r(z).
  package static func shares(ratios: [Double], population: [Double], gamma: Double) -> [Double] {
    let sorted = population.map { gamma * $0 }.sorted()
    return ratios.map { Double(dominated(by: $0, in: sorted)) / Double(max(1, sorted.count)) }
  }

  /// The scores of every item against one target; higher means member. The population is the other items outside the
  /// target's training set, each with its first query.
  ///
  /// - Parameters:
  ///   - shadows: The models that are read; some are without each item.
  ///   - probabilities: p of the item's label or sequence, `[query][model][item]`.
  ///   - masks: Membership, `[model][item]`.
  package static func scores(
    target: Int, shadows: [Int], probabilities: [[[Double]]], masks: [[Bool]], options: RelativeMembershipOptions
  ) -> [Double] {
    let items = masks[target].count
    let ratios = probabilities.map { probabilities -> [Double] in
      var sums = [Double](repeating: 0, count: items)
      var counts = sums
      for model in shadows {
        for item in 0..<items where !masks[model][item] {
          sums[item] += probabilities[model][item]
          counts[item] += 1
        }
      }
      return (0..<items).map {
        ratio(probabilities[target][$0], meanOut: sums[$0] / max(1, counts[$0]), a: options.a)
      }
    }
    guard let first = ratios.first else { return [] }
    let sorted = (0..<items).filter { !masks[target][$0] }.map { options.gamma * first[$0] }.sorted()
    return (0..<items).map { item in
      let own = together(ratios.map { $0[item] }, options.queries)
      var below = dominated(by: own, in: sorted)
      var size = sorted.count
      if !masks[target][item] {
        // An item is not compared with itself.
        size -= 1
        if options.gamma * first[item] <= own { below -= 1 }
      }
      return Double(below) / Double(max(1, size))
    }
  }

  /// One ratio of an item for all of its queries: of a majority, the one that more than half reach.
  private static func together(_ ratios: [Double], _ queries: RelativeMembershipOptions.Queries) -> Double {
    guard ratios.count > 1 else { return ratios[0] }
    switch queries {
    case .majority: return ratios.sorted(by: >)[ratios.count / 2]
    case .mean: return ratios.reduce(0, +) / Double(ratios.count)
    }
  }

  /// How many of ascending values are at most `ratio`.
  private static func dominated(by ratio: Double, in sorted: [Double]) -> Int {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] <= ratio { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
