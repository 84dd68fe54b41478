internal import Datasets
internal import Planning
internal import Specification

/// Items that models are tested on besides those of the data.
struct FurtherTests {
  /// Those of all tests, as they stand behind the items of the data.
  private(set) var items: [ManifestItem] = []
  /// Where each test's items stand, and their groups.
  private(set) var planned: [PlanInput.FurtherTest] = []
  /// By test, what the columns of its items' groups are called.
  private(set) var groupNames: [[String]] = []

  /// - Parameters:
  ///   - manifest: the data, behind whose items those of the tests stand.
  ///   - resolved: turns a path of the specification into one that can be read.
  /// - Throws: `ManifestError` with the row of an item that cannot be used, `SpecificationError` for a label that is none
  ///   of the data's.
  init(_ specification: Specification, after manifest: Manifest, resolved: (String) -> String) throws {
    for (index, settings) in specification.data.furtherTests.enumerated() {
      let test = try Manifest(
        file: resolved(settings.manifest), columns: ManifestColumns(settings, isText: specification.task.isText))
      func failure(_ problem: String) -> SpecificationError {
        specification.locations.failure(at: "data.tests[\(index)].labels", problem)
      }
      for (label, meant) in settings.labels.sorted(by: { $0.key < $1.key }) {
        guard test.classNames.contains(label) else {
          throw failure("no row of \(test.file) has the label \"\(label)\"")
        }
        guard manifest.classNames.contains(meant) else {
          throw failure(
            "\"\(meant)\" is none of the data's labels (\(manifest.classNames.joined(separator: ", ")))")
        }
      }
      let classes = try test.classNames.map { label in
        let meant = settings.labels[label] ?? label
        guard let number = manifest.classNames.firstIndex(of: meant) else {
          throw specification.locations.failure(
            at: "data.tests[\(index)]",
            "\(test.file) has the label \"\(label)\", which is none of the data's "
              + "(\(manifest.classNames.joined(separator: ", "))); say under labels: which of them it means")
        }
        return number
      }
      let first = manifest.items.count + items.count
      items += test.items.map { item in
        let number = classes[item.classIndex]
        return item.moved(
          from: test.file, prefix: settings.name, label: manifest.classNames[number], classIndex: number)
      }
      planned.append(
        PlanInput.FurtherTest(
          name: settings.name, items: first..<first + test.items.count,
          groups: PlanInput.groups(of: test, settings: settings.groups).map { group in
            var group = group
            group.members = group.members.map { first + $0 }
            return group
          }))
      groupNames.append(test.groupNames)
      for group in planned[index].groups where group.members.isEmpty {
        throw specification.locations.failure(
          at: "data.tests[\(index)]", "\(test.file): the group \(group.column)=\(group.value) holds no items")
      }
    }
  }
}

extension ManifestColumns {
  fileprivate init(_ settings: FurtherTestSettings, isText: Bool) {
    var tagGroups: [String: [String]] = [:]
    for group in settings.groups { tagGroups[group.name] = group.tags }
    self.init(
      path: settings.path, text: isText ? settings.text : nil, name: settings.itemName, label: settings.label,
      groups: settings.groups.filter { $0.tags == nil }.map(\.name), tagGroups: tagGroups, cluster: settings.cluster)
  }
}
