/// The sentences that every arm translates, in one fixed order.
package struct TranslationItems: Equatable, Sendable {
  package var identifiers: [String]
  /// The references of every sentence, at least one each.
  package var references: [[String]]
  /// The stereotype of each sentence's occupation; nil if there is none.
  package var stereotypes: [Stereotype?]
  /// The true gender of the person in each sentence; nil if it is not annotated.
  package var goldGenders: [GoldGender?]
  /// Which family every sentence belongs to; any whole numbers. A sentence without a family has a number of its own.
  package var clusters: [Int]
  package var groups: [Subgroup]

  /// - Parameters:
  ///   - stereotypes: nil if no sentence has one.
  ///   - goldGenders: nil if no sentence has one.
  package init(
    identifiers: [String], references: [[String]], stereotypes: [Stereotype?]? = nil,
    goldGenders: [GoldGender?]? = nil, clusters: [Int], groups: [Subgroup] = []
  ) {
    self.identifiers = identifiers
    self.references = references
    self.stereotypes = stereotypes ?? identifiers.map { _ in nil }
    self.goldGenders = goldGenders ?? identifiers.map { _ in nil }
    self.clusters = clusters
    self.groups = groups
  }

  package var count: Int { identifiers.count }

  /// Their clusters and groups.
  var frame: EvaluationItems { EvaluationItems(scored: identifiers, clusters: clusters, groups: groups) }
}

/// A model's translation of every sentence; an empty one is a bad one, never a missing one.
package typealias TranslationRun = ModelRun<[String]>

/// One arm's translations of every sentence.
package typealias ArmTranslations = ArmRuns<[String]>

extension ModelRun where Output == [String] {
  package init(seed: Int?, translations: [String]) { self.init(seed: seed, output: translations) }

  package var translations: [String] {
    get { output }
    set { output = newValue }
  }
}

/// Checks the input of an evaluation before anything is computed.
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

/// Why translations cannot be evaluated. Every case names what is wrong and where.
package enum TranslationError: Error, Equatable, Sendable {
  /// Items, arms, groups, comparisons or the rule are wrong in a way that they may be in any evaluation.
  case evaluation(EvaluationError)
  case noReferences(item: String)
  case metricIsNotRougeL(DecisionMetric)
  case confidenceOutsideRange(Double)
  case tooFewResamples(Int)
}

extension TranslationError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .evaluation(let error): error.description
    case .noReferences(let item): "Item \(item) has no reference translation; give at least one or leave it out."
    case .metricIsNotRougeL(let metric):
      "The rule is about \(metric.rawValue); translations are decided upon by \(DecisionMetric.rougeL.rawValue)."
    case .confidenceOutsideRange(let confidence):
      "The confidence is \(confidence); expected a share above 0 and below 1, such as 0.95."
    case .tooFewResamples(let count):
      "\(count) resamples are too few for an interval; expected at least \(TranslationEvaluation.fewestResamples)."
    }
  }
}
