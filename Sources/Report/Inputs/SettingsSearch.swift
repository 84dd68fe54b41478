package import Fairness

/// How the settings of every arm were chosen, before anything was seen of the test items.
package struct SettingsSearch: Equatable, Sendable {
  package var seeds: [Int]
  package var validationItems: Int
  /// In the order of the arms.
  package var arms: [Arm]

  package struct Arm: Equatable, Sendable {
    package var name: String
    /// In the order of the grid; at least one.
    package var candidates: [Candidate]
    /// The position of the chosen one.
    package var chosen: Int

    /// Whether the rate is the lowest or highest of several that were tried, so that a wider grid may hold a better one.
    package var isAtEdge: Bool {
      let rates = Set(candidates.map(\.rate))
      guard candidates.indices.contains(chosen), rates.count > 1 else { return false }
      return candidates[chosen].rate == rates.min() || candidates[chosen].rate == rates.max()
    }
  }

  package struct Candidate: Equatable, Sendable {
    package var rate: Double
    package var epochs: Int
    /// On validation items, by seed.
    package var accuracy: SeedSpread
    /// Mean −log p of the label on validation items, by seed, in nats.
    package var logLoss: SeedSpread
    /// Runs whose gradient was not finite at some step.
    package var diverged: Int

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

extension SettingsSearch.Arm {
  /// Chooses the candidate with the highest mean accuracy; of several, the one with the lowest log loss, then the first.
  /// One of which a run diverged is chosen only where that is so of all.
  package init(name: String, candidates: [SettingsSearch.Candidate]) {
    self.name = name
    self.candidates = candidates
    let whole = candidates.indices.filter { candidates[$0].diverged == 0 }
    var best = whole.first ?? 0
    for index in whole.isEmpty ? Array(candidates.indices) : whole {
      let (one, other) = (candidates[index], candidates[best])
      if (-one.accuracy.mean, one.logLoss.mean) < (-other.accuracy.mean, other.logLoss.mean) { best = index }
    }
    chosen = best
  }
}
