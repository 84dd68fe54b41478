package import Statistics

/// Counts and rates of one group, or of all items.
package struct GroupRates: Equatable, Sendable {
  /// `nil` for all items.
  package var group: GroupName?
  package var n: Int
  package var clusters: Int
  package var positives: Undefinable<Int>
  package var negatives: Undefinable<Int>
  package var accuracy: Proportion
  package var truePositiveRate: Undefinable<Proportion>
  package var falsePositiveRate: Undefinable<Proportion>
  package var selectionRate: Undefinable<Proportion>
  /// Of the items that are predicted positive, the share that is; `n` counts the items that at least one run selects.
  package var precision: Undefinable<Proportion>
  /// The harmonic mean of precision and true positive rate.
  package var f1: Undefinable<Estimate>
}

/// How the rates of one group, or of all items, vary from seed to seed.
package struct GroupSeedSpread: Equatable, Sendable {
  /// `nil` for all items.
  package var group: GroupName?
  package var accuracy: SeedSpread
  package var truePositiveRate: Undefinable<SeedSpread>
  package var falsePositiveRate: Undefinable<SeedSpread>
  package var selectionRate: Undefinable<SeedSpread>
  package var precision: Undefinable<SeedSpread>
  package var f1: Undefinable<SeedSpread>
}
