package import Support

/// What a bootstrap of whole clusters draws with replacement.
///
/// A block is one cluster while there are at most `most`; of more clusters, each holds as many as another, give or take
/// one, put together at random. Sums over independent clusters are independent too, so that resampled blocks vary as
/// resampled clusters do, as far as that many degrees of freedom can tell; and the cost no longer grows with the items.
package struct ResamplingBlocks: Sendable {
  /// With so many blocks a standard error is known to about 1.6 %.
  package static let most = 2_000

  package let count: Int
  /// The positions of the items, block by block.
  let order: [Int32]
  /// Where each block's part of `order` begins; one more than there are blocks.
  let starts: [Int]

  /// - Parameter key: where it is drawn from which clusters come together.
  package init(_ clusters: ClusterIndex, key: RandomKey) {
    let count = min(clusters.count, Self.most)
    var blockOfCluster = [Int32](repeating: 0, count: clusters.count)
    if clusters.count <= Self.most {
      for cluster in blockOfCluster.indices { blockOfCluster[cluster] = Int32(cluster) }
    } else {
      for (place, cluster) in key["blocks"].permutation(count: clusters.count).enumerated() {
        blockOfCluster[cluster] = Int32(place % count)
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
  package func weights(resample number: Int, key: RandomKey) -> [Int32] {
    var generator = key["resample"][number].generator
    return generator.clusterWeights(count: count)
  }
}

/// Sums over the items of each block, a row a block, of which only what is not zero is kept.
package struct BlockSums: Sendable {
  /// Over all blocks.
  package let totals: [Double]
  private let starts: [Int]
  private let columns: [Int32]
  private let values: [Double]

  /// - Parameters:
  ///   - width: the number of sums.
  ///   - add: adds the item at a position to a row of `width` sums.
  package init(_ blocks: ResamplingBlocks, width: Int, add: (Int, inout [Double]) -> Void) {
    var totals = [Double](repeating: 0, count: width)
    var starts = [0]
    var columns: [Int32] = []
    var values: [Double] = []
    var row = totals
    for block in 0..<blocks.count {
      for place in blocks.starts[block]..<blocks.starts[block + 1] { add(Int(blocks.order[place]), &row) }
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
