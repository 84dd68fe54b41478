package import Metrics

/// An item whose membership an attack tells.
package struct ExposedItem: Equatable, Sendable {
  /// How often the item was above the threshold of all items at a limit of the false positive rate.
  package struct Findings: Equatable, Sendable {
    package var falsePositiveRateLimit: Double
    /// Of the targets that were trained on it.
    package var asMember: Int
    /// Of the targets that were not: an item that is suspected there as well is not told.
    package var asNonMember: Int
  }

  /// The position among the fleet's items.
  package var item: Int
  /// `nil` where the fleet has no names.
  package var name: String?
  package var groups: [GroupName]
  /// The share of a target's non-members that score below the item, ties counted half, averaged over the targets that
  /// were trained on it.
  package var percentile: Double
  /// Targets that were trained on it.
  package var asMember: Int
  package var asNonMember: Int
  /// At the limits that every target resolves, the strictest first.
  package var findings: [Findings]
}
