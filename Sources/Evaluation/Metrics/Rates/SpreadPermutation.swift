import Statistics
import Support

/// The permutation test of the largest difference of a rate between the groups of one column.
///
/// Where all items of a cluster share their groups, memberships are permuted between clusters; where they do not (each
/// template once for every group), between the items of the cluster. Items in none of the column's groups take no part.
/// Clusters that add the same sums are alike: where there are few kinds of them, how many of each kind every group gets
/// is drawn, and not which; and where very many clusters are permuted within, the normal limit of their sums.
struct SpreadPermutation {
  /// The spreads of the data and of every permutation.
  struct Spreads: Sendable {
    var observed: Double
    var permuted: [Double]

    /// The spread of several rates together: the largest.
    func larger(_ other: Spreads) -> Spreads {
      Spreads(observed: max(observed, other.observed), permuted: zip(permuted, other.permuted).map { max($0, $1) })
    }
  }

  /// The units of permutation: sums over items that stay together.
  private struct Units {
    var sizes: [Double] = []
    var sums: [Double] = []
    /// The kind of membership of each unit.
    var kinds: [Int32] = []

    mutating func append(size: Double, sum: Double, kind: Int32) {
      sizes.append(size)
      sums.append(sum)
      kinds.append(kind)
    }
  }

  private let memberships: ColumnMemberships
  /// Permuted between clusters.
  private var whole = Units()
  /// Each permuted within.
  private var mixed: [Units] = []
  /// Mixed clusters too, if there are very many.
  private var manyMixed: MixedClusters?
  /// What every kind of membership has in mixed clusters.
  private var mixedSums: [Double]
  private let runs: Double

  /// - Parameters:
  ///   - values: how often (in how many of `runs` runs) every item counts as a success.
  ///   - isCounted: whether an item has the rate, for example is positive.
  init(_ memberships: ColumnMemberships, values: [Double], runs: Int, where isCounted: (Int) -> Bool) {
    self.memberships = memberships
    self.runs = Double(runs)
    mixedSums = Array(repeating: 0, count: memberships.kinds.count)
    let clusters = memberships.clusters
    var sizes = [Double](repeating: 0, count: clusters.count)
    var sums = sizes
    var kinds = [Int32](repeating: -1, count: clusters.count)
    var isMixed = [Bool](repeating: false, count: clusters.count)
    for (item, cluster) in clusters.ofItem.enumerated() {
      let kind = memberships.kindOfItem[item]
      guard kind >= 0, isCounted(item) else { continue }
      if kinds[cluster] >= 0, kinds[cluster] != kind { isMixed[cluster] = true }
      kinds[cluster] = kind
      sizes[cluster] += 1
      sums[cluster] += values[item]
    }
    for cluster in 0..<clusters.count where sizes[cluster] > 0 && !isMixed[cluster] {
      whole.append(size: sizes[cluster], sum: sums[cluster], kind: kinds[cluster])
    }
    let mixedCount = isMixed.count { $0 }
    guard mixedCount > 0 else { return }
    if mixedCount >= MixedClusters.fewest, memberships.kinds.count <= MixedClusters.mostKinds {
      manyMixed = MixedClusters(kinds: memberships.kinds.count)
    }
    for positions in clusters.items where isMixed[clusters.ofItem[positions[0]]] {
      let counted = positions.filter { memberships.kindOfItem[$0] >= 0 && isCounted($0) }
      let units = Units(
        sizes: counted.map { _ in 1 }, sums: counted.map { values[$0] },
        kinds: counted.map { memberships.kindOfItem[$0] })
      if manyMixed == nil { mixed.append(units) } else { manyMixed?.add(kinds: units.kinds, values: units.sums) }
      for (kind, value) in zip(units.kinds, units.sums) { mixedSums[Int(kind)] += value }
    }
  }

