/// A model's translation of every sentence; an empty one is a bad one, never a missing one.
package typealias TranslationRun = ModelRun<[String]>

/// What one arm makes of every sentence.
package typealias ArmTranslations = ArmRuns<[String]>

extension ModelRun where Output == [String] {
  package init(seed: Int?, translations: [String]) { self.init(seed: seed, output: translations) }

  package var translations: [String] {
    get { output }
    set { output = newValue }
  }
}
