import Foundation

/// "About N more items": how many more would bring a verdict, from the variation seen so far.
///
/// A normal approximation at 80 % power that takes the estimate for the truth, and lets the standard error fall with
/// the square root of the number of clusters. It is a forecast for a reader, not the exact power of `PairedPower`.
package struct SampleSizeForecast: Sendable {
  /// The observed figures.
  private let items: Int
  private let clusters: Int
  /// A group with fewer items gets no verdict.
  private let minimumItems: Int
  private let standardError: Double
  /// The number of clusters that have this standard error.
  private let clustersOfError: Double

  /// - Parameters:
  ///   - standardError: The standard error of the estimate from `clustersOfError` clusters; 1 for a deviation between
  ///     clusters.
  package init(items: Int, clusters: Int, minimumItems: Int, standardError: Double, clustersOfError: Double) {
    self.items = items
    self.clusters = clusters
    self.minimumItems = minimumItems
    self.standardError = standardError
    self.clustersOfError = clustersOfError
  }

  /// The number of clusters needed to distinguish an estimate from a value at a distance, with an error of `tail` on
  /// that side; infinite at distance 0.
  package func clusters(toTell distance: Double, tail: Double) -> Double {
    guard distance > 0 else { return .infinity }
    let reach = NormalDistribution.quantile(1 - tail) + NormalDistribution.quantile(0.8)
    let ratio = reach * standardError / distance
    return clustersOfError * ratio * ratio
  }

  /// The items that are missing of a number of clusters: at least 1, or `nil` when no number would do.
  package func moreItems(forClusters needed: Double) -> Int? {
    let count = Double(clusters)
    guard needed.isFinite else { return nil }
    let itemsEach = Double(items) / max(1, count)
    let more = max(((needed - count) * itemsEach).rounded(.up), Double(minimumItems - items), 1)
    return more < 1e15 ? Int(more) : nil
  }
}

