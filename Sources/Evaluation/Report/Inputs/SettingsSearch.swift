package import Statistics
package import Support

/// How the settings of every arm were chosen, before anything was seen of the test items.
package struct SettingsSearch: Codable, Equatable, Sendable {
  package var seeds: [Int]
  package var validationItems: Int
  /// In the order of the arms.
  package var arms: [Arm]

  package struct Arm: Codable, Equatable, Sendable {
    package var name: String
    /// In the order of the grid; at least one.
    package var candidates: [Candidate]
    /// The position of the chosen one.
    package var chosen: Int

    private enum CodingKeys: String, CodingKey {
      case name = "arm"
      case candidates, chosen
    }

    package init(name: String, candidates: [Candidate], chosen: Int) {
      (self.name, self.candidates, self.chosen) = (name, candidates, chosen)
    }

    /// Whether the rate is the lowest or highest of several that were tried, so that a wider grid may hold a better one.
    package var isAtEdge: Bool {
      let rates = Set(candidates.map(\.rate))
      guard candidates.indices.contains(chosen), rates.count > 1 else { return false }
      return candidates[chosen].rate == rates.min() || candidates[chosen].rate == rates.max()
    }
  }

  package struct Candidate: Codable, Equatable, Sendable {
    package var rate: Double
    package var epochs: Int
    /// On validation items, by seed.
    package var accuracy: SeedSpread
    /// Mean −log p of the label on validation items, by seed, in nats.
    package var logLoss: SeedSpread
    /// Runs whose gradient was not finite at some step.
    package var diverged: Int

    private enum CodingKeys: String, CodingKey {
      case rate = "learning_rate"
      case epochs, accuracy, logLoss
      case diverged = "diverged_runs"
    }

    package init(rate: Double, epochs: Int, accuracy: SeedSpread, logLoss: SeedSpread, diverged: Int) {
      self.rate = rate
      self.epochs = epochs
      self.accuracy = accuracy
      self.logLoss = logLoss
      self.diverged = diverged
    }
  }

  package init(seeds: [Int], validationItems: Int, arms: [Arm]) {
    self.seeds = seeds
    self.validationItems = validationItems
    self.arms = arms
  }
}

extension SettingsSearch.Arm: DerivedFields {
  package var derivedFields: [String: JSONValue] { ["at_edge_of_grid": .bool(isAtEdge)] }
}
