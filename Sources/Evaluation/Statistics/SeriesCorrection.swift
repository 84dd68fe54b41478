/// The correction of tests for the many windows of one series, whether they come one by one or together.
///
/// Window k of a series, counted from 1, may spend the share 1/(k·(k + 1)) of the level: a half, a sixth, a twelfth.
/// The shares of all windows sum to 1, so that a series of any length, none of whose windows differ, has a significant
/// test with a probability of no more than the level (alpha spending, Foster and Stine 2008), whatever the windows have
/// in common, such as the reference that all are compared with. Windows that are judged together pool their shares and
/// divide them by Holm's method over windows × tests.
package enum SeriesCorrection {
  /// The probability with which a series without any change may have a significant test.
  package static let level = 0.05

  /// The tests of one window.
  package struct Window: Equatable, Sendable {
    /// Its place in the series, from 1.
    package let number: Int
    /// In any order, for example one for each figure; those of figures that are undefined are left out.
    package let pValues: [Double]

    package init(number: Int, pValues: [Double]) { (self.number, self.pValues) = (number, pValues) }
  }

  /// The share of the level that a window may spend.
  package static func weight(ofWindow number: Int) -> Double {
    let k = Double(max(1, number))
    return 1 / (k * (k + 1))
  }

  /// The share of the level that windows judged together may spend.
  package static func weight(ofWindows numbers: some Sequence<Int>) -> Double {
    // In one order, so that the sum has the same last bit whatever the order of the windows.
    numbers.sorted().reduce(0) { $0 + weight(ofWindow: $1) }
  }

  /// The corrected p-values of windows that are judged together, as they were given: significant below `level`.
  package static func corrected(_ windows: [Window]) -> [[Double]] {
    let share = weight(ofWindows: windows.lazy.map(\.number))
    var adjusted = holmAdjusted(windows.flatMap(\.pValues))[...]
    return windows.map { window in
      defer { adjusted = adjusted.dropFirst(window.pValues.count) }
      return adjusted.prefix(window.pValues.count).map { min(1, $0 / share) }
    }
  }
}