/// How many more items or seeds would bring a verdict on a paired difference: within the margin, or a confirmed
/// difference, whichever needs less.
///
/// The variance with C' clusters and S' seeds is σ_c²/C' + σ_s²/S' + σ_cs²/(C'·S') with the components seen so far, and
/// its reach Student's quantile at Satterthwaite's degrees of freedom plus the normal quantile of 80 % power; the estimate
/// is taken for the truth.
package struct VerdictForecast: Sendable {
  private let differences: PairedDifferences
  private let margin: Double
  private let tailOfFamily: Double
  private let items: Int
  private let clusters: Int
  private let seeds: Int
  private let ofClusters: Double
  private let ofSeeds: Double
  private let ofBoth: Double
  private let countsSeeds: Bool

  /// What would suffice together; `nil` where nothing does.
  package struct Need: Equatable, Sendable {
    /// Times as many clusters, and as many items, as there are.
    package var clusters: Double
    package var seeds: Int
  }

  /// - Parameters:
  ///   - margin: How much worse the arm may be, as a share.
  ///   - familySize: The number of comparisons that Holm's correction counts.
  package init(_ differences: PairedDifferences, margin: Double, familySize: Int) {
    self.differences = differences
    self.margin = margin
    tailOfFamily = 0.025 / Double(max(1, familySize))
    (items, clusters, seeds) = (differences.items, differences.clusters.count, differences.seeds)
    let variance = differences.variance
    countsSeeds = variance.ofSeeds != nil
    let (c, s) = (Double(clusters), Double(seeds))
    ofClusters = max(0, variance.ofClusters - variance.ofBoth) * c
    ofSeeds = max(0, (variance.ofSeeds ?? 0) - variance.ofBoth) * s
    ofBoth = variance.ofBoth * c * s
  }

  /// The items and seeds that are missing; both where neither suffices alone. Where items alone or seeds alone would
  /// do, the one that grows by the smaller factor.
  ///
  /// - Returns: `nil` when nothing would do.
  package func missing(minimumItems: Int, minimumClusters: Int) -> (items: Int?, seeds: Int?)? {
    let itemsEach = Double(items) / Double(max(1, clusters))
    let shortage = max(
      0, minimumItems - items, Int((Double(minimumClusters - clusters) * itemsEach).rounded(.up)))
    func more(_ clustersNeeded: Double) -> Int? {
      let more = max(((clustersNeeded - Double(clusters)) * itemsEach).rounded(.up), Double(shortage), 1)
      return more < 1e15 ? Int(more) : nil
    }
    let needed = clustersNeeded(seeds: seeds)
    let seedsNeeded = countsSeeds && shortage == 0 ? self.seedsNeeded : nil
    if let seedsNeeded, needed.map({ $0 / Double(clusters) > Double(seedsNeeded) / Double(seeds) }) ?? true {
      return (nil, seedsNeeded - seeds)
    }
    if let needed { return more(needed).map { ($0, nil) } }
    guard countsSeeds else { return nil }
    // Neither alone: the fewest seeds, doubled each time, with which a number of clusters suffices.
    var count = seeds
    while count < Self.mostSeeds {
      count = min(Self.mostSeeds, count * 2)
      if let needed = clustersNeeded(seeds: count), let items = more(needed) { return (items, count - seeds) }
    }
    return nil
  }

  private static let mostSeeds = 1_000
  private static let mostClusters = 1e12

  /// The clusters that bring one of the verdicts with so many seeds; `nil` if none do.
  private func clustersNeeded(seeds: Int) -> Double? {
    func suffices(_ clusters: Double) -> Bool { isDecided(clusters: clusters, seeds: seeds) }
    var (low, high) = (Double(max(2, clusters)), Double(max(2, clusters)))
    while !suffices(high) {
      low = high
      high *= 2
      if high > Self.mostClusters { return nil }
    }
    while high - low > max(0.5, high * 1e-4) {
      let middle = (low + high) / 2
      if suffices(middle) { high = middle } else { low = middle }
    }
    return high
  }

  /// The seeds that bring one of the verdicts with these clusters; `nil` if none do.
  private var seedsNeeded: Int? {
    var (low, high) = (seeds, seeds)
    while !isDecided(clusters: Double(clusters), seeds: high) {
      low = high
      if high == Self.mostSeeds { return nil }
      high = min(Self.mostSeeds, high * 2)
    }
    while high - low > 1 {
      let middle = (low + high) / 2
      if isDecided(clusters: Double(clusters), seeds: middle) { high = middle } else { low = middle }
    }
    return high > seeds ? high : nil
  }

  private func isDecided(clusters: Double, seeds: Int) -> Bool {
    let interaction = ofBoth / (clusters * Double(seeds))
    let variance = TwoWayVariance(
      ofClusters: ofClusters / clusters + interaction,
      ofSeeds: countsSeeds ? ofSeeds / Double(seeds) + interaction : nil, ofBoth: interaction,
      clusters: Int(min(clusters, 1e15)),
      // More clusters like these are as unequal as these.
      effectiveClusters: differences.variance.effectiveClusters * clusters / Double(max(1, self.clusters)),
      seeds: seeds)
    let error = variance.value.squareRoot()
    let room = margin + differences.estimate
    if room > 0 {
      // Without a single worse cluster the exact bound still needs this many.
      let exact = room < 1 ? log(0.025) / log1p(-room) : 1
      if clusters >= exact, reaches(variance, tail: 0.025, error: error, to: room) { return true }
    }
    // Flipping signs cannot give a tail below one pattern in 2^clusters.
    return differences.estimate != 0 && clusters >= -log2(tailOfFamily)
      && reaches(variance, tail: tailOfFamily, error: error, to: abs(differences.estimate))
  }

  private func reaches(_ variance: TwoWayVariance, tail: Double, error: Double, to distance: Double) -> Bool {
    let power = NormalDistribution.quantile(0.8)
    // The normal quantile is the smaller one, and cheaper.
    guard (NormalDistribution.quantile(1 - tail) + power) * error <= distance else { return false }
    return (variance.reach(tail: tail) + power) * error <= distance
  }
}
