import Foundation

/// The variance of a mean over items and seeds, from two sources: clusters of items, and the seeds of training.
///
/// Training again with other seeds moves a figure as a whole, which no resampling of items shows. With C clusters and S
/// seeds, let u_cs be what cluster c adds to the deviation of seed s from the mean over seeds (for a mean over n items,
/// (Σ_i y_is − ȳ·m_c)/n over the m_c items of the cluster; for a ratio, linearized). Then
///
///     V_c = (C − 1)/C·Σ_c (ū_c/(1 − w_c))²,   V_s = Σ_s (Σ_c u_cs)² / (S·(S − 1)),
///     r = C/(S·(C − 1)·(S − 1))·Σ_cs (u_cs − ū_c − w_c·Σ_c u_cs)²,
///     V = max(V_c, V_s, V_c + V_s − r),
///
/// with w_c the cluster's share of the items,
/// because the interaction of clusters and seeds is in V_c as well as in V_s. A t statistic with V has Satterthwaite's
/// (1946) degrees of freedom, V² / (V_c²/f + V_s²/(S − 1)) with f = `clusterFreedom`.
///
/// From one or two seeds V_s cannot be estimated well enough: V is V_c, and what is covered is the figure of these very
/// models.
package struct TwoWayVariance: Equatable, Sendable {
  /// V_c, that of clusters.
  package let ofClusters: Double
  /// V_s, that of seeds; `nil` with fewer than `fewestSeeds`.
  package let ofSeeds: Double?
  /// What both count, r.
  package let ofBoth: Double
  package let clusters: Int
  /// How many equal clusters would vary as much, 1/Σw² of the clusters' shares w; `clusters` where all are equal.
  package let effectiveClusters: Double
  package let seeds: Int

  /// From this number of seeds on a figure speaks of the method, and not of these models only.
  package static let fewestSeeds = 3

  /// - Parameters:
  ///   - ofSeeds: Counts from three seeds on.
  ///   - clusters: At least one.
  package init(
    ofClusters: Double, ofSeeds: Double?, ofBoth: Double = 0, clusters: Int, effectiveClusters: Double? = nil,
    seeds: Int
  ) {
    self.ofClusters = max(0, ofClusters)
    self.ofSeeds = seeds < Self.fewestSeeds ? nil : ofSeeds.map { max(0, $0) }
    self.ofBoth = self.ofSeeds == nil ? 0 : max(0, ofBoth)
    (self.clusters, self.seeds) = (clusters, seeds)
    self.effectiveClusters = max(1, effectiveClusters ?? Double(clusters))
  }

  /// V.
  package var value: Double {
    guard let ofSeeds else { return ofClusters }
    return max(ofClusters, ofSeeds, ofClusters + ofSeeds - ofBoth)
  }

  /// Satterthwaite's; `nil` with a single cluster, which says nothing about variation.
  package var degreesOfFreedom: Double? {
    guard clusters > 1 else { return nil }
    let ofClustersAlone = clusterFreedom
    guard let ofSeeds, value > 0 else { return ofClustersAlone }
    return value * value / (ofClusters * ofClusters / ofClustersAlone + ofSeeds * ofSeeds / Double(seeds - 1))
  }

  /// The degrees of freedom of V_c: C − 1, or the effective number of clusters where these are so unequal that it is
  /// fewer. With a cluster of 60 % of the items the mean depends on it, however many the others.
  package var clusterFreedom: Double { min(Double(clusters - 1), effectiveClusters) }

  /// Student's two-sided quantile at these degrees of freedom; infinite with a single cluster.
  ///
  /// - Parameter tail: The probability beyond each bound; .025 for an interval of 95 %.
  package func reach(tail: Double) -> Double {
    degreesOfFreedom.map { StudentT.quantile(1 - tail, degreesOfFreedom: $0) } ?? .infinity
  }

  /// The two-sided p-value of an estimate against 0; 1 with a single cluster.
  package func pValue(of estimate: Double) -> Double {
    guard estimate != 0, let degreesOfFreedom else { return 1 }
    guard value > 0 else { return 0 }
    return StudentT.twoSidedTail(estimate / value.squareRoot(), degreesOfFreedom: degreesOfFreedom)
  }
}