  func spreads(permutations: Int, key: RandomKey) -> Spreads {
    var generator = key.generator
    var mixedTotal = Tally(kinds: memberships.kinds.count)
    for units in mixed { mixedTotal.add(units.kinds, sizes: units.sizes, sums: units.sums) }
    if let manyMixed { mixedTotal.sizes = manyMixed.sizes }
    mixedTotal.sums = mixedSums
    var total = mixedTotal
    total.add(whole.kinds, sizes: whole.sizes, sums: whole.sums)
    let observed = spread(total)
    let table = UnitTable(kinds: whole.kinds, sizes: whole.sizes, sums: whole.sums, most: whole.kinds.count / 16)
    let sampler = manyMixed?.sampler()
    var shuffled = whole.kinds
    var blocks = mixed.map(\.kinds)
    let permuted = (0..<permutations).map { _ -> Double in
      total.removeAll()
      if let table {
        table.draw(from: &generator) { kind, size, sum in total.add(kind: kind, size: size, sum: sum) }
      } else {
        generator.shuffle(&shuffled)
        total.add(shuffled, sizes: whole.sizes, sums: whole.sums)
      }
      for (kind, sum) in (sampler?.draw(from: &generator) ?? []).enumerated() {
        total.add(kind: kind, size: mixedTotal.sizes[kind], sum: sum)
      }
      for block in blocks.indices {
        generator.shuffle(&blocks[block])
        total.add(blocks[block], sizes: mixed[block].sizes, sums: mixed[block].sums)
      }
      return spread(total)
    }
    return Spreads(observed: observed, permuted: permuted)
  }

  /// Highest minus lowest rate of the groups that have one; 0 with fewer than two.
  private func spread(_ total: Tally) -> Double {
    var sizes = [Double](repeating: 0, count: memberships.groupCount)
    var sums = sizes
    for (kind, groups) in memberships.kinds.enumerated() {
      for group in groups {
        sizes[group] += total.sizes[kind]
        sums[group] += total.sums[kind]
      }
    }
    var lowest = Double.infinity
    var highest = -Double.infinity
    for (size, sum) in zip(sizes, sums) where size > 0 {
      lowest = min(lowest, sum / size)
      highest = max(highest, sum / size)
    }
    return max(0, highest - lowest) / runs
  }

  /// Sums by kind of membership.
  private struct Tally {
    var sizes: [Double]
    var sums: [Double]

    init(kinds: Int) {
      sizes = Array(repeating: 0, count: kinds)
      sums = sizes
    }

    mutating func removeAll() {
      for kind in sizes.indices { (sizes[kind], sums[kind]) = (0, 0) }
    }

    mutating func add(kind: Int, size: Double, sum: Double) {
      sizes[kind] += size
      sums[kind] += sum
    }

    mutating func add(_ kinds: [Int32], sizes: [Double], sums: [Double]) {
      for (unit, kind) in kinds.enumerated() { add(kind: Int(kind), size: sizes[unit], sum: sums[unit]) }
    }
  }
}

/// Which units go to which kind of membership, as counts: a table whose margins a permutation keeps.
private struct UnitTable {
  /// How many units each kind of membership has.
  private let rows: [(kind: Int, count: Int)]
  /// The units that add the same sums, and how many there are.
  private let columns: [(size: Double, sum: Double, count: Int)]
  private let factorials: LogFactorials

  private struct UnitKind: Hashable {
    let size: Double
    let sum: Double
  }

  /// - Returns: nil if the table would have more than `most` cells: then shuffling is as cheap.
  init?(kinds: [Int32], sizes: [Double], sums: [Double], most: Int) {
    var rows: [Int: Int] = [:]
    var columns: [UnitKind: Int] = [:]
    for (unit, kind) in kinds.enumerated() {
      rows[Int(kind), default: 0] += 1
      columns[UnitKind(size: sizes[unit], sum: sums[unit]), default: 0] += 1
      guard rows.count * columns.count <= most else { return nil }
    }
    guard !rows.isEmpty else { return nil }
    self.rows = rows.map { ($0.key, $0.value) }.sorted { $0.kind < $1.kind }
    self.columns = columns.map { ($0.key.size, $0.key.sum, $0.value) }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
    factorials = LogFactorials(through: kinds.count)
  }

