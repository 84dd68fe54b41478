internal import Foundation

/// The population stability index Σ (q_b − p_b)·ln(q_b / p_b) over bins that hold about a tenth of the reference each.
///
/// It is biased upwards, so it is reported with its expectation without drift: (B − 1)·(1/n + 1/m)
/// (Yurdakul 2018), with the effective numbers of items.
package struct StabilityIndex: Equatable, Sendable {
  package let value: Double
  package let expectedWithoutDrift: Double
  package let bins: Int

  /// The index minus its expectation.
  package var excess: Double { value - expectedWithoutDrift }

  /// Bins are right-closed and end at the reference's deciles; ties leave fewer of them. Half an item is added to every
  /// count, so that an empty bin gives a finite index.
  ///
  /// - Parameters:
  ///   - referenceN: The effective number of the reference's items, likewise `windowN`.
  ///   - slack: By how much a window's value may lie above the end of a bin and still be in it.
  /// - Returns: nil if a sample is empty, or the reference has a single value.
  package init?(reference: [Double], window: [Double], referenceN: Double, windowN: Double, slack: Double = 0) {
    let sorted = reference.sorted()
    guard let largest = sorted.last, !window.isEmpty else { return nil }
    var bounds: [Double] = []
    for tenth in 1..<10 {
      let bound = sorted[max(0, (sorted.count * tenth + 9) / 10 - 1)]
      if bound < largest, bounds.last.map({ $0 < bound }) ?? true { bounds.append(bound) }
    }
    guard !bounds.isEmpty else { return nil }
    func shares(_ values: [Double], slack: Double) -> [Double] {
      var counts = [Double](repeating: 0.5, count: bounds.count + 1)
      for value in values { counts[bounds.firstIndex { value <= $0 + slack } ?? bounds.count] += 1 }
      let total = Double(values.count) + 0.5 * Double(counts.count)
      return counts.map { $0 / total }
    }
    bins = bounds.count + 1
    value = zip(shares(reference, slack: 0), shares(window, slack: slack)).reduce(0) {
      $0 + ($1.1 - $1.0) * log($1.1 / $1.0)
    }
    expectedWithoutDrift = Double(bins - 1) * (1 / max(1, referenceN) + 1 / max(1, windowN))
  }
}
