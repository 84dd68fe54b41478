package import Support

/// The bootstrap of whole clusters (Davison and Hinkley 1997, section 3.8): every figure that has no interval of its
/// own gets it here.
///
/// Clusters are drawn with replacement, as many as there are, and all their items with them. A resample draws the same
/// clusters for every table of sums, so that differences between arms are resampled as differences. Three forms share
/// the idea and differ in what they draw, since their draws are fixed by recorded results:
///
/// - `ClusterBootstrap` for figures that are functions of sums over items (calibration, choices, cloze, translation,
///   likelihood);
/// - `RatioBootstrap` for the difference of a paired comparison, within strata;
/// - `ClusterBootstrap.itemWeights` for rank statistics, which are not functions of sums (attacks).
///
/// How replicates become an interval is `Replicates.interval`, with the rule for resamples without the figure.
package struct ClusterBootstrap: Sendable {
  private let blocks: ResamplingBlocks
  private let key: RandomKey

  /// - Parameter key: The stream that resamples are drawn from. The same clusters and key give the same resamples.
  package init(_ clusters: ClusterIndex, key: RandomKey) {
    blocks = ResamplingBlocks(clusters, key: key)
    self.key = key
  }

  /// Sums over the items, kept by block so that they can be resampled.
  ///
  /// - Parameters:
  ///   - width: The number of sums.
  ///   - add: Adds the item at a position to a row of `width` sums.
  package func sums(width: Int, add: (Int, inout [Double]) -> Void) -> BlockSums {
    BlockSums(blocks, width: width, add: add)
  }

  /// The results of `body` for every resample, in their order, computed on all cores.
  ///
  /// - Parameter body: Gets how often each block is drawn, for `BlockSums.sums(weights:)`.
  package func resampled<Replicate: Sendable>(
    _ resamples: Int, _ body: @Sendable (_ weights: [Int32]) -> Replicate
  ) -> [Replicate] {
    concurrentMap(resamples) { body(blocks.weights(resample: $0, key: key)) }
  }

  /// How often every item counts in each resample, `[resample][item]`, which is as often as its cluster was drawn. All
  /// resamples come from one stream, one after the other.
  package static func itemWeights(_ clusters: ClusterIndex, resamples: Int, key: RandomKey) -> [[Int32]] {
    var generator = key.generator
    return (0..<resamples).map { _ in
      let weights = generator.clusterWeights(count: clusters.count)
      return clusters.ofItem.map { weights[$0] }
    }
  }
}

/// How many resamples may be without a figure before its interval is refused. Resamples without the figure are left
/// out, which makes an interval too narrow when there are many of them.
package enum UndefinedReplicates: Sendable {
  /// The figure is missing in one resample of twenty at most.
  case atMostOneInTwenty
  /// It is missing in half of them at most. `otherwise` is the reason that is given.
  case atMostHalf(otherwise: String)

  fileprivate func permits(defined: Int, of resamples: Int) -> Bool {
    switch self {
    case .atMostOneInTwenty: defined * 20 >= resamples * 19
    case .atMostHalf: defined * 2 >= resamples
    }
  }

  fileprivate func reason(defined: Int, of resamples: Int) -> String {
    switch self {
    case .atMostOneInTwenty: "the figure is undefined in \(resamples - defined) of \(resamples) resamples"
    case .atMostHalf(let otherwise): otherwise
    }
  }
}

/// A figure in every resample.
package struct Replicates: Sendable {
  /// The values in the resamples that have the figure.
  private let values: [Double]
  private let resamples: Int
  private let clusters: Int

  /// - Parameters:
  ///   - values: One per resample that has the figure.
  ///   - resamples: How many were drawn.
  ///   - clusters: How many clusters were resampled, or how many of them contribute to the figure.
  package init(defined values: [Double], of resamples: Int, clusters: Int) {
    self.values = values
    self.resamples = resamples
    self.clusters = clusters
  }

  /// - Parameter values: One per resample; `nil` if the resample does not have the figure.
  package init(_ values: [Double?], clusters: Int) {
    self.init(defined: values.compactMap(\.self), of: values.count, clusters: clusters)
  }

  /// The replicates that an interval may be read from, or the reason why there is none.
  ///
  /// - Parameter n: The count that the reason is given with.
  package func defined(_ rule: UndefinedReplicates, n: Int) -> Measured<[Double]> {
    guard clusters > 1 else { return .undefined(reason: "one cluster says nothing about variation", n: n) }
    guard !values.isEmpty, rule.permits(defined: values.count, of: resamples) else {
      return .undefined(reason: rule.reason(defined: values.count, of: resamples), n: n)
    }
    return .value(values)
  }

  /// The expanded percentile interval, or the reason why there is none.
  ///
  /// - Parameters:
  ///   - tail: The probability beyond each bound; .025 for an interval of 95 %.
  ///   - n: The count that the reason is given with.
  package func interval(_ rule: UndefinedReplicates, tail: Double = 0.025, n: Int) -> Measured<Interval> {
    defined(rule, n: n).map { .expandedPercentile($0, clusters: clusters, tail: tail) }
  }
}

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

