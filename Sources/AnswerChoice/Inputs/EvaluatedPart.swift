import Fairness

/// The items that figures are about, all of them or one group's, with their clusters numbered within the part.
struct EvaluatedPart: Sendable {
  /// `nil` for all items.
  let name: GroupName?
  /// Positions of the items, ascending.
  let members: [Int]
  let clusters: ClusterIndex

  private init(name: GroupName?, members: [Int], clusters: [Int]) {
    (self.name, self.members) = (name, members)
    self.clusters = ClusterIndex(members.lazy.map { clusters[$0] })
  }

  /// All items first, then every group.
  static func all(items: Int, groups: [Subgroup], clusters: [Int]) throws(ChoiceError) -> [EvaluatedPart] {
    guard clusters.count == items else { throw .clusterCount(expected: items, found: clusters.count) }
    var names: Set<GroupName> = []
    for group in groups {
      guard names.insert(group.name).inserted else { throw .repeatedGroup(group.name) }
      guard !group.members.isEmpty else { throw .emptyGroup(group.name) }
      var previous = -1
      for position in group.members {
        guard position > previous, position < items else {
          throw .invalidMember(group: group.name, position: position, items: items)
        }
        previous = position
      }
    }
    return [EvaluatedPart(name: nil, members: Array(0..<items), clusters: clusters)]
      + groups.map { EvaluatedPart(name: $0.name, members: $0.members, clusters: clusters) }
  }

  /// The share of what counts, over the items for which there is a value.
  ///
  /// - Parameters:
  ///   - runs: The runs that values are summed over.
  ///   - reason: Why there is none where no item has a value.
  ///   - values: Of every member, the sum over the runs of values from 0 to 1; `nil` where it does not count.
  func proportion(runs: Int, tail: Double, reason: String, values: [Double?]) -> Undefinable<Proportion> {
    var counted: [Double] = []
    var numbers: [Int] = []
    for (value, cluster) in zip(values, clusters.ofItem) {
      guard let value else { continue }
      counted.append(value)
      numbers.append(cluster)
    }
    guard !counted.isEmpty else { return .undefined(reason: reason, n: members.count) }
    return .value(
      Proportion(values: counted, clusters: numbers, clusterCount: clusters.count, runs: runs, confidence: 1 - 2 * tail)
    )
  }

  /// How many clusters have an item that counts.
  func clusterCount(where counts: (Int) -> Bool) -> Int {
    Set(members.indices.filter { counts(members[$0]) }.map { clusters.ofItem[$0] }).count
  }
}
