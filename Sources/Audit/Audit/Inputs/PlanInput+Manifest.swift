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
          // The first of the bad rows, whichever thread found it.
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

  /// A column of exclusive values makes a group a value; overlapping tags make members and non-members.
  static func groups(of manifest: Manifest, settings: [GroupSettings]) -> [Group] {
    settings.flatMap { setting -> [Group] in
      // Of texts that are only trained on nobody asks.
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
