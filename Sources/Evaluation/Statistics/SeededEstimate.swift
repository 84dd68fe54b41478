/// The mean of a figure over seeds with its interval over clusters, and how it varies from seed to seed.
package struct SeededEstimate: Codable, Equatable, Sendable {
  package var estimate: Estimate
  /// Its t interval is of 95 % whatever the confidence.
  package var seedSpread: SeedSpread

  package init(estimate: Estimate, seedSpread: SeedSpread) {
    self.estimate = estimate
    self.seedSpread = seedSpread
  }
}
