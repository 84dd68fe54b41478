import Metrics
import Statistics
import Support

/// Permutations of the group labels of one column: between the clusters whose items share their groups, and within each
/// of the others. Items in none of the column's groups keep having none.
struct GroupShuffle: Sendable {
  let memberships: ColumnMemberships
  /// The items of the clusters that share their groups.
  private let whole: [[Int]]
  private let kindsOfWhole: [Int32]
  /// The items of each other cluster that have a group.
  private let mixed: [[Int]]

  init(_ memberships: ColumnMemberships) {
    self.memberships = memberships
    var whole: [[Int]] = []
    var kinds: [Int32] = []
    var mixed: [[Int]] = []
    for members in memberships.clusters.members {
      let counted = members.filter { memberships.kindOfItem[$0] >= 0 }
      guard let first = counted.first else { continue }
      let kind = memberships.kindOfItem[first]
      if counted.allSatisfy({ memberships.kindOfItem[$0] == kind }) {
        whole.append(counted)
        kinds.append(kind)
      } else {
        mixed.append(counted)
      }
    }
    (self.whole, kindsOfWhole, self.mixed) = (whole, kinds, mixed)
  }

  /// The kind of membership of every item in one permutation; −1 for none.
  func kinds(key: RandomKey) -> [Int32] {
    var generator = key.generator
    var result = memberships.kindOfItem
    var kinds = kindsOfWhole
    kinds.shuffle(using: &generator)
    for (kind, items) in zip(kinds, whole) {
      for item in items { result[item] = kind }
    }
    for items in mixed {
      var kinds = items.map { memberships.kindOfItem[$0] }
      kinds.shuffle(using: &generator)
      for (item, kind) in zip(items, kinds) { result[item] = kind }
    }
    return result
  }
}
