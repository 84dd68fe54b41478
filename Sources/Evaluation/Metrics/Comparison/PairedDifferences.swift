/// The seed-averaged difference of correctness, or of another score from 0 to 1, of two arms, summed by cluster over one
/// subset.
struct PairedDifferences {
  /// What one cluster adds: the sum over items and seeds of the difference, in parts of `resolution`, and the
  /// items.
  let clusters: [ClusterSums]
  let seeds: Int
  /// What counts for an item that is wholly right: 1 of correctness, more of a score that is a fraction.
  let resolution: Int
  /// The mean difference of every seed, in the order of the runs.
  let bySeed: [Double]

  /// - Parameters:
  ///   - arm: The runs of the arm, in the same order of seeds as those of the reference.
  init(_ subset: ItemSubset, arm: [ItemOutcomes], reference: [ItemOutcomes], resolution: Int = 1) {
    var sums = [ClusterSums](repeating: ClusterSums(numerator: 0, denominator: 0), count: subset.clusters.count)
    for cluster in subset.clusters.ofItem { sums[cluster].denominator += 1 }
    var means: [Double] = []
    for (run, other) in zip(arm, reference) {
      var total = 0
      for (position, item) in subset.members.enumerated() {
        let difference = Int(run.correct[item]) - Int(other.correct[item])
        sums[subset.clusters.ofItem[position]].numerator += difference
        total += difference
      }
      means.append(Double(total) / Double(subset.members.count * resolution))
    }
    clusters = sums
    seeds = arm.count
    self.resolution = resolution
    bySeed = means
  }

  /// What turns a sum of numerators into one of seed-averaged differences.
  var divisor: Double { Double(seeds * resolution) }

  /// How far two sums of numerators that are equal may lie apart, each of its scores being rounded by up to a half.
  var roundingSlack: Int { resolution == 1 ? 0 : 2 * seeds * items }

  var items: Int { clusters.reduce(0) { $0 + $1.denominator } }

  var estimate: Double {
    Double(clusters.reduce(0) { $0 + $1.numerator }) / (divisor * Double(max(1, items)))
  }

  /// The sample standard deviation over clusters of what one cluster adds to the mean difference.
  var clusterDeviation: Double {
    guard clusters.count > 1 else { return 0 }
    let averageSize = Double(items) / Double(clusters.count)
    let squares = clusters.reduce(0.0) { sum, cluster in
      let share = (Double(cluster.numerator) / divisor - estimate * Double(cluster.denominator)) / averageSize
      return sum + share * share
    }
    return (squares / Double(clusters.count - 1)).squareRoot()
  }

  /// Whether every cluster is one item, seen with one seed: then outcomes are pairs of right and wrong.
  var arePairs: Bool { seeds == 1 && resolution == 1 && clusters.allSatisfy { $0.denominator == 1 } }
}
