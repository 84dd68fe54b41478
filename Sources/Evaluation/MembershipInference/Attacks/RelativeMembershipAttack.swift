/// The relative membership attack, RMIA (Zarifzadeh et al. 2024), offline: an item is suspected as far as its
/// likelihood ratio exceeds those of other items that the target was not trained on.
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
  /// target's training set.
  ///
  /// With several queries, each is compared with the same query of the other item, and the majority decides, as in the
  /// authors' program; or the means are compared.
  ///
  /// - Parameters:
  ///   - shadows: The models that are read of each item. An item that none is without gets no score (not a number), and
  ///     is not in the population.
  ///   - probabilities: p of the item's label or sequence, `[query][model][item]`.
  ///   - isMember: The items in the target's training set.
  package static func scores(
    target: Int, shadows: ShadowSelection, probabilities: [[[Double]]], isMember: [Bool],
    options: RelativeMembershipOptions
  ) -> [Double] {
    let items = isMember.count
    let ratios = probabilities.map { probabilities -> [Double] in
      var sums = [Double](repeating: 0, count: items)
      var counts = sums
      for (model, sides) in zip(shadows.models, shadows.sides) {
        for item in 0..<items where sides[item] == .without {
          sums[item] += probabilities[model][item]
          counts[item] += 1
        }
      }
      return (0..<items).map {
        counts[$0] == 0 ? .nan : ratio(probabilities[target][$0], meanOut: sums[$0] / counts[$0], a: options.a)
      }
    }
    guard let first = ratios.first else { return [] }
    guard ratios.count > 1 else { return shares(first, isMember: isMember, gamma: options.gamma) }
    switch options.queries {
    case .majority: return majorities(ratios, isMember: isMember, gamma: options.gamma)
    case .mean:
      let means = (0..<items).map { item in ratios.reduce(0) { $0 + $1[item] } / Double(ratios.count) }
      return shares(means, isMember: isMember, gamma: options.gamma)
    }
  }

  /// For every item the share of the others outside the training set that its ratio dominates.
  private static func shares(_ ratios: [Double], isMember: [Bool], gamma: Double) -> [Double] {
    let sorted = ratios.indices.filter { !isMember[$0] && !ratios[$0].isNaN }.map { gamma * ratios[$0] }.sorted()
    return ratios.indices.map { item in
      guard !ratios[item].isNaN else { return .nan }
      var below = dominated(by: ratios[item], in: sorted)
      var size = sorted.count
      if !isMember[item] {
        // An item is not compared with itself.
        size -= 1
        if gamma * ratios[item] <= ratios[item] { below -= 1 }
      }
      return Double(below) / Double(max(1, size))
    }
  }

  /// For every item the share of the others outside the training set that more than half of its ratios dominate, each
  /// in the same query, `[query][item]`.
  private static func majorities(_ ratios: [[Double]], isMember: [Bool], gamma: Double) -> [Double] {
    // All queries of an item have the same shadow models.
    let isKnown = (ratios.first ?? []).map { !$0.isNaN }
    let population = isMember.indices.filter { !isMember[$0] && isKnown[$0] }
    let thresholds = ratios.map { ratios in population.map { gamma * ratios[$0] } }
    return isMember.indices.map { item in
      guard isKnown[item] else { return .nan }
      var votes = [Int](repeating: 0, count: population.count)
      for (own, thresholds) in zip(ratios, thresholds) {
        let ratio = own[item]
        for index in votes.indices where thresholds[index] <= ratio { votes[index] += 1 }
      }
      let below = zip(population, votes).count { $0 != item && 2 * $1 > ratios.count }
      return Double(below) / Double(max(1, population.count - (isMember[item] ? 0 : 1)))
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
