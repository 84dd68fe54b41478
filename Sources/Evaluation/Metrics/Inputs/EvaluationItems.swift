/// The items that every arm is evaluated on: labels, clusters and groups, in one fixed order.
package struct EvaluationItems: Equatable, Sendable {
  package var identifiers: [String]
  /// The class index of every item.
  package var labels: [Int]
  package var classNames: [String]
  /// Which cluster (a person, a template) every item belongs to; any whole numbers. Unclustered items have one each.
  package var clusters: [Int]
  package var groups: [Subgroup]
  /// The class that is counted as positive. Without one the rates of positives, and the gaps built on them, are
  /// undefined.
  package var positiveClass: Int?

  package init(
    identifiers: [String], labels: [Int], classNames: [String], clusters: [Int], groups: [Subgroup],
    positiveClass: Int?
  ) {
    self.identifiers = identifiers
    self.labels = labels
    self.classNames = classNames
    self.clusters = clusters
    self.groups = groups
    self.positiveClass = positiveClass
  }

  /// Items that are scored and not classified: they have no labels of their own, and no figure of classes means anything.
  package init(scored identifiers: [String], clusters: [Int], groups: [Subgroup]) {
    self.init(
      identifiers: identifiers, labels: identifiers.map { _ in 0 }, classNames: ["scored", "not scored"],
      clusters: clusters, groups: groups, positiveClass: nil)
  }

  package var count: Int { labels.count }
}
