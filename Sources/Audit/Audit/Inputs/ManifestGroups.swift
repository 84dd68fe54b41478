internal import Datasets
internal import Foundation
internal import Metrics
internal import Planning
internal import Specification
internal import Support
internal import Synchronization

extension PlanInput {
  /// Reads every item, and decodes every image, once: a file that cannot be used is found before anything starts.
  ///
  /// - Parameter manifest: the items of the data, then those of further tests.
  init(
    manifest: Manifest, furtherTests: [FurtherTest], specification: Specification, base: ContentHash,
    adapters: [String: ContentHash], sequences: Sequences?
  ) throws {
    let own = manifest.first(furtherTests.first?.items.lowerBound ?? manifest.items.count)
    let settings = specification.data
    var strata: [[String]] = []
    if case .fractions(_, _, _, _, let columns) = settings.split {
      strata = columns.indices.map { column in own.items.map { $0.extra[column] } }
    }
    let splits = own.items.compactMap { $0.split.flatMap { Split(rawValue: $0.rawValue) } }
    self.init(
      labels: manifest.items.map(\.classIndex), classes: manifest.classNames,
      clusters: manifest.items.map(\.cluster), strata: strata,
      givenSplit: splits.count == own.items.count ? splits : nil,
      contents: try Self.contents(of: manifest),
      groups: Self.groups(of: own, settings: settings.groups)
        + settings.combinations.flatMap { Self.combined($0, of: own) },
      base: base, adapters: adapters, sequences: sequences, furtherTests: furtherTests)
  }

  private static func contents(of manifest: Manifest) throws -> [ContentHash] {
    let items = manifest.items
    let found = Mutex<(hashes: [ContentHash?], failure: (item: Int, error: any Error)?)>(
      (Array(repeating: nil, count: items.count), nil))
    let parts = max(1, min(ProcessInfo.processInfo.activeProcessorCount, items.count))
    DispatchQueue.concurrentPerform(iterations: parts) { part in
      for item in stride(from: part, to: items.count, by: parts) {
        do {
          let bytes = try manifest.bytes(of: items[item])
          if items[item].path != nil {
            _ = try RGBImage(decoding: bytes, name: manifest.description(of: items[item]))
          }
          let hash = ContentHash(of: bytes)
          found.withLock { $0.hashes[item] = hash }
        } catch {
          // Report the first bad row, no matter which thread finds one first.
          found.withLock { state in
            if item < state.failure?.item ?? .max { state.failure = (item, error) }
          }
        }
      }
    }
    return try found.withLock { state in
      if let failure = state.failure { throw failure.error }
      return state.hashes.compactMap(\.self)
    }
  }

  private static func combined(_ columns: [String], of manifest: Manifest) -> [Group] {
    var members: [String: [Int]] = [:]
    for (item, entry) in manifest.items.enumerated() {
      let values = columns.map { manifest.tags(of: entry, in: $0)?.first ?? Manifest.missingTag }
      members[values.joined(separator: GroupName.times), default: []].append(item)
    }
    return members.keys.sorted().map {
      Group(
        column: columns.joined(separator: GroupName.times), value: $0, members: members[$0] ?? [], isCombined: true)
    }
  }

  /// A column of exclusive values makes one group per value. An overlapping tag makes two: the items with it and the
  /// items without it.
  static func groups(of manifest: Manifest, settings: [GroupSettings]) -> [Group] {
    settings.flatMap { setting -> [Group] in
      // Texts that are only for training have no tags.
      let tags = manifest.items.map { manifest.tags(of: $0, in: setting.name) }
      let known = tags.compactMap(\.self)
      let overlaps = setting.tags != nil || known.contains { $0.count != 1 }
      let values = setting.tags ?? Set(known.joined()).sorted()
      return values.flatMap { value -> [Group] in
        let members = tags.indices.filter { tags[$0]?.contains(value) == true }
        let group = Group(column: setting.name, value: value, members: members)
        guard overlaps else { return [group] }
        let others = tags.indices.filter { tags[$0]?.contains(value) == false }
        return [group, Group(column: setting.name, value: "not \(value)", members: others)]
      }
    }
  }
}

/// Further test files, whose items models are evaluated on in addition to the test split.
struct FurtherTests {
  /// The items of all tests, in order; they follow the items of the data.
  private(set) var items: [ManifestItem] = []
  /// The positions of each test's items, and their groups.
  private(set) var planned: [PlanInput.FurtherTest] = []
  /// By test, the names of its group columns.
  private(set) var groupNames: [[String]] = []

  /// - Parameters:
  ///   - manifest: the data; the items of the tests follow its items.
  ///   - resolved: turns a path of the specification into one that can be read.
  /// - Throws: `ManifestError` with the row of an item that cannot be used, `SpecificationError` for a label that the
  ///   data do not have.
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
            "\"\(meant)\" is not among the labels of the data (\(manifest.classNames.joined(separator: ", ")))")
        }
      }
      let classes = try test.classNames.map { label in
        let meant = settings.labels[label] ?? label
        guard let number = manifest.classNames.firstIndex(of: meant) else {
          throw specification.locations.failure(
            at: "data.tests[\(index)]",
            "\(test.file) has the label \"\(label)\", which is not among the labels of the data "
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
