import Metrics
import Support

/// Small translation tasks over families of two sentences, one of a man and one of a woman.
enum TranslationFixture {
  static let rule = DecisionRule(metric: .rougeL, margin: 0.03, minimumGroupSize: 10)

  static func items(families: Int, groups: [Subgroup] = []) -> TranslationItems {
    let count = 2 * families
    return TranslationItems(
      identifiers: (0..<count).map { identifier($0) },
      references: (0..<count).map { item in
        let occupation = occupations[item / 2 % occupations.count]
        return [
          "The \(occupation) said that \(item % 2 == 0 ? "he" : "she") would be late on day \(item / 2).",
          "The \(occupation) said \(item % 2 == 0 ? "he" : "she") was going to be late on day \(item / 2).",
        ]
      },
      stereotypes: (0..<count).map { $0 / 2 % occupations.count < 2 ? .male : .female },
      goldGenders: (0..<count).map { $0 % 2 == 0 ? .male : .female }, clusters: (0..<count).map { 100 - $0 / 2 },
      groups: groups)
  }

  static func identifier(_ item: Int) -> String { "sentence-\(1_000 + item)" }

  private static let occupations = ["mechanic", "guard", "nurse", "clerk"]

  /// Translations of which some words are dropped and some pronouns are swapped, a draw for each sentence.
  static func run(_ items: TranslationItems, seed: Int?, damage: Double, swaps: Double, key: String) -> TranslationRun {
    TranslationRun(
      seed: seed,
      translations: items.identifiers.enumerated().map { item, identifier in
        var stream = RandomKey(seed: seed ?? 0)[key][identifier].generator
        var words = items.references[item][0].split(separator: " ").map(String.init)
        let isSwapped = stream.uniform() < swaps
        words = words.map { isSwapped && $0 == "he" ? "she" : isSwapped && $0 == "she" ? "he" : $0 }
        return words.filter { _ in stream.uniform() >= damage }.joined(separator: " ")
      })
  }

  static func arm(
    _ name: String, _ items: TranslationItems, seeds: [Int?] = [1, 2, 3], damage: Double, swaps: Double
  ) -> ArmTranslations {
    ArmTranslations(
      arm: name, runs: seeds.map { run(items, seed: $0, damage: damage, swaps: swaps, key: name) })
  }

  static func evaluate(
    _ items: TranslationItems, _ arms: [ArmTranslations], rule: DecisionRule = rule, confidence: Double = 0.95,
    resamples: Int = 400
  ) throws(TranslationError) -> TranslationEvaluation {
    try TranslationEvaluation.evaluate(
      items: items, arms: arms,
      comparisons: arms.dropFirst().map { ArmComparison(arm: $0.arm, reference: arms[0].arm) },
      rule: rule, confidence: confidence, resamples: resamples, key: RandomKey(seed: 4))
  }
}
