import Fairness

/// Intervals of averages over targets, from bootstrap replicates.
enum AttackIntervals {
  /// The interval of a share. Replicates that never vary (nothing found, everything found) show nothing of what could
  /// have been; then the exact interval is added, as if half the clusters were members and seen once.
  static func share(_ value: Double, replicates: [Double], clusters: Int) -> Undefinable<Interval> {
    guard clusters > 1 else { return .undefined(reason: "one cluster says nothing about variation", n: clusters) }
    let known = replicates.filter { !$0.isNaN }
    guard known.count * 2 >= replicates.count, !known.isEmpty else {
      return .undefined(reason: "most resamples have no members or no non-members", n: clusters)
    }
    let resampled = Interval.expandedPercentile(known, clusters: clusters)
    guard resampled.width <= 1e-12 || value <= 0 || value >= 1 else { return .value(resampled) }
    let observations = max(1, clusters / 2)
    let successes = Int((value * Double(observations)).rounded())
    return .value(resampled.hull(.clopperPearson(successes: successes, n: observations)))
  }
}