/// The bootstrap of whole clusters for one ratio of whole-number sums, within strata.
///
/// Clusters that add the same sums are interchangeable, so how often each kind of cluster is drawn is one multinomial
/// draw. The cost depends on the number of kinds, not on the number of clusters, which is what allows 20,000 resamples.
package struct RatioBootstrap: Sendable {
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

/// The units that are drawn with replacement.
///
/// Up to `most` clusters a block is one cluster. More clusters are assigned to `most` blocks at random, so that blocks
/// hold equally many, give or take one. Sums over independent clusters are independent too, so resampled blocks vary as
/// resampled clusters do, and the cost no longer grows with the number of clusters.
struct ResamplingBlocks: Sendable {
  /// With this number of blocks, a standard error is accurate to about 1.6 %.
  static let most = 2_000

  let count: Int
  /// The positions of the items, block by block.
  let order: [Int32]
  /// Where each block's part of `order` begins; one more than there are blocks.
  let starts: [Int]

  /// - Parameter key: the stream that deals clusters to blocks.
  init(_ clusters: ClusterIndex, key: RandomKey) {
    let count = min(clusters.count, Self.most)
    var blockOfCluster = [Int32](repeating: 0, count: clusters.count)
    if clusters.count <= Self.most {
      for cluster in blockOfCluster.indices { blockOfCluster[cluster] = Int32(cluster) }
    } else {
      for (position, cluster) in key[.blocks].permutation(count: clusters.count).enumerated() {
        blockOfCluster[cluster] = Int32(position % count)
      }
    }
    let ofItem = clusters.ofItem.map { blockOfCluster[$0] }
    var starts = [Int](repeating: 0, count: count + 1)
    for block in ofItem { starts[Int(block) + 1] += 1 }
    for block in 0..<count { starts[block + 1] += starts[block] }
    var next = starts
    var order = [Int32](repeating: 0, count: ofItem.count)
    for (item, block) in ofItem.enumerated() {
      order[next[Int(block)]] = Int32(item)
      next[Int(block)] += 1
    }
    (self.count, self.order, self.starts) = (count, order, starts)
  }

  /// How often each block is drawn in resample `number`.
  func weights(resample number: Int, key: RandomKey) -> [Int32] {
    var generator = key[.resample][number].generator
    return generator.clusterWeights(count: count)
  }
}

/// Sums over the items of each block, one sparse row per block.
package struct BlockSums: Sendable {
  /// Over all blocks.
  package let totals: [Double]
  private let starts: [Int]
  private let columns: [Int32]
  private let values: [Double]

  /// - Parameters:
  ///   - width: the number of sums.
  ///   - add: adds the item at a position to a row of `width` sums.
  init(_ blocks: ResamplingBlocks, width: Int, add: (Int, inout [Double]) -> Void) {
    var totals = [Double](repeating: 0, count: width)
    var starts = [0]
    var columns: [Int32] = []
    var values: [Double] = []
    var row = totals
    for block in 0..<blocks.count {
      for position in blocks.starts[block]..<blocks.starts[block + 1] { add(Int(blocks.order[position]), &row) }
      for column in 0..<width where row[column] != 0 {
        columns.append(Int32(column))
        values.append(row[column])
        totals[column] += row[column]
        row[column] = 0
      }
      starts.append(columns.count)
    }
    (self.totals, self.starts, self.columns, self.values) = (totals, starts, columns, values)
  }

  /// The sums where block b counts `weights[b]` times.
  package func sums(weights: [Int32]) -> [Double] {
    var sums = [Double](repeating: 0, count: totals.count)
    sums.withUnsafeMutableBufferPointer { sums in
      columns.withUnsafeBufferPointer { columns in
        values.withUnsafeBufferPointer { values in
          for (block, weight) in weights.enumerated() where weight > 0 {
            let weight = Double(weight)
            for entry in starts[block]..<starts[block + 1] { sums[Int(columns[entry])] += weight * values[entry] }
          }
        }
      }
    }
    return sums
  }
}

extension RandomStream {
  /// How often each of `count` clusters is drawn in one bootstrap resample of `count` with replacement.
  package mutating func clusterWeights(count: Int) -> [Int32] {
    var weights = [Int32](repeating: 0, count: count)
    for _ in 0..<count { weights[index(below: count)] += 1 }
    return weights
  }
}
