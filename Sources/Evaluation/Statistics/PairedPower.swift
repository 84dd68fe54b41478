/// The exact power of McNemar's exact test of paired binary outcomes: how likely it is to confirm a difference, summed
/// over every number of discordant pairs and of those that speak for the one side.
///
/// In a family of k comparisons Holm's first step tests at .05 / k; a harm in one group is found for certain only
/// there.
package struct PairedPower: Sendable, Equatable {
  /// The true difference of accuracy, as a share: .03 is three points; its sign does not matter.
  package let difference: Double
  /// The share of pairs in which one side is right and the other wrong; at least the difference.
  package let discordance: Double
  /// How many comparisons Holm's correction counts.
  package let familySize: Int
  /// The design effect of clusters: pairs are divided by 1 + (cluster size − 1)·correlation.
  package let designEffect: Double

  /// More items are not looked for; nor are larger clusters.
  package static let mostItems = 100_000_000

  /// - Throws: `PowerError` for shares that cannot be.
  package init(
    difference: Double, discordance: Double, familySize: Int = 1, clusterSize: Double = 1, correlation: Double = 0
  ) throws(PowerError) {
    let difference = abs(difference)
    guard difference > 0, difference < 1 else { throw .difference(difference) }
    guard discordance >= difference, discordance <= 1 else {
      throw .discordance(discordance, difference: difference)
    }
    guard familySize >= 1 else { throw .familySize(familySize) }
    guard clusterSize >= 1, clusterSize <= Double(Self.mostItems) else { throw .clusterSize(clusterSize) }
    guard (0...1).contains(correlation) else { throw .correlation(correlation) }
    (self.difference, self.discordance, self.familySize) = (difference, discordance, familySize)
    designEffect = 1 + (clusterSize - 1) * correlation
  }

  /// The probability that `items` paired items confirm the difference, in its direction.
  package func power(items: Int) -> Double { power(pairs: Int((Double(items) / designEffect).rounded(.down))) }

  /// The fewest items from which on the power stays at `power` or above.
  ///
  /// Exact power is not a smooth function of the number: one more pair can lower it. So the number after the last one
  /// that falls short is meant.
  ///
  /// - Returns: nil if more than `mostItems` would be needed.
  package func items(power wanted: Double) -> Int? {
    var high = 16
    while power(pairs: high) < wanted {
      high *= 2
      if high > Self.mostItems { return nil }
    }
    // The saw's teeth are about as wide as one discordant pair more: what lies well above the crossing is safe.
    var low = high / 2
    while high - low > 1 {
      let middle = (low + high) / 2
      if power(pairs: middle) < wanted { low = middle } else { high = middle }
    }
    let tooth = Int(min(Double(Self.mostItems), (4 / discordance).rounded(.up)))
    var pairs = high
    var candidate = high
    while candidate <= pairs + tooth {
      if power(pairs: candidate) < wanted { pairs = candidate + 1 }
      candidate += 1
    }
    let items = (Double(pairs) * designEffect).rounded(.up)
    return items <= Double(Self.mostItems) ? Int(items) : nil
  }

  private func power(pairs: Int) -> Double {
    guard pairs > 0 else { return 0 }
    let level = 0.05 / Double(familySize)
    let share = (discordance + difference) / 2 / discordance
    // Numbers of discordant pairs farther from their mean than this add nothing that a Float64 shows.
    let mean = Double(pairs) * discordance
    let reach = 12 * (Double(pairs) * discordance * (1 - discordance)).squareRoot() + 30
    let first = max(1, Int(mean - reach))
    let last = min(pairs, Int(mean + reach))
    guard first <= last else { return 0 }
    var critical = Self.criticalCount(discordant: first, level: level)
    var total = 0.0
    for discordant in first...last {
      while Self.pValue(critical + 1, of: discordant) <= level, critical + 1 <= discordant / 2 { critical += 1 }
      while critical >= 0, Self.pValue(critical, of: discordant) > level { critical -= 1 }
      guard critical >= 0 else { continue }
      // Rejects in the harm's direction where at most `critical` pairs speak against it.
      let rejects = Self.lowerTail(critical, of: discordant, probability: 1 - share)
      total += binomialMass(discordant, of: pairs, probability: discordance) * rejects
    }
    return min(1, total)
  }

  private static func criticalCount(discordant: Int, level: Double) -> Int {
    var low = -1
    var high = discordant / 2 + 1
    while high - low > 1 {
      let middle = (low + high) / 2
      if pValue(middle, of: discordant) <= level { low = middle } else { high = middle }
    }
    return low
  }

  /// McNemar's exact p where the fewer of the discordant pairs are `fewer`.
  private static func pValue(_ fewer: Int, of discordant: Int) -> Double {
    fewer < 0 ? 0 : mcNemarExact(fewer, discordant - fewer)
  }

  /// P(X ≤ k) of a binomial.
  private static func lowerTail(_ k: Int, of n: Int, probability: Double) -> Double {
    if k >= n { return 1 }
    return BetaDistribution.cumulative(1 - probability, a: Double(n - k), b: Double(k + 1))
  }
}

/// A question about power that has no answer.
package enum PowerError: Error, Equatable, Sendable, CustomStringConvertible {
  case difference(Double)
  case discordance(Double, difference: Double)
  case familySize(Int)
  case clusterSize(Double)
  case correlation(Double)

  package var description: String {
    switch self {
    case .difference(let value): "the difference is \(value); expected a share above 0 and below 1, such as 0.03"
    case .discordance(let value, let difference):
      "the discordance is \(value); expected a share from the difference, \(difference), to 1"
    case .familySize(let value): "the family has \(value) comparisons; expected at least 1"
    case .clusterSize(let value): "the cluster size is \(value); expected from 1 to \(PairedPower.mostItems) items"
    case .correlation(let value): "the intra-cluster correlation is \(value); expected a share from 0 to 1"
    }
  }
}
