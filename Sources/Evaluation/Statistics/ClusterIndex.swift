/// Clusters numbered from 0 in the order in which they first appear.
package struct ClusterIndex: Equatable, Sendable {
  /// The number of every item's cluster.
  package let ofItem: [Int]
  package let count: Int

  /// - Parameter clusters: Any whole number for each item.
  package init(_ clusters: some Sequence<Int>) {
    var numbers: [Int: Int] = [:]
    ofItem = clusters.map { cluster in
      if let number = numbers[cluster] { return number }
      let number = numbers.count
      numbers[cluster] = number
      return number
    }
    count = numbers.count
  }

  /// The positions of every cluster's items, in its number's order.
  package var members: [[Int]] {
    var members = [[Int]](repeating: [], count: count)
    for (item, cluster) in ofItem.enumerated() { members[cluster].append(item) }
    return members
  }
}
