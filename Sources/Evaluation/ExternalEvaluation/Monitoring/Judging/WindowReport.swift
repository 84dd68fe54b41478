package import Metrics
package import Report
package import Statistics

/// Everything that is said of one window.
package struct WindowReport: Sendable {
  package var file: String
  /// All items first, then the reference's groups that have items here, then values that it never saw.
  package var groups: [GroupFigures]
  package var unseenGroups: [GroupName]
  package var missingGroups: [GroupName]
  package var missingColumns: [String]
  /// Set where the reference's items belong together in clusters and the window does not say which of its own do.
  package var missingClusters: MissingClusters?
  /// Items that are the reference's own.
  package var knownItems: Int
  package var drifts: [Drift]
  /// The evaluation of the labelled items; nil where none is labelled.
  package var evaluation: AuditReport?
  package var judgements: [Judgement]
  package var outcome: Judgement.Outcome
  package var hasPolicy: Bool

  package var items: Int { groups.first?.n ?? 0 }
  package var labelled: Int { groups.first?.labelled ?? 0 }
  /// Whether more than half of the items are the reference's own: they say little of what comes after it.
  package var isMostlyKnown: Bool { knownItems * 2 > items }
  /// What changed for certain and enough to matter.
  package var flagged: [Drift] { drifts.filter(\.isFlagged) }
}

/// A column that a window lacks.
package struct MissingClusters: Equatable, Sendable {
  /// What the reference calls it; nil where its results do not say.
  package let column: String?
}

/// What is said of one group, or of all items, of a window.
package struct GroupFigures: Equatable, Sendable {
  /// nil for all items.
  package var group: GroupName?
  /// The reference has no such group.
  package var isUnseen: Bool
  package var n: Int
  package var labelled: Int
  /// Needs no labels.
  package var selectionRate: Measured<Proportion>
  package var estimate: Measured<LabelFreeEstimate>
  /// Of the reference's items of the group.
  package var referenceAccuracy: Measured<Proportion>
}

extension [WindowReport] {
  /// The worst of all windows, so that one alarm is enough.
  package var outcome: Judgement.Outcome { map(\.outcome).max() ?? .insufficient }
}
