import Foundation
import Statistics
import TestSupport

/// What numpy, SciPy and statsmodels say about small tables by seed and item (`scripts/oracles/verdicts.py`).
struct VerdictOracle: Decodable {
  /// The parts of a two-way variance. A part that the table cannot show is `nil`.
  struct Difference: Decodable {
    var estimate: Double
    var clusterVariance: Double?
    var seedVariance: Double?
    var residualMeanSquare: Double?
    var variance: Double?
    var degreesOfFreedom: Double?
    var interval: [Double]?
    var pValue: Double?
  }

  struct Share: Decodable {
    var value: Double
    /// The cluster size that an item sees, Σm²/Σm.
    var itemsSeen: Double
    /// The clusters that hold an error, or a success where those are fewer.
    var shownClusters: Int
    var correlation: Double?
    var effectiveN: Double?
    /// `nil` for the normal distribution's quantile.
    var degreesOfFreedom: Double?
    var interval: [Double]
  }

  /// Variances of the mean difference, from statsmodels' cluster-robust covariance.
  struct ClusterRobust: Decodable {
    var clusters: Double
    var seeds: Double?
    var twoWay: Double?
  }

  /// Who is right, by seed and item, 0 or 1.
  struct Table: Decodable {
    var name: String
    var clusters: [Int]
    var reference: [[Int]]
    var arm: [[Int]]
    var difference: Difference
    var clusterRobust: ClusterRobust
    var proportion: Share
    var proportionAt80: Share

    var seeds: Int { arm.count }
    var clusterCount: Int { (clusters.max() ?? -1) + 1 }

    /// The arm's correctness minus the reference's.
    var differences: PairedDifferences {
      var sizes = [Int](repeating: 0, count: clusterCount)
      for cluster in clusters { sizes[cluster] += 1 }
      let bySeed = zip(arm, reference).map { own, others in
        var sums = [Int](repeating: 0, count: clusterCount)
        for (item, cluster) in clusters.enumerated() { sums[cluster] += own[item] - others[item] }
        return sums
      }
      return PairedDifferences(bySeed: bySeed, sizes: sizes)
    }
  }

  /// Comparisons of groups, some of which cannot get a verdict; those have no adjusted p-value.
  struct Family: Decodable {
    var minimumItems: Int
    var minimumClusters: Int
    var items: [Int]
    var clusters: [Int]
    var pValues: [Double]
    var adjusted: [Double?]
  }

  var tables: [Table]
  var families: [Family]
  /// Difference, discordance, family, cluster size, correlation, seeds, their deviation and agreement, items, and the
  /// share of 20,000 simulated t tests that confirm the difference.
  var power: [[Double]]

  static func load() throws -> VerdictOracle {
    let file = Repository.root.appending(path: "Tests/StatisticsTests/Golden/verdicts.json")
    return try JSONDecoder().decode(VerdictOracle.self, from: Data(contentsOf: file))
  }

  /// Whether two computations of one figure agree, up to what rounding may do to sums.
  static func agree(_ found: Double, _ expected: Double) -> Bool {
    abs(found - expected) <= 1e-9 * max(1e-3, abs(expected))
  }
}
