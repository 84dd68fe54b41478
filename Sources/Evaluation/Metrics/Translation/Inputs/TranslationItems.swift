/// The sentences that every arm translates, in one fixed order.
package struct TranslationItems: Equatable, Sendable {
  package var identifiers: [String]
  /// The references of every sentence, at least one each.
  package var references: [[String]]
  /// Whom each sentence's occupation is taken for; nil where there is no stereotype.
  package var stereotypes: [Stereotype?]
  /// Whom each sentence speaks of; nil where nobody said.
  package var goldGenders: [GoldGender?]
  /// Which family every sentence belongs to; any whole numbers. Sentences that stand alone have one each.
  package var clusters: [Int]
  package var groups: [Subgroup]

  /// - Parameters:
  ///   - stereotypes: nil where no sentence has one.
  ///   - goldGenders: nil where no sentence has one.
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
