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

  static func validate(
    _ arms: [ArmTranslations], comparisons: [ArmComparison], items: TranslationItems
  ) throws(TranslationError) {
    do { try ArmTranslations.validate(arms, comparisons: comparisons) } catch { throw .evaluation(error) }
    for arm in arms {
      for run in arm.runs where run.translations.count != items.count {
        throw .evaluation(
          .countMismatch(
            what: "translations by arm \(arm.arm)\(run.seed.map { ", seed \($0)" } ?? "")", expected: items.count,
            found: run.translations.count))
      }
    }
  }
}
