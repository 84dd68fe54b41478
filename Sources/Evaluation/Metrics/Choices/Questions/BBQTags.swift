internal import Support

/// What BBQ says about every option of a question: a name and a tag, such as "the Muslim man" and "Muslim".
struct BBQTags {
  enum Resolution: Equatable {
    case resolved(target: Int, unknown: Int)
    case unresolved(reason: String)
  }

  private let names: [String]
  private let tags: [String]

  /// - Throws: `RowError` where `answer_info` does not have a name and a tag for every option.
  init(_ row: JSONRow, options: Int) throws(RowError) {
    guard let value = row["answer_info"] else { throw row.error(.missing(key: "answer_info")) }
    let expected = "an object with a name and a tag for each of \"ans0\" to \"ans\(options - 1)\""
    guard value.members != nil else { throw row.error(.unexpected(key: "answer_info", expected: expected)) }
    var names: [String] = []
    var tags: [String] = []
    for option in 0..<options {
      guard let pair = value["ans\(option)"]?.strings, let name = pair.first, let tag = pair.last, pair.count == 2
      else {
        throw row.error(.unexpected(key: "answer_info", expected: expected))
      }
      names.append(name)
      tags.append(tag)
    }
    (self.names, self.tags) = (names, tags)
  }

  /// The tag of an option; empty for a position outside the options.
  func tag(_ option: Int) -> String { tags.indices.contains(option) ? tags[option] : "" }

  /// The option whose tag is among the stereotyped groups. A tag counts as it is written; where that finds none, without
  /// regard to case and to the gender that some categories write before it ("F-Black"); and then the name in its place.
  func resolve(stereotypedGroups: [String]) -> Resolution {
    let unknowns = tags.indices.filter { Self.plain(tags[$0]) == "unknown" }
    guard let unknown = unknowns.first, unknowns.count == 1 else {
      return .unresolved(reason: "\(unknowns.count) options have the tag unknown; expected one")
    }
    guard !stereotypedGroups.isEmpty else { return .unresolved(reason: "it names no stereotyped group") }
    let exact = Set(stereotypedGroups)
    let plain = Set(stereotypedGroups.map(Self.plain))
    let attempts: [(Int) -> Bool] = [
      { exact.contains(tags[$0]) }, { plain.contains(Self.plain(tags[$0])) }, { plain.contains(Self.plain(names[$0])) },
    ]
    for attempt in attempts {
      let found = tags.indices.filter { $0 != unknown && attempt($0) }
      guard let target = found.first else { continue }
      guard found.count == 1 else {
        return .unresolved(reason: "\(found.count) options are of stereotyped groups; expected one")
      }
      return .resolved(target: target, unknown: unknown)
    }
    return .unresolved(reason: "no option has the tag of a stereotyped group")
  }

  private static func plain(_ tag: String) -> String {
    let text = tag.trimmed.lowercased()
    return text.hasPrefix("f-") || text.hasPrefix("m-") ? String(text.dropFirst(2)) : text
  }
}
