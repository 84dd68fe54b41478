import Metrics
import Statistics

/// Intervals of averages over targets, from bootstrap replicates.
struct AttackIntervals: Sendable {
  /// What lies beyond each bound: .025 at 95 %.
  let tail: Double

  /// Fewer replicates beyond a bound say too little about where it is.
  private static let fewestBeyond = 5.0

  /// - Throws: `PrivacyError.confidenceOutsideRange`.
  init(confidence: Double) throws(PrivacyError) {
    guard confidence > 0.5, confidence < 1 else { throw .confidenceOutsideRange(confidence) }
    // So that 95 % leaves .05 and not the next number.
    tail = ((1 - confidence) * 1e12).rounded() / 2e12
  }

  /// The interval of a share. Replicates that never vary (nothing found, everything found) show nothing of what could
  /// have been; then the exact interval is added, as if half the clusters were members and seen once.
  func share(_ value: Double, replicates: [Double], clusters: Int) -> Measured<Interval> {
    resampled(value, replicates: replicates, clusters: clusters).map { resampled in
      guard resampled.width <= 1e-12 || value <= 0 || value >= 1 else {
        return Interval(lower: max(0, resampled.lower), upper: min(1, resampled.upper))
      }
      let observations = max(1, clusters / 2)
      let successes = Int((value * Double(observations)).rounded())
      return resampled.hull(.clopperPearson(successes: successes, n: observations, tail: tail))
    }
  }

  /// The interval of a difference of shares. Replicates that never vary leave room for what that many clusters can miss.
  func difference(_ value: Double, replicates: [Double], clusters: Int) -> Measured<Interval> {
    resampled(value, replicates: replicates, clusters: clusters).map { resampled in
      guard resampled.width <= 1e-12 else { return resampled }
      let missed = Interval.clopperPearson(successes: 0, n: max(1, clusters / 2), tail: tail).upper
      return Interval(lower: max(-1, value - missed), upper: min(1, value + missed))
    }
  }

  /// The expanded percentile interval; where replicates are too few for its tails, as far as Student's t reaches with
  /// their standard deviation, if that is farther.
  private func resampled(_ value: Double, replicates: [Double], clusters: Int) -> Measured<Interval> {
    guard clusters > 1 else { return .undefined(reason: "one cluster says nothing about variation", n: clusters) }
    let known = replicates.filter { !$0.isNaN }
    guard known.count * 2 >= replicates.count, !known.isEmpty else {
      return .undefined(reason: "most resamples have no members or no non-members", n: clusters)
    }
    let percentile = Interval.expandedPercentile(known, clusters: clusters, tail: tail)
    guard tail * Double(known.count) < Self.fewestBeyond else { return .value(percentile) }
    let reach = StudentT.quantile(1 - tail, degreesOfFreedom: Double(clusters - 1)) * Self.deviation(known)
    return .value(percentile.hull(Interval(lower: value - reach, upper: value + reach)))
  }

  /// The standard deviation of replicates: the standard error of what they are replicates of.
  static func deviation(_ values: [Double]) -> Double {
    guard values.count > 1 else { return 0 }
    let mean = values.reduce(0, +) / Double(values.count)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
  }
}
