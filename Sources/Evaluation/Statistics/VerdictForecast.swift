import Foundation

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
    let start = Double(max(2, clusters))
    func seedsNeeded(_ factor: Double) -> Int { Int((factor * Double(seeds)).rounded(.up)) }
    // No number of seeds makes up for items that are too few for any verdict.
    let factors = SmallestGrowth.factors(
      largest: Self.largestFactor, isSecondVaried: countsSeeds && shortage == 0
    ) { isDecided(clusters: start * $0, seeds: seedsNeeded($1)) }
    guard factors.first != nil || factors.second != nil else { return nil }
    let more = factors.first.map { factor in
      max(((start * factor - Double(clusters)) * itemsEach).rounded(.up), Double(shortage), 1)
    }
    return (more.map { Int($0) }, factors.second.map { max(1, seedsNeeded($0) - seeds) })
  }

  /// Beyond a million times the data, no number of items or seeds is worth naming.
  private static let largestFactor = 1e6

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
