/// The seed-averaged difference of correctness of two arms, summed by cluster over one subset.
struct PairedDifferences {
  /// What one cluster adds: the sum over items and seeds of the difference, and the items.
  let clusters: [ClusterSums]
  let seeds: Int
  /// The mean difference of every seed, in the order of the runs.
  let bySeed: [Double]

  /// - Parameters:
  ///   - arm: The runs of the arm, in the same order of seeds as those of the reference.
  init(_ subset: ItemSubset, arm: [ItemOutcomes], reference: [ItemOutcomes]) {
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
      means.append(Double(total) / Double(subset.members.count))
    }
    clusters = sums
    seeds = arm.count
    bySeed = means
  }

  var items: Int { clusters.reduce(0) { $0 + $1.denominator } }

  var estimate: Double {
    Double(clusters.reduce(0) { $0 + $1.numerator }) / Double(seeds * max(1, items))
  }

  /// The sample standard deviation over clusters of what one cluster adds to the mean difference.
  var clusterDeviation: Double {
    guard clusters.count > 1 else { return 0 }
    let averageSize = Double(items) / Double(clusters.count)
    let squares = clusters.reduce(0.0) { sum, cluster in
      let share = (Double(cluster.numerator) / Double(seeds) - estimate * Double(cluster.denominator)) / averageSize
      return sum + share * share
    }
    return (squares / Double(clusters.count - 1)).squareRoot()
  }

  /// Whether every cluster is one item, seen with one seed: then outcomes are pairs of right and wrong.
  var arePairs: Bool { seeds == 1 && clusters.allSatisfy { $0.denominator == 1 } }
}
