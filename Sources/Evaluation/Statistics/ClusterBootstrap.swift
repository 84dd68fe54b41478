package import Support

/// A cluster as the bootstrap of a ratio sees it: the numerator and the denominator it adds.
package struct ClusterSums: Hashable, Comparable, Sendable {
  package var numerator: Int
  package var denominator: Int

  package init(numerator: Int, denominator: Int) {
    self.numerator = numerator
    self.denominator = denominator
  }

  package static func < (first: ClusterSums, second: ClusterSums) -> Bool {
    (first.numerator, first.denominator) < (second.numerator, second.denominator)
  }
}

/// The bootstrap of whole clusters for a ratio of sums.
///
/// Clusters that add the same sums are alike, so how often each kind is drawn is one multinomial draw: the cost depends
/// on the number of kinds, not of clusters.
package struct ClusterBootstrap: Sendable {
  private struct Kind {
    var sums: ClusterSums
    var count: Int
  }

  private let strata: [[Kind]]

  /// - Parameter strata: The clusters of every stratum; the number drawn from a stratum is the number it has.
  package init(strata: [[ClusterSums]]) {
    self.strata = strata.filter { !$0.isEmpty }.map { clusters in
      var kinds: [Kind] = []
      for sums in clusters.sorted() {
        if let last = kinds.last, last.sums == sums {
          kinds[kinds.count - 1].count += 1
        } else {
          kinds.append(Kind(sums: sums, count: 1))
        }
      }
      // The most frequent kind comes last, since the last one needs no draw.
      return kinds.sorted { ($0.count, $0.sums) < ($1.count, $1.sums) }
    }
  }

  /// The ratio in `resamples` resamples.
  package func replicates(_ resamples: Int, key: RandomKey) -> [Double] {
    var generator = key.generator
    return (0..<resamples).map { _ in
      var numerator = 0
      var denominator = 0
      for kinds in strata {
        var left = kinds.reduce(0) { $0 + $1.count }
        var clusters = left
        for (index, kind) in kinds.enumerated() {
          let share = Double(kind.count) / Double(clusters)
          let drawn = index == kinds.count - 1 ? left : generator.binomial(trials: left, probability: share)
          numerator += drawn * kind.sums.numerator
          denominator += drawn * kind.sums.denominator
          left -= drawn
          clusters -= kind.count
        }
      }
      return Double(numerator) / Double(max(1, denominator))
    }
  }
}
