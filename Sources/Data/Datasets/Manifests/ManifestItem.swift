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

/// One row of a manifest: an image or a text, its label and the groups it belongs to.
package struct ManifestItem: Hashable, Sendable {
  /// What there is to classify.
  package enum Content: Hashable, Sendable {
    /// An image file; the path from here: the item's `name` from the manifest's folder, unless it is absolute.
    case file(path: String)
    case text(String)
  }

  /// The physical line of the manifest on which the row begins, counted from one with a CSV's header; in a folder of
  /// faces the position in the order of names, counted from one.
  package let row: Int
  /// What the item is called wherever the dataset lies: the path as the manifest writes it, a text's identifier, or
  /// "row N".
  package let name: String
  package let content: Content
  /// Empty if items are not classified.
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
  /// The file it was read from, where that is another than the manifest.
  package let source: String?

  package init(
    row: Int, name: String, content: Content, label: String, classIndex: Int, groups: [[String]], cluster: String,
    split: DatasetSplit?, extra: [String], source: String? = nil
  ) {
    self.row = row
    self.name = name
    self.content = content
    self.label = label
    self.classIndex = classIndex
    self.groups = groups
    self.cluster = cluster
    self.split = split
    self.extra = extra
    self.source = source
  }

  /// The same item as one of another file.
  ///
  /// - Parameters:
  ///   - prefix: goes before its name and its cluster, which must not be mistaken for one of the data.
  ///   - classIndex: its label's position among the classes of the data.
  package func moved(from source: String, prefix: String, label: String, classIndex: Int) -> ManifestItem {
    ManifestItem(
      row: row, name: "\(prefix)/\(name)", content: content, label: label, classIndex: classIndex, groups: groups,
      cluster: "\(prefix)/\(cluster)", split: nil, extra: [], source: source)
  }

  /// A part of a text: of the same groups, cluster and split.
  package func part(_ number: Int, text: String) -> ManifestItem {
    ManifestItem(
      row: row, name: "\(name) (part \(number))", content: .text(text), label: label, classIndex: classIndex,
      groups: groups, cluster: cluster, split: split, extra: extra, source: source)
  }

  /// The path of the item's file; nil if the item is a text.
  package var path: String? { if case .file(let path) = content { path } else { nil } }

  /// The item's text; nil if the item is a file.
  package var text: String? { if case .text(let text) = content { text } else { nil } }
}
