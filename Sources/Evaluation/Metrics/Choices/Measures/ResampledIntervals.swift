import Statistics

/// Intervals from figures of resampled clusters.
struct ResampledIntervals: Sendable {
  /// What lies beyond each bound: .025 at 95 %.
  let tail: Double

  /// - Throws: `ChoiceError.confidenceOutsideRange`.
  init(confidence: Double) throws(ChoiceError) {
    guard confidence > 0.5, confidence < 1 else { throw .confidenceOutsideRange(confidence) }
    // So that 95 % leaves .05 and not the next number.
    tail = ((1 - confidence) * 1e12).rounded() / 2e12
  }

  /// The expanded percentile interval. Replicates that never vary show nothing of what could have been: then the interval
  /// reaches as far as a share of which that many clusters show nothing can (Clopper and Pearson 1934).
  ///
  /// - Parameters:
  ///   - replicates: One a resample, nil where the figure was undefined.
  ///   - clusters: How many have a say in the figure.
  ///   - range: What values the figure can have.
  ///   - scale: How far the figure goes when a share goes from 0 to 1.
  func interval(
    _ value: Double, replicates: [Double?], clusters: Int, range: ClosedRange<Double>, scale: Double
  ) -> Measured<Interval> {
    guard clusters > 1 else { return .undefined(reason: "one cluster says nothing about variation", n: clusters) }
    let known = replicates.compactMap(\.self)
    guard !known.isEmpty, known.count * 20 >= replicates.count * 19 else {
      return .undefined(
        reason: "the figure is undefined in \(replicates.count - known.count) of \(replicates.count) resamples",
        n: clusters)
    }
    var found = Interval.expandedPercentile(known, clusters: clusters, tail: tail)
    if found.width <= 1e-12 {
      let missed = scale * Interval.clopperPearson(successes: 0, n: clusters, tail: tail).upper
      found = Interval(lower: value - missed, upper: value + missed)
    }
    return .value(
      Interval(lower: max(range.lowerBound, found.lower), upper: min(range.upperBound, found.upper)))
  }
}
