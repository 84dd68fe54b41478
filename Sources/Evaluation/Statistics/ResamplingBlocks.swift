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
