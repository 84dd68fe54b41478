internal import Foundation
internal import Support

/// A dataset of labelled images or texts: a CSV or JSON Lines file whose rows hold an image's path or a text, its label
/// and its groups.
///
///     let manifest = try Manifest(
///       file: "data/faces.csv",
///       columns: ManifestColumns(label: "expression", groups: ["lighting"], cluster: "person"))
///     let image = try manifest.image(of: manifest.items[0])
package struct Manifest: Sendable {
  /// What a group column says of an item whose cell is empty.
  package static let missingTag = "(missing)"

  /// The manifest's path, or the path of a folder of faces.
  package let file: String
  /// The classes: those given, in their order, or else the labels that occur, sorted by Unicode scalar.
  package let classNames: [String]
  /// The group columns in the order given, then the groups made of boolean columns in the order of their names.
  package let groupNames: [String]
  /// At least one item, in the order of the file.
  package private(set) var items: [ManifestItem]
  /// Files of a folder of faces that are not items, in the order of their names; empty if the manifest is a table.
  package let skipped: [SkippedFile]
  private let isTable: Bool
  /// How the file was read where that was not a matter of course, in a sentence.
  package let note: String?

  /// Reads the manifest and checks every row, that its image is a readable file included; images are not decoded.
  ///
  /// A file whose name ends in `.jsonl` or `.ndjson` is read as JSON Lines, any other as comma-separated values.
  ///
  /// - Parameter classNames: The labels allowed, in the order of the model's outputs; nil takes those that occur.
  package init(file: String, columns: ManifestColumns, classNames: [String]? = nil) throws(ManifestError) {
    let table: Table
    do throws(TableError) {
      table = try Table(file: file, columns: columns.required)
    } catch {
      throw ManifestError(file: file, error)
    }
    let reader = try ManifestReader(table: table, columns: columns)
    self.file = file
    self.classNames = try reader.classNames(given: classNames)
    groupNames = reader.groupNames
    items = try reader.items(classNames: self.classNames)
    skipped = []
    isTable = true
    note = table.note
  }

  /// Items that were not read from a table.
  package init(file: String, groupNames: [String], items: [ManifestItem]) {
    self.file = file
    classNames = []
    self.groupNames = groupNames
    self.items = items
    skipped = []
    isTable = true
    note = nil
  }

  init(folder: String, classNames: [String], groupNames: [String], items: [ManifestItem], skipped: [SkippedFile]) {
    file = folder
    self.classNames = classNames
    self.groupNames = groupNames
    self.items = items
    self.skipped = skipped
    isTable = false
    note = nil
  }

  /// The same with every item split into as many parts as it needs.
  package func divided(_ parts: (ManifestItem) throws -> [ManifestItem]) rethrows -> Manifest {
    var divided = self
    divided.items = try items.flatMap(parts)
    return divided
  }

  /// The same with the first items only.
  package func first(_ count: Int) -> Manifest {
    var part = self
    part.items = Array(items.prefix(count))
    return part
  }

  /// The same with more items after its own.
  package func followed(by others: [ManifestItem]) -> Manifest {
    var whole = self
    whole.items += others
    return whole
  }

  /// The tags of `item` in the group `name`; nil when the manifest has no such group.
  package func tags(of item: ManifestItem, in name: String) -> [String]? {
    guard let index = groupNames.firstIndex(of: name), index < item.groups.count else { return nil }
    return item.groups[index]
  }

  /// The tags of a cell, with `;` between them: without repetition, in their order; of an empty cell, `missingTag`.
  package static func tags(inCell cell: String) -> [String] {
    var tags: [String] = []
    for part in cell.split(separator: ";") {
      let tag = part.trimmingCharacters(in: .whitespacesAndNewlines)
      if !tag.isEmpty, !tags.contains(tag) { tags.append(tag) }
    }
    return tags.isEmpty ? [missingTag] : tags
  }

  /// The bytes of the item's image file, or of its text in UTF-8.
  package func bytes(of item: ManifestItem) throws(ManifestError) -> [UInt8] {
    switch item.content {
    case .text(let text): return Array(text.utf8)
    case .file(let path):
      do throws(FileError) {
        return try FileBytes.read(path)
      } catch {
        throw ManifestError(
          file: item.source ?? file, line: isTable || item.source != nil ? item.row : nil,
          problem: .unreadableFile(path: path, reason: error.reason))
      }
    }
  }

  /// The item's image; an error names the image and its line in the manifest.
  package func image(of item: ManifestItem) throws -> RGBImage {
    try RGBImage(decoding: bytes(of: item), name: description(of: item))
  }

  /// Where the item is to be found, for people: its path or name, and its line in the manifest. Never its text.
  package func description(of item: ManifestItem) -> String {
    let name = item.path ?? item.name
    return isTable || item.source != nil ? "\(name) (\(item.source ?? file), line \(item.row))" : name
  }
}
