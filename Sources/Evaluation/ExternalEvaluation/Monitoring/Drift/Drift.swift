package import Metrics
package import Statistics

/// One thing that may have changed since the audit, in one group or over all items.
package struct Drift: Equatable, Sendable {
  package enum Subject: Hashable, Sendable {
    /// The group's share of the items.
    case share
    /// What the model says, by its log-odds.
    case score
    case input(InputFeature)
    /// The share of items without the input.
    case missing(InputFeature)
  }

  package enum Test: String, Codable, Sendable {
    case kolmogorovSmirnov = "kolmogorov_smirnov"
    /// Pearson's chi-squared of the categories.
    case chiSquared = "chi_squared"
    case score
    case fisherExact = "fisher_exact"
  }

  package struct Finding: Equatable, Sendable {
    package var test: Test
    /// How large the change is: the Kolmogorov–Smirnov distance, the total variation of categories, or Cohen's h of shares.
    package var effect: Double
    package var pValue: Double
    /// Holm's over everything that is tested in the window.
    package var adjustedPValue: Double
    /// Of numbers alone.
    package var stability: StabilityIndex?
    /// The share, or the median of numbers; nil for categories.
    package var before: Double?
    package var after: Double?
    /// The effective numbers of items that the test counted.
    package var referenceN: Double
    package var windowN: Double
  }

  package var subject: Subject
  /// nil for all items.
  package var group: GroupName?
  /// Items of the reference.
  package var reference: Int
  package var window: Int
  package var finding: Measured<Finding>

  /// Significant, and large enough to matter.
  package var isFlagged: Bool { finding.value.map { $0.adjustedPValue < 0.05 && $0.isConsiderable } ?? false }
}

extension Drift.Finding {
  /// From which effect on a significant change matters: a distance of .1, a stability index of .2 beyond what chance makes
  /// of it, or a Cohen's h of .2.
  package static let leastDistance = 0.1
  package static let leastStabilityExcess = 0.2
  package static let leastShareEffect = 0.2

  package var isConsiderable: Bool {
    switch test {
    case .kolmogorovSmirnov:
      effect >= Self.leastDistance || (stability?.excess ?? 0) >= Self.leastStabilityExcess
    case .chiSquared: effect >= Self.leastDistance
    case .score, .fisherExact: abs(effect) >= Self.leastShareEffect
    }
  }
}
