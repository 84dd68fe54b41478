import RandomNumbers

/// The permutation test of the accuracy spread between the groups of one column.
///
/// Where all items of a cluster share their groups, memberships are permuted between clusters; where they do not (each
/// template once for every group), between the items of the cluster. Items in none of the column's groups take no part.
/// One set of permutations serves every vector of outcomes.
struct SpreadPermutation {
  /// What the permutations say about one vector of outcomes.
  struct Finding {
    var observed: Double
    var expected: Double
    var pValue: Double
    var permutations: Int
  }

  /// What is moved: sums over items that keep together, `width` outcomes each.
  fileprivate struct Units {
    var sizes: [Double] = []
    var sums: [Double] = []
    /// The kind of membership of each unit.
    var kinds: [Int] = []
  }

  private let groupCount: Int
  /// For every kind of membership, the groups it is in.
  private var kinds: [[Int]] = []
  /// Permuted among themselves.
  private var blocks: [Units] = []
  private let width: Int
  /// The number of runs that each vector counts.
  private let runs: [Double]

  /// - Parameters:
  ///   - groups: The groups of one column.
  ///   - clusters: The cluster of every item.
  ///   - outcomes: Each is a vector of how often every item is right.
  init(groups: [Subgroup], clusters: [Int], outcomes: [ItemOutcomes]) {
    groupCount = groups.count
    width = outcomes.count
    runs = outcomes.map { Double($0.runs) }
    var memberships = [[Int]](repeating: [], count: clusters.count)
    for (number, group) in groups.enumerated() {
      for item in group.members { memberships[item].append(number) }
    }
    var kindNumbers: [[Int]: Int] = [:]
    let index = ClusterIndex(clusters)
    var itemsOfCluster = [[Int]](repeating: [], count: index.count)
    var kindOfItem = [Int](repeating: -1, count: clusters.count)
    for (item, membership) in memberships.enumerated() where !membership.isEmpty {
      let kind = kindNumbers[membership] ?? kinds.count
      if kind == kinds.count {
        kindNumbers[membership] = kind
        kinds.append(membership)
      }
      kindOfItem[item] = kind
      itemsOfCluster[index.ofItem[item]].append(item)
    }
    var whole = Units()
    for items in itemsOfCluster {
      guard let first = items.first else { continue }
      if items.allSatisfy({ kindOfItem[$0] == kindOfItem[first] }) {
        whole.append(items, kind: kindOfItem[first], outcomes: outcomes)
      } else {
        var block = Units()
        for item in items { block.append([item], kind: kindOfItem[item], outcomes: outcomes) }
        blocks.append(block)
      }
    }
    blocks.append(whole)
  }

  /// The spread of every vector of outcomes beside its permutations.
  func findings(permutations: Int, key: RandomKey) -> [Finding] {
    var generator = key.generator
    let observed = spreads(blocks.map(\.kinds))
    var totals = [Double](repeating: 0, count: width)
    var asLarge = [Int](repeating: 1, count: width)
    var permuted = blocks.map(\.kinds)
    for _ in 0..<permutations {
      for block in permuted.indices {
        for last in stride(from: permuted[block].count - 1, to: 0, by: -1) {
          permuted[block].swapAt(last, generator.index(below: last + 1))
        }
      }
      for (vector, spread) in spreads(permuted).enumerated() {
        totals[vector] += spread
        if spread >= observed[vector] - 1e-12 { asLarge[vector] += 1 }
      }
    }
    return (0..<width).map { vector in
      Finding(
        observed: observed[vector], expected: totals[vector] / Double(permutations),
        pValue: Double(asLarge[vector]) / Double(permutations + 1), permutations: permutations)
    }
  }

  private func spreads(_ assigned: [[Int]]) -> [Double] {
    var sizes = [Double](repeating: 0, count: kinds.count)
    var sums = [Double](repeating: 0, count: kinds.count * width)
    for (block, kindsOfBlock) in zip(blocks, assigned) {
      for (unit, kind) in kindsOfBlock.enumerated() {
        sizes[kind] += block.sizes[unit]
        for vector in 0..<width { sums[kind * width + vector] += block.sums[unit * width + vector] }
      }
    }
    var groupSizes = [Double](repeating: 0, count: groupCount)
    var groupSums = [Double](repeating: 0, count: groupCount * width)
    for (kind, groups) in kinds.enumerated() {
      for group in groups {
        groupSizes[group] += sizes[kind]
        for vector in 0..<width { groupSums[group * width + vector] += sums[kind * width + vector] }
      }
    }
    return (0..<width).map { vector in
      var lowest = Double.infinity
      var highest = -Double.infinity
      for group in 0..<groupCount {
        let mean = groupSums[group * width + vector] / groupSizes[group]
        lowest = min(lowest, mean)
        highest = max(highest, mean)
      }
      return (highest - lowest) / runs[vector]
    }
  }
}

extension SpreadPermutation.Units {
  fileprivate mutating func append(_ items: [Int], kind: Int, outcomes: [ItemOutcomes]) {
    sizes.append(Double(items.count))
    kinds.append(kind)
    for vector in outcomes { sums.append(items.reduce(0) { $0 + vector.correct[$1] }) }
  }
}
