package import Statistics

/// Counts and rates of one group, or of all items.
package struct GroupRates: Codable, Equatable, Sendable {
  /// `nil` for all items.
  package var group: GroupName?
  package var n: Int
  package var clusters: Int
  package var positives: Measured<Int>
  package var negatives: Measured<Int>
  package var accuracy: Proportion
  package var truePositiveRate: Measured<Proportion>
  package var falsePositiveRate: Measured<Proportion>
  package var selectionRate: Measured<Proportion>
  /// Of the items that are predicted positive, the share that is; `n` counts the items that at least one run selects.
  package var precision: Measured<Proportion>
  /// The harmonic mean of precision and true positive rate.
  package var f1: Measured<Estimate>
}

/// How the rates of one group, or of all items, vary from seed to seed.
package struct GroupSeedSpread: Codable, Equatable, Sendable {
  /// `nil` for all items.
  package var group: GroupName?
  package var accuracy: SeedSpread
  package var truePositiveRate: Measured<SeedSpread>
  package var falsePositiveRate: Measured<SeedSpread>
  package var selectionRate: Measured<SeedSpread>
  package var precision: Measured<SeedSpread>
  package var f1: Measured<SeedSpread>
}
