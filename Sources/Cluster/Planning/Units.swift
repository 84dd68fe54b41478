package import Support

/// Sets of items that no split and no membership mask may divide: the connected components of items that share a
/// cluster or are equal byte for byte.
package struct Units: Sendable, Equatable {
  /// Item positions, ascending in each unit; units in order of their first item.
  package let members: [[Int]]

  package init(clusters: [String], contents: [ContentHash]) {
    var parents = Array(clusters.indices)
    func root(_ item: Int) -> Int {
      var item = item
      while parents[item] != item {
        parents[item] = parents[parents[item]]
        item = parents[item]
      }
      return item
    }
    var firstOfCluster: [String: Int] = [:]
    var firstOfContent: [ContentHash: Int] = [:]
    for item in clusters.indices {
      for first in [firstOfCluster[clusters[item]], firstOfContent[contents[item]]] {
        guard let first else { continue }
        let (a, b) = (root(first), root(item))
        parents[max(a, b)] = min(a, b)
      }
      if firstOfCluster[clusters[item]] == nil { firstOfCluster[clusters[item]] = item }
      if firstOfContent[contents[item]] == nil { firstOfContent[contents[item]] = item }
    }
    var positions: [Int: Int] = [:]
    var members: [[Int]] = []
    for item in clusters.indices {
      let first = root(item)
      if let position = positions[first] {
        members[position].append(item)
      } else {
        positions[first] = members.count
        members.append([item])
      }
    }
    self.members = members
  }

  /// The unit that every item belongs to.
  package var unitOfItem: [Int] {
    var units = Array(repeating: 0, count: members.reduce(0) { $0 + $1.count })
    for (unit, items) in members.enumerated() {
      for item in items { units[item] = unit }
    }
    return units
  }
}
