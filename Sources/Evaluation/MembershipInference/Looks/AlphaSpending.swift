import Foundation
import Metrics
import Statistics

/// How much of the total error an analysis may have spent when it has seen a share of its data (Lan and DeMets 1983).
package enum AlphaSpending: String, CaseIterable, Equatable, Sendable {
  /// Little at first: α(t) = 2 − 2Φ(z_{1 − α/2} / √t), near to the boundaries of O'Brien and Fleming (1979).
  case obrienFleming = "obrien-fleming"
  /// Evenly: α(t) = α·ln(1 + (e − 1)·t), near to the boundaries of Pocock (1977).
  case pocock

  /// What is spent up to a share `information` of the data.
  ///
  /// - Parameters:
  ///   - information: In [0, 1].
  ///   - alpha: The total, two-sided, in (0, 1).
  package func spent(at information: Double, alpha: Double) -> Double {
    guard information > 0 else { return 0 }
    guard information < 1 else { return alpha }
    switch self {
    case .obrienFleming:
      return 2 * NormalDistribution.cumulative(-NormalDistribution.quantile(1 - alpha / 2) / information.squareRoot())
    case .pocock: return alpha * log1p((exp(1) - 1) * information)
    }
  }
}
