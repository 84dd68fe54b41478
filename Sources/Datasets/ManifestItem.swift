/// The part of a study that an item belongs to.
package enum DatasetSplit: String, Hashable, Sendable, CaseIterable {
  case train, validation, test

  /// The split that a manifest's cell names; `val` and `valid` also mean validation.
  init?(cell: String) {
    switch cell {
    case "val", "valid": self = .validation
    default: self.init(rawValue: cell)
    }
  }
}

/// One row of a manifest: an image, its label and the groups it belongs to.
package struct ManifestItem: Hashable, Sendable {
  /// The physical line of the manifest on which the row begins, counted from one with the header.
  package let row: Int
  /// The path as the manifest writes it: the same wherever the dataset lies.
  package let name: String
  /// The path from here: `name` from the manifest's folder, unless it is absolute.
  package let path: String
  package let label: String
  /// The label's position in the manifest's `classNames`.
  package let classIndex: Int
  /// The tags in each of the manifest's `groupNames`, in that order; without repetition, in the order of the file.
  package let groups: [[String]]
  /// Items with equal clusters stay on one side of every split; an item of its own where no column says otherwise.
  package let cluster: String
  /// None when the manifest has no split column.
  package let split: DatasetSplit?
  /// The text of each extra column, in the order of `ManifestColumns.extra`.
  package let extra: [String]
}
