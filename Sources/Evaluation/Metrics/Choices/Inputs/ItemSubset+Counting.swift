import Statistics

extension ItemSubset {
  /// All items first, then every group.
  ///
  /// - Throws: `ChoiceError` where clusters or groups are not those of the items.
  static func all(
    identifiers: [String], groups: [Subgroup], clusters: [Int]
  ) throws(ChoiceError) -> [ItemSubset] {
    let items = EvaluationItems(scored: identifiers, clusters: clusters, groups: groups)
    do { try items.validate() } catch { throw .evaluation(error) }
    return all(of: items)
  }

  /// The share of what counts, over the items for which there is a value.
  ///
  /// - Parameters:
  ///   - runs: The runs that values are summed over.
  ///   - reason: Why there is none where no item has a value.
  ///   - values: Of every member, the sum over the runs of values from 0 to 1; `nil` where it does not count.
  func proportion(runs: Int, tail: Double, reason: String, values: [Double?]) -> Measured<Proportion> {
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