extension TwoWayVariance {
  /// Counts contributions seed by seed, so that the table of clusters and seeds is never held whole.
  package struct Sum {
    private let shares: [Double]
    private var byCluster: [Double]
    private var bySeed: [Double] = []
    /// Of every seed, the contributions weighted by the clusters' shares.
    private var weighted: [Double] = []
    private var squares = 0.0

    /// - Parameter shares: Every cluster's share of the items, or of the denominator; their sum is one.
    package init(shares: [Double]) {
      self.shares = shares
      byCluster = Array(repeating: 0, count: shares.count)
    }

    /// - Parameter contributions: What every cluster adds to the deviation of this seed, u_cs.
    package mutating func add(seed contributions: [Double]) {
      var (total, byShare) = (0.0, 0.0)
      for (cluster, contribution) in contributions.enumerated() {
        byCluster[cluster] += contribution
        total += contribution
        byShare += shares[cluster] * contribution
        squares += contribution * contribution
      }
      bySeed.append(total)
      weighted.append(byShare)
    }

    /// - Parameters:
    ///   - clusters: How many of them have items; the others add nothing.
    ///   - ofClusters: V_c where it is estimated otherwise, as that of a share is.
    package func variance(clusters: Int, ofClusters: Double? = nil) -> TwoWayVariance {
      let (c, s) = (Double(clusters), Double(bySeed.count))
      let clusterSquares = byCluster.reduce(0) { $0 + $1 * $1 } / (s * s)
      // What a cluster adds is measured from a mean that it is a part of: leaving it out makes up for that (the
      // jackknife of clusters, Bell and McCaffrey 2002). With equal clusters the factor is C/(C − 1).
      let leftOut = zip(byCluster, shares).reduce(0.0) { sum, cluster in
        let contribution = cluster.1 < 1 ? cluster.0 / (s * (1 - cluster.1)) : 0
        return sum + contribution * contribution
      }
      let shareSquares = shares.reduce(0) { $0 + $1 * $1 }
      let effective = shareSquares > 0 ? 1 / shareSquares : 1
      let seedSquares = bySeed.reduce(0) { $0 + $1 * $1 }
      let between = clusters > 1 ? (c - 1) / c * leftOut : 0
      guard bySeed.count > 1, clusters > 1 else {
        return TwoWayVariance(
          ofClusters: ofClusters ?? between, ofSeeds: nil, clusters: clusters, effectiveClusters: effective,
          seeds: bySeed.count)
      }
      let residual = max(
        0,
        squares - s * clusterSquares - 2 * zip(bySeed, weighted).reduce(0) { $0 + $1.0 * $1.1 }
          + seedSquares * shareSquares)
      return TwoWayVariance(
        ofClusters: ofClusters ?? between, ofSeeds: seedSquares / (s * (s - 1)),
        ofBoth: c / (s * (c - 1) * (s - 1)) * residual, clusters: clusters, effectiveClusters: effective,
        seeds: bySeed.count)
    }
  }
}

extension Interval {
  /// An interval over clusters alone, widened on both sides of its estimate for the variance between seeds; the same
  /// interval with fewer than three seeds, or where seeds do not differ.
  ///
  /// Each side stands for the standard error that reaches so far with Student's quantile at C − 1 degrees of freedom.
  /// What clusters and seeds both count is left in, which makes the interval a few percent too wide.
  ///
  /// - Parameters:
  ///   - bySeed: The figure of every seed.
  ///   - clusters: How many were resampled; at least two.
  ///   - tail: The probability beyond each bound; .025 for an interval of 95 %.
  package func widened(
    around estimate: Double, bySeed: [Double], clusters: Int, tail: Double = 0.025
  ) -> Interval {
    guard bySeed.count >= TwoWayVariance.fewestSeeds, clusters > 1 else { return self }
    let mean = bySeed.reduce(0, +) / Double(bySeed.count)
    let squares = bySeed.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let ofSeeds = squares / Double(bySeed.count * (bySeed.count - 1))
    guard ofSeeds > 0, ofSeeds.isFinite else { return self }
    let quantile = StudentT.quantile(1 - tail, degreesOfFreedom: Double(clusters - 1))
    func reach(_ side: Double) -> Double {
      let error = max(0, side) / quantile
      let variance = TwoWayVariance(
        ofClusters: error * error, ofSeeds: ofSeeds, clusters: clusters, seeds: bySeed.count)
      return max(side, variance.reach(tail: tail) * variance.value.squareRoot())
    }
    return Interval(lower: estimate - reach(estimate - lower), upper: estimate + reach(upper - estimate))
  }
}
