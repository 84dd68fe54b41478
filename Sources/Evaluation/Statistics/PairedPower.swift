import Foundation

/// The power of the test that a verdict on two arms rests on: how likely it is to confirm a difference, in its direction.
///
/// With one or two seeds the verdict is about these trained models, and the test is McNemar's exact one: its power is
/// summed over every number of discordant pairs and of those that speak for the one side. From `leastSeeds` on the
/// verdict is about the method, and the difference must pass two tests: that one, and the t test with a two-way variance
/// over clusters and seeds (`MethodPower`). The power is the smaller of both.
///
/// In a family of k comparisons Holm's first step tests at .05 / k; a harm in one group is found for certain only
/// there.
package struct PairedPower: Sendable, Equatable {
  /// The true difference of accuracy, as a share: .03 is three points; its sign does not matter.
  package let difference: Double
  /// The share of pairs in which one side is right and the other wrong, under one seed; at least the difference.
  package let discordance: Double
  /// How many comparisons Holm's correction counts.
  package let familySize: Int
  /// The design effect of clusters: pairs are divided by 1 + (cluster size − 1)·correlation.
  package let designEffect: Double
  package let seeds: Int
  /// The standard deviation over seeds of the true difference between the arms, as a share.
  package let seedDeviation: Double
  /// The correlation between two seeds of an item's difference: 1 if the same items differ under every seed.
  package let seedAgreement: Double
  private let clusterSize: Double

  /// More items are not looked for; nor are larger clusters.
  package static let mostItems = 100_000_000
  /// More seeds are not looked for.
  package static let mostSeeds = 1_000
  /// From this number of seeds on the verdict is about the method.
  package static let leastSeeds = 3

  /// - Throws: `PowerError` for shares that cannot be.
  package init(
    difference: Double, discordance: Double, familySize: Int = 1, clusterSize: Double = 1, correlation: Double = 0,
    seeds: Int = 1, seedDeviation: Double = 0, seedAgreement: Double = 1
  ) throws(PowerError) {
    let difference = abs(difference)
    guard difference > 0, difference < 1 else { throw .difference(difference) }
    guard discordance >= difference, discordance <= 1 else {
      throw .discordance(discordance, difference: difference)
    }
    guard familySize >= 1 else { throw .familySize(familySize) }
    guard clusterSize >= 1, clusterSize <= Double(Self.mostItems) else { throw .clusterSize(clusterSize) }
    guard (0...1).contains(correlation) else { throw .correlation(correlation) }
    guard (1...Self.mostSeeds).contains(seeds) else { throw .seeds(seeds) }
    guard seedDeviation >= 0, seedDeviation < 1 else { throw .seedDeviation(seedDeviation) }
    guard (0...1).contains(seedAgreement) else { throw .seedAgreement(seedAgreement) }
    guard seeds >= Self.leastSeeds || seedDeviation == 0 else { throw .seedsOfDeviation(seeds) }
    (self.difference, self.discordance, self.familySize) = (difference, discordance, familySize)
    (self.clusterSize, designEffect) = (clusterSize, 1 + (clusterSize - 1) * correlation)
    (self.seeds, self.seedDeviation, self.seedAgreement) = (seeds, seedDeviation, seedAgreement)
  }

  /// The same question with another number of seeds.
  private init(_ other: PairedPower, seeds: Int) {
    (difference, discordance, familySize) = (other.difference, other.discordance, other.familySize)
    (clusterSize, designEffect) = (other.clusterSize, other.designEffect)
    (self.seeds, seedDeviation, seedAgreement) = (seeds, other.seedDeviation, other.seedAgreement)
  }

  /// The probability that `items` paired items confirm the difference, in its direction.
  package func power(items: Int) -> Double {
    guard items >= fewestItems else { return 0 }
    let exact = power(pairs: Int((Double(items) / itemsEachPair).rounded(.down)))
    return exact > 0 ? min(exact, ofMethod?.power(items: Double(items)) ?? 1) : 0
  }

  /// The fewest items from which on the power stays at `power` or above.
  ///
  /// Exact power is not a smooth function of the number: one more pair can lower it. So the number after the last one
  /// that falls short is meant.
  ///
  /// - Returns: nil if more than `mostItems` would be needed; more seeds may help then.
  package func items(power wanted: Double) -> Int? {
    guard isWithinReach(power: wanted), let ofTest = itemsOfExactTest(power: wanted) else { return nil }
    let exact = max(ofTest, fewestItems)
    guard let ofMethod, ofMethod.power(items: Double(exact)) < wanted else { return exact }
    // More items never lower the t test's power.
    var (low, high) = (exact, exact)
    repeat { (low, high) = (high, min(2 * high, Self.mostItems)) } while ofMethod.power(items: Double(high)) < wanted
    while high - low > 1 {
      let middle = (low + high) / 2
      if ofMethod.power(items: Double(middle)) < wanted { low = middle } else { high = middle }
    }
    return high
  }

  /// The fewest seeds, at least this question's own, with which the spread over seeds no longer hides the difference
  /// however many the items.
  ///
  /// - Returns: nil if more than `mostSeeds` would be needed.
  package func seeds(power wanted: Double) -> Int? {
    func suffices(_ seeds: Int) -> Bool { PairedPower(self, seeds: seeds).isWithinReach(power: wanted) }
    if suffices(seeds) { return seeds }
    guard suffices(Self.mostSeeds) else { return nil }
    var (low, high) = (seeds, Self.mostSeeds)
    while high - low > 1 {
      let middle = (low + high) / 2
      if suffices(middle) { high = middle } else { low = middle }
    }
    return high
  }

  /// Whether these seeds reach the power with as many items as there could be.
  private func isWithinReach(power wanted: Double) -> Bool {
    ofMethod.map { $0.power(items: Double(Self.mostItems)) >= wanted } ?? true
  }

  /// This question with as many seeds as `seeds(power:)` names, or nil.
  package func withSeeds(power wanted: Double) -> PairedPower? {
    seeds(power: wanted).map { PairedPower(self, seeds: $0) }
  }

  /// The t test's power, where there are enough seeds for one.
  private var ofMethod: MethodPower? {
    guard seeds >= Self.leastSeeds else { return nil }
    return MethodPower(
      difference: difference, itemVariance: discordance - difference * difference, level: level,
      designEffect: designEffect, clusterSize: clusterSize, seeds: Double(seeds), seedDeviation: seedDeviation,
      seedAgreement: seedAgreement)
  }

  private var level: Double { 0.05 / Double(familySize) }

  /// Below this no verdict is possible with clusters of this size: flipping the signs of C clusters gives no p-value
  /// below 2 / 2^C, and fewer than ten get none. Clusters of one item are not counted.
  private var fewestItems: Int {
    guard clusterSize > 1 else { return 0 }
    let clusters = max(Self.fewestClusters, (1 - log2(level)).rounded(.up))
    return Int((clusters * clusterSize).rounded(.up))
  }

  /// What a decision asks for unless its specification says otherwise.
  private static let fewestClusters = 10.0

  /// The items that say as much as one pair of independent outcomes: clusters say less, and seeds that differ more.
  private var itemsEachPair: Double {
    seeds < Self.leastSeeds ? designEffect : designEffect * (seedAgreement + (1 - seedAgreement) / Double(seeds))
  }

  private func itemsOfExactTest(power wanted: Double) -> Int? {
    let mostPairs = Double(Self.mostItems) / min(1, itemsEachPair)
    var high = 16
    while power(pairs: high) < wanted {
      high *= 2
      if Double(high) > mostPairs { return nil }
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
    let items = (Double(pairs) * itemsEachPair).rounded(.up)
    return items <= Double(Self.mostItems) ? Int(items) : nil
  }

  private func power(pairs: Int) -> Double {
    guard pairs > 0 else { return 0 }
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

/// The power of the t test of a mean difference with a two-way variance over clusters and seeds, and Satterthwaite's
/// degrees of freedom.
///
/// For normal data the estimate is independent of the variances over clusters and over seeds, and these are multiples of
/// chi-squared variables with C − 1 and S − 1 degrees of freedom. So the power is the mean of a normal probability over
/// both, as the test computes its variance and its degrees of freedom from them; no single non-central t is assumed.
/// The residual, which both variances hold, has (C − 1)(S − 1) degrees of freedom and is taken as known.
private struct MethodPower {
  let difference: Double
  /// Of one item's difference under one seed.
  let itemVariance: Double
  let level: Double
  let designEffect: Double
  let clusterSize: Double
  let seeds: Double
  let seedDeviation: Double
  let seedAgreement: Double

  func power(items: Double) -> Double {
    let clusters = items / clusterSize
    guard clusters >= 2 else { return 0 }
    let overItems = itemVariance * designEffect / items
    let residual = overItems * (1 - seedAgreement) / seeds
    let overClusters = overItems * seedAgreement + residual
    let overSeeds = seedDeviation * seedDeviation / seeds + residual
    let deviation = (overClusters + overSeeds - residual).squareRoot()
    let critical = CriticalValues(level: level, leastFreedom: min(clusters, seeds) - 1)
    var total = 0.0
    for (cluster, clusterWeight) in Self.meanSquares(degreesOfFreedom: clusters - 1) {
      for (seed, seedWeight) in Self.meanSquares(degreesOfFreedom: seeds - 1) {
        let (ofClusters, ofSeeds) = (overClusters * cluster, overSeeds * seed)
        let variance = max(ofClusters, ofSeeds, ofClusters + ofSeeds - residual)
        let parts = ofClusters * ofClusters / (clusters - 1) + ofSeeds * ofSeeds / (seeds - 1)
        let reach = critical.value(inverseFreedom: parts / (variance * variance)) * variance.squareRoot()
        total += clusterWeight * seedWeight * NormalDistribution.cumulative((difference - reach) / deviation)
      }
    }
    return min(1, total)
  }

  /// Values of a chi-squared variable over its degrees of freedom with their weights, which sum to 1: the trapezoid rule
  /// on the logarithm, on which the density is smooth and vanishes at both ends.
  private static func meanSquares(degreesOfFreedom: Double) -> [(value: Double, weight: Double)] {
    let half = degreesOfFreedom / 2
    // Beyond these the density is below exp(−30) of its largest value.
    let low = max(-60 / degreesOfFreedom - 1, -12 / half.squareRoot())
    let high = min(log(60 / degreesOfFreedom + 2), 12 / half.squareRoot())
    let steps = 60
    let points = (0...steps).map { step in
      let logarithm = low + (high - low) * Double(step) / Double(steps)
      return (value: exp(logarithm), weight: exp(half * (logarithm - exp(logarithm) + 1)))
    }
    let sum = points.reduce(0) { $0 + $1.weight }
    return points.map { ($0.value, $0.weight / sum) }
  }
}

/// Student's two-sided critical values at one level as a function of one over the degrees of freedom, interpolated.
private struct CriticalValues {
  private static let steps = 256
  private let logarithms: [Double]
  private let most: Double

  /// - Parameter leastFreedom: Satterthwaite's formula gives at least half of it.
  init(level: Double, leastFreedom: Double) {
    most = 2 / leastFreedom
    let most = most
    logarithms = (0...Self.steps).map { step in
      let inverse = most * Double(step) / Double(Self.steps)
      let value =
        step == 0
        ? NormalDistribution.quantile(1 - level / 2) : StudentT.quantile(1 - level / 2, degreesOfFreedom: 1 / inverse)
      return log(value)
    }
  }

  func value(inverseFreedom: Double) -> Double {
    let position = min(inverseFreedom / most, 1) * Double(Self.steps)
    let below = min(Int(position), Self.steps - 1)
    let share = position - Double(below)
    return exp(logarithms[below] * (1 - share) + logarithms[below + 1] * share)
  }
}

/// A question about power that has no answer.
package enum PowerError: Error, Equatable, Sendable, CustomStringConvertible {
  case difference(Double)
  case discordance(Double, difference: Double)
  case familySize(Int)
  case clusterSize(Double)
  case correlation(Double)
  case seeds(Int)
  case seedDeviation(Double)
  case seedAgreement(Double)
  /// A deviation over fewer seeds than make a verdict about the method.
  case seedsOfDeviation(Int)

  package var description: String {
    switch self {
    case .difference(let value): "the difference is \(value); expected a share above 0 and below 1, such as 0.03"
    case .discordance(let value, let difference):
      "the discordance is \(value); expected a share from the difference, \(difference), to 1"
    case .familySize(let value): "the family has \(value) comparisons; expected at least 1"
    case .clusterSize(let value): "the cluster size is \(value); expected from 1 to \(PairedPower.mostItems) items"
    case .correlation(let value): "the intra-cluster correlation is \(value); expected a share from 0 to 1"
    case .seeds(let value): "there are \(value) seeds; expected from 1 to \(PairedPower.mostSeeds)"
    case .seedDeviation(let value):
      "the deviation over seeds is \(value); expected a share from 0 to below 1, such as 0.02"
    case .seedAgreement(let value): "the agreement of seeds is \(value); expected a share from 0 to 1"
    case .seedsOfDeviation(let value):
      "with \(value == 1 ? "1 seed" : "\(value) seeds") the verdict is about these trained models, whatever the deviation "
        + "over seeds; give at least \(PairedPower.leastSeeds) seeds, or no deviation"
    }
  }
}
