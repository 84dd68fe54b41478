/// How a group's items fall into clusters, neighbour by neighbour.
package enum ClusterLayout: Equatable, Sendable {
  /// Every item by itself.
  case unclustered
  /// Clusters of this size; the last one may be smaller.
  case size(Int)
  /// This number of clusters of equal size, give or take one item.
  case count(Int)
  /// This number of clusters, of which the first holds 60 % of all items, and the others the rest in equal parts.
  case oneLarge(of: Int)

  /// The items of every cluster; none is empty while there are as many items as clusters.
  package func sizes(items: Int) -> [Int] {
    switch self {
    case .unclustered: Array(repeating: 1, count: items)
    case .size(let size):
      stride(from: 0, to: items, by: max(1, size)).map { min(max(1, size), items - $0) }
    case .count(let count): Self.equalParts(items, count)
    case .oneLarge(let count):
      [items - items * 2 / 5] + Self.equalParts(items * 2 / 5, count - 1)
    }
  }

  /// The number of every item's cluster, from 0.
  package func numbers(items: Int) -> [Int] {
    sizes(items: items).enumerated().flatMap { Array(repeating: $0.offset, count: $0.element) }
  }

  /// The cluster size that an item sees, Σm²/Σm.
  func sizeSeen(items: Int) -> Double {
    sizes(items: items).reduce(0.0) { $0 + Double($1 * $1) } / Double(max(1, items))
  }

  var isClustered: Bool { self != .unclustered }
  var hasLargeOne: Bool { if case .oneLarge = self { true } else { false } }

  /// Says of simulated data what a row's reader must know.
  func words(correlation: Double) -> String {
    switch self {
    case .unclustered: "unclustered"
    case .size(let size): "clusters of \(size), correlation \(shareWords(correlation))"
    case .count(let count): "\(count) equal clusters, correlation \(shareWords(correlation))"
    case .oneLarge(let count):
      "\(count) clusters, one of them with 60 % of the items, correlation \(shareWords(correlation))"
    }
  }

  private static func equalParts(_ items: Int, _ count: Int) -> [Int] {
    (0..<max(1, count)).map { items * ($0 + 1) / max(1, count) - items * $0 / max(1, count) }
  }
}
