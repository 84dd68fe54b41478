/// Which columns of a manifest mean what.
package struct ManifestColumns: Hashable, Sendable {
  /// The column with each image's path; of no meaning where `text` is given.
  package var path: String
  /// The column with each item's text, where items are texts.
  package var text: String?
  /// The column with what each text is called; "row N" with its physical line where nothing is given. Images are called
  /// by their path.
  package var name: String?
  /// The column with the label; nil if items are not classified.
  package var label: String?
  /// Columns that each divide the items into groups; a cell may hold several tags with `;` between them.
  package var groups: [String]
  /// Groups whose tags are one boolean column each: the group's name, then its columns.
  package var tagGroups: [String: [String]]
  /// The column whose equal values must stay on one side of every split.
  package var cluster: String?
  /// The column that says to which split an item belongs.
  package var split: String?
  /// Further columns whose text is kept with each item.
  package var extra: [String]

  package init(
    path: String = "path", text: String? = nil, name: String? = nil, label: String?, groups: [String] = [],
    tagGroups: [String: [String]] = [:], cluster: String? = nil, split: String? = nil, extra: [String] = []
  ) {
    self.path = path
    self.text = text
    self.name = name
    self.label = label
    self.groups = groups
    self.tagGroups = tagGroups
    self.cluster = cluster
    self.split = split
    self.extra = extra
  }

  /// Every column that has to be there.
  var required: Set<String> {
    let content = text.map { [$0, name].compactMap(\.self) } ?? [path]
    let single = content + [label, cluster, split].compactMap(\.self)
    return Set(single + extra + groups + tagGroups.values.joined())
  }
}
