/// What one trained model makes of every sentence.
package struct TranslationRun: Equatable, Sendable {
  /// nil for a model that no seed changes; its arm has this run alone.
  package var seed: Int?
  /// A translation of every sentence; an empty one is a bad one, never a missing one.
  package var translations: [String]

  package init(seed: Int?, translations: [String]) {
    self.seed = seed
    self.translations = translations
  }
}

/// What one arm makes of every sentence, once for each seed; or once, where no seed changes it.
package struct ArmTranslations: Equatable, Sendable {
  package var arm: String
  package var runs: [TranslationRun]

  package init(arm: String, runs: [TranslationRun]) {
    self.arm = arm
    self.runs = runs
  }

  /// Of the runs; nil for a model that no seed changes.
  var seeds: [Int]? {
    let seeds = runs.compactMap(\.seed)
    return seeds.count == runs.count ? seeds : nil
  }
}
