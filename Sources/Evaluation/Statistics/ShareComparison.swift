internal import Foundation

/// A share in two samples, and whether they differ.
package struct ShareComparison: Equatable, Sendable {
  package enum Test: String, Sendable {
    /// The score test at the effective numbers of items, which is Pearson's chi-squared of the two by two table.
    case score
    /// Fisher's exact test at the effective numbers of items, rounded: where fewer than a thousand are expected in a
    /// cell.
    case fisherExact = "fisher_exact"
  }

  package let reference: Proportion
  package let window: Proportion
  package let test: Test
  package let pValue: Double

  /// Expected numbers below this are too few for the normal limit far out in the tail, where a series of windows has to
  /// look: with 10 expected, 24 have a probability of 1.2e-4, and the limit says 9.5e-6.
  private static let fewest = 1_000.0

  package init(reference: Proportion, window: Proportion) {
    (self.reference, self.window) = (reference, window)
    let (first, second) = (reference.effectiveN, window.effectiveN)
    let pooled = (reference.value * first + window.value * second) / (first + second)
    guard min(first, second) * min(pooled, 1 - pooled) >= Self.fewest else {
      test = .fisherExact
      pValue = Self.fisherExact(
        (Int((reference.value * first).rounded()), Int(first.rounded())),
        (Int((window.value * second).rounded()), Int(second.rounded())))
      return
    }
    test = .score
    let deviation = (pooled * (1 - pooled) * (1 / first + 1 / second)).squareRoot()
    pValue = erfc(abs(window.value - reference.value) / deviation / 2.0.squareRoot())
  }

  /// Cohen's h (1988), the distance of the shares after the arcsine transformation: .2 is small, .5 medium, .8 large.
  package var effect: Double {
    func angle(_ share: Double) -> Double { 2 * asin(min(1, max(0, share)).squareRoot()) }
    return angle(window.value) - angle(reference.value)
  }

  /// The two-sided p-value of Fisher's exact test: the probability, margins given, of all tables that are no more probable.
  ///
  /// - Parameters:
  ///   - first: Successes and observations of the first sample.
  ///   - second: Those of the second.
  package static func fisherExact(
    _ first: (successes: Int, n: Int), _ second: (successes: Int, n: Int)
  ) -> Double {
    func logChoose(_ n: Int, _ k: Int) -> Double { logBinomialCoefficient(Double(n), Double(k)) }
    let successes = first.successes + second.successes
    let (lowest, highest) = (max(0, successes - second.n), min(first.n, successes))
    guard lowest < highest, (lowest...highest).contains(first.successes) else { return 1 }
    let all = logChoose(first.n + second.n, successes)
    func probability(_ k: Int) -> Double {
      exp(logChoose(first.n, k) + logChoose(second.n, successes - k) - all)
    }
    // Tables that are equally probable in theory may differ in their last bits.
    let observed = probability(first.successes) * (1 + 1e-7)
    let sum = (lowest...highest).reduce(0) { $0 + (probability($1) <= observed ? probability($1) : 0) }
    return sum > 1 - 1e-9 ? 1 : sum
  }
}
