import Statistics

/// The strata in which the clusters of all items are resampled: clusters of the same groups, so that every resample has
/// the group sizes of the data.
enum ClusterStrata {
  /// Smaller strata are resampled as one, since a few clusters show too little of their variation.
  private static let smallest = 20

  /// The stratum of every cluster of `subset`, from 0; all 0 within a group.
  static func numbers(_ subset: ItemSubset, items: EvaluationItems) -> [Int] {
    guard subset.name == nil else { return Array(repeating: 0, count: subset.clusters.count) }
    var signatures = [[Int]](repeating: [], count: subset.clusters.count)
    for (number, group) in items.groups.enumerated() {
      for item in group.members where signatures[subset.clusters.ofItem[item]].last != number {
        signatures[subset.clusters.ofItem[item]].append(number)
      }
    }
    var sizes: [[Int]: Int] = [:]
    for signature in signatures { sizes[signature, default: 0] += 1 }
    let large = Set(signatures).filter { sizes[$0, default: 0] >= smallest }.sorted { $0.lexicographicallyPrecedes($1) }
    let pooled = signatures.count { sizes[$0, default: 0] < smallest }
    // A small rest joins the largest stratum.
    let largest = large.indices.max { (sizes[large[$0], default: 0], -$0) < (sizes[large[$1], default: 0], -$1) }
    let rest = pooled < smallest ? largest ?? large.count : large.count
    return signatures.map { signature in large.firstIndex(of: signature) ?? rest }
  }
}
