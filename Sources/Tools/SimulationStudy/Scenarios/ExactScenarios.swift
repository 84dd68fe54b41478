internal import Foundation
internal import Metrics
internal import Statistics

extension PlantedTruths {
  /// Clopper and Pearson's interval, by summing over all outcomes instead of drawing some.
  static var exactScenarios: [TruthScenario] {
    [10, 20, 50, 200, 1_000].map { exactScenario(trials: $0) }
  }

  /// The lowest coverage over the true shares .001, .002, … .999, and the mean width at a share of .8.
  package static func exactScenario(trials: Int) -> TruthScenario {
    let planted = "n = \(trials), any share from .001 to .999"
    return TruthScenario(.exact, planted) { _ in
      let intervals = (0...trials).map { Interval.clopperPearson(successes: $0, n: trials) }
      func mean(_ share: Double, _ figure: (Interval) -> Double) -> Double {
        intervals.enumerated().reduce(0) {
          $0 + binomialMass($1.offset, of: trials, probability: share) * figure($1.element)
        }
      }
      let lowest = (1...999).map { thousandth in
        let share = Double(thousandth) / 1_000
        return mean(share) { $0.contains(share) ? 1 : 0 }
      }.min()
      return [
        TruthRow(
          section: .exact, planted: planted, measured: "Clopper and Pearson's covered, at its worst; widths at .8",
          audits: 0, share: min(1, lowest ?? 0), bound: .atLeast(0.95), meanWidth: mean(0.8, \.width),
          oracleWidth: binomialOracleWidth(trials, share: 0.8))
      ]
    }
  }

  /// The width of the interval of one who knows the true standard error of a share.
  static func binomialOracleWidth(_ trials: Int, share: Double) -> Double {
    2 * NormalDistribution.twoSided95 * (share * (1 - share) / Double(trials)).squareRoot()
  }
}