  /// Draws a table, and calls `add` with what each kind of membership gets.
  func draw(from generator: inout RandomStream, add: (_ kind: Int, _ size: Double, _ sum: Double) -> Void) {
    var left = columns.map(\.count)
    var units = left.reduce(0, +)
    for row in rows {
      var wanted = row.count
      var open = units
      for (column, unit) in columns.enumerated() where wanted > 0 {
        let drawn = generator.hypergeometric(draws: wanted, successes: left[column], of: open, factorials)
        open -= left[column]
        wanted -= drawn
        left[column] -= drawn
        if drawn > 0 { add(row.kind, Double(drawn) * unit.size, Double(drawn) * unit.sum) }
      }
      units -= row.count
    }
  }
}

extension RandomStream {
  /// A uniformly random order (Fisher and Yates).
  fileprivate mutating func shuffle(_ values: inout [Int32]) {
    for last in stride(from: values.count - 1, to: 0, by: -1) { values.swapAt(last, index(below: last + 1)) }
  }
}

/// Very many clusters in each of which memberships are permuted: what every kind of membership gets is a sum over
/// independent clusters, and so drawn from its normal limit.
struct MixedClusters {
  /// From this number of clusters on, the normal limit replaces the permutations.
  static let fewest = 1_000
  /// With more kinds of membership their covariances would cost more than permutations.
  static let mostKinds = 256

  /// Items by kind of membership, which no permutation changes.
  private(set) var sizes: [Double]
  private var means: [Double]
  private var covariances: [[Double]]

  init(kinds: Int) {
    sizes = Array(repeating: 0, count: kinds)
    means = sizes
    covariances = Array(repeating: sizes, count: kinds)
  }

  /// Adds a cluster: of n items k have each kind of membership, and each draws k of the values without replacement
  /// (Cochran 1977, chapter 2).
  mutating func add(kinds: [Int32], values: [Double]) {
    let n = Double(values.count)
    guard n > 1 else { return }
    let mean = values.reduce(0, +) / n
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)
    var counts: [(kind: Int, count: Double)] = []
    for kind in kinds {
      if let index = counts.firstIndex(where: { $0.kind == Int(kind) }) {
        counts[index].count += 1
      } else {
        counts.append((Int(kind), 1))
      }
    }
    for (kind, count) in counts {
      sizes[kind] += count
      means[kind] += count * mean
      covariances[kind][kind] += variance * count
      for (other, otherCount) in counts { covariances[kind][other] -= variance * count * otherCount / n }
    }
  }

  /// Draws what every kind of membership gets.
  func sampler() -> Sampler { Sampler(means: means, factor: Self.choleskyFactor(covariances)) }

  struct Sampler {
    fileprivate let means: [Double]
    fileprivate let factor: [[Double]]

    func draw(from generator: inout RandomStream) -> [Double] {
      let normals = means.indices.map { _ in generator.normal() }
      return means.indices.map { kind in
        (0...kind).reduce(means[kind]) { $0 + factor[kind][$1] * normals[$1] }
      }
    }
  }

  /// The lower triangle L of a positive semidefinite matrix L·Lᵀ; what all kinds get sums to a constant, so the last
  /// pivot is 0 except for rounding.
  private static func choleskyFactor(_ matrix: [[Double]]) -> [[Double]] {
    var factor = matrix.map { $0.map { _ in 0.0 } }
    for row in matrix.indices {
      for column in 0...row {
        let rest = (0..<column).reduce(matrix[row][column]) { $0 - factor[row][$1] * factor[column][$1] }
        if row == column {
          factor[row][row] = rest > 1e-12 * matrix[row][row] ? rest.squareRoot() : 0
        } else if factor[column][column] > 0 {
          factor[row][column] = rest / factor[column][column]
        }
      }
    }
    return factor
  }
}
