import Support

/// Very many clusters in each of which memberships are permuted: what every kind of membership gets is a sum over
/// independent clusters, and so drawn from its normal limit.
struct MixedClusters {
  /// From so many clusters on the limit stands for the permutations themselves.
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
      if let place = counts.firstIndex(where: { $0.kind == Int(kind) }) {
        counts[place].count += 1
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
  /// pivot is 0 but for rounding.
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
