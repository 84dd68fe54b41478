/// A file of items that are tested on besides the test split, and never trained on.
package struct FurtherTestSettings: Sendable, Equatable {
  /// Stands in results, reports and file names.
  package var name: String
  /// A CSV or JSON Lines file, relative to the specification's own folder.
  package var manifest: String
  /// The column that names each item's file, where items are images.
  package var path: String
  /// The column that holds each item's text, where they are texts.
  package var text: String
  /// The column that names each text; nil for the line that it is on.
  package var itemName: String?
  package var label: String
  /// What its labels are called in the data that are trained on, where that differs.
  package var labels: [String: String]
  package var groups: [GroupSettings]
  /// The column whose equal values are resampled together; nil where items stand alone.
  package var cluster: String?
}

extension FurtherTestSettings {
  /// - Parameter data: whose columns are meant where nothing is said.
  init(_ value: YAMLValue, data: DataSettings) throws(SpecificationError) {
    let keys = try value.mapping(["name", "manifest", "path", "text", "id", "label", "labels", "groups", "cluster"])
    let name = try keys.required("name")
    self.name = try name.string()
    guard self.name.utf8.allSatisfy({ Self.characters.contains($0) }), self.name.utf8.first != UInt8(ascii: ".") else {
      throw name.failure("stands in file names; expected letters, digits, dots, hyphens and underscores")
    }
    manifest = try keys.required("manifest").string()
    path = try keys["path"]?.string() ?? data.path
    text = try keys["text"]?.string() ?? data.text
    itemName = try keys["id"]?.string()
    label = try keys["label"]?.string() ?? data.label ?? ""
    labels = try keys["labels"]?.texts() ?? [:]
    groups = try keys["groups"].map { (value) throws(SpecificationError) in try DataSettings.groups(value) } ?? []
    cluster = try keys["cluster"]?.string()
  }

  private static let characters = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-".utf8)

  static func list(_ value: YAMLValue?, data: DataSettings) throws(SpecificationError) -> [FurtherTestSettings] {
    var tests: [FurtherTestSettings] = []
    for item in try value?.sequence() ?? [] {
      let test = try FurtherTestSettings(item, data: data)
      guard !tests.contains(where: { $0.name == test.name }) else {
        throw item.failure("two tests are called \"\(test.name)\"; give one of them another name")
      }
      tests.append(test)
    }
    return tests
  }
}
