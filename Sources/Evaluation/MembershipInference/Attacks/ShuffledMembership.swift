import Support

/// Membership that says nothing: swapped at random by whole clusters in each pair of models, so that partners stay
/// complements. Only what the attack is judged against is swapped, not what it learns from.
enum ShuffledMembership {
  /// - Parameters:
  ///   - masks: `[model][item]`.
  ///   - clusters: The number of every item's cluster, from 0 to below `clusterCount`.
  static func masks(_ masks: [[Bool]], clusters: [Int], clusterCount: Int, key: RandomKey) -> [[Bool]] {
    masks.enumerated().map { model, mask in
      var generator = key[model / 2].generator
      let swaps = (0..<clusterCount).map { _ in generator.uniform() < 0.5 }
      return zip(mask, clusters).map { $0 != swaps[$1] }
    }
  }
}
