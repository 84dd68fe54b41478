import Fairness

/// Checks what is given to an evaluation before anything is computed.
enum TranslationValidation {
  static func validate(_ items: TranslationItems) throws(TranslationError) {
    for (what, found) in [
      ("lists of references", items.references.count), ("stereotypes", items.stereotypes.count),
      ("gold genders", items.goldGenders.count),
    ] where found != items.count {
      throw .evaluation(.countMismatch(what: what, expected: items.count, found: found))
    }
    do { try items.frame.validate() } catch { throw .evaluation(error) }
    for (identifier, references) in zip(items.identifiers, items.references) where references.isEmpty {
      throw .noReferences(item: identifier)
    }
  }

  static func validate(_ arms: [ArmTranslations], items: TranslationItems) throws(TranslationError) {
    guard !arms.isEmpty else { throw .evaluation(.noArms) }
    var names: Set<String> = []
    for arm in arms {
      guard names.insert(arm.arm).inserted else { throw .evaluation(.repeatedArm(arm.arm)) }
      guard !arm.runs.isEmpty else { throw .evaluation(.noRuns(arm: arm.arm)) }
      var seeds: Set<Int> = []
      for run in arm.runs {
        if let seed = run.seed {
          guard seeds.insert(seed).inserted else { throw .evaluation(.repeatedSeed(arm: arm.arm, seed: seed)) }
        } else if arm.runs.count > 1 {
          throw .evaluation(.seedBesideFixedModel(arm: arm.arm))
        }
        guard run.translations.count == items.count else {
          throw .evaluation(
            .countMismatch(
              what: "translations by arm \(arm.arm)\(run.seed.map { ", seed \($0)" } ?? "")", expected: items.count,
              found: run.translations.count))
        }
      }
    }
  }

  static func validate(_ comparisons: [ArmComparison], arms: [ArmTranslations]) throws(TranslationError) {
    var declared: Set<ArmComparison> = []
    for comparison in comparisons {
      let (name, other) = (comparison.arm, comparison.reference)
      guard declared.insert(comparison).inserted else {
        throw .evaluation(.repeatedComparison(arm: name, reference: other))
      }
      let seeds = try [name, other].map { name throws(TranslationError) in
        guard let arm = arms.first(where: { $0.arm == name }) else {
          throw .evaluation(.unknownArm(name, known: arms.map(\.arm)))
        }
        return arm.seeds?.sorted()
      }
      guard let own = seeds[0], let others = seeds[1], own != others else { continue }
      throw .evaluation(.unequalSeeds(arm: name, seeds: own, reference: other, referenceSeeds: others))
    }
  }
}
