internal import Yams

/// A value of a specification file with its line and key, which every error names.
struct YAMLValue {
  let node: Node
  let file: String
  /// The path of keys that leads here.
  let key: String

  /// The value at the root of `text`.
  static func root(of text: String, file: String) throws(SpecificationError) -> YAMLValue {
    do {
      guard let node = try compose(yaml: text) else {
        throw SpecificationError(file: file, line: nil, key: "", problem: "the file is empty")
      }
      return YAMLValue(node: node, file: file, key: "")
    } catch let error as SpecificationError {
      throw error
    } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
      throw SpecificationError(
        file: file, line: context.mark.line, key: "",
        problem: "not valid YAML: \(keys.map { "\"\($0)\"" }.joined(separator: ", ")) occurs twice in one mapping")
    } catch let error as YamlError {
      throw SpecificationError(file: file, line: error.line, key: "", problem: "not valid YAML: \(error)")
    } catch {
      throw SpecificationError(file: file, line: nil, key: "", problem: "not valid YAML: \(error)")
    }
  }

  func failure(_ problem: String) -> SpecificationError {
    SpecificationError(file: file, line: line, key: key, problem: problem)
  }

  /// The line in the file, from 1.
  var line: Int? { node.mark?.line }

  /// Calls `body` with this value and all below it.
  func visit(_ body: (YAMLValue) -> Void) {
    body(self)
    for (name, value) in node.mapping ?? [:] {
      guard let name = name.scalar?.string else { continue }
      YAMLValue(node: value, file: file, key: key.isEmpty ? name : "\(key).\(name)").visit(body)
    }
    for (index, value) in (node.sequence ?? []).enumerated() {
      YAMLValue(node: value, file: file, key: "\(key)[\(index)]").visit(body)
    }
  }

  var isMapping: Bool { node.mapping != nil }
  var isSequence: Bool { node.sequence != nil }

  /// The mapping here; all of its keys must be keys of `section`.
  func mapping(_ section: SpecificationSection) throws(SpecificationError) -> YAMLMapping {
    try mapping(section.keys, moved: section.movedKeys)
  }

  /// The mapping here, all of whose keys must be among `known`.
  ///
  /// - Parameter moved: what to write in place of keys of former versions.
  func mapping(_ known: [String], moved: [String: String] = [:]) throws(SpecificationError) -> YAMLMapping {
    guard let mapping = node.mapping else {
      throw failure("expected keys (\(known.joined(separator: ", "))), found \(kind)")
    }
    var values: [String: YAMLValue] = [:]
    for (keyNode, value) in mapping {
      guard let name = keyNode.scalar?.string else { throw failure("a key must be a plain word") }
      let path = key.isEmpty ? name : "\(key).\(name)"
      guard known.contains(name) else {
        throw SpecificationError(
          file: file, line: keyNode.mark?.line, key: path,
          problem: moved[name].map { "unknown key \(name); it is now called \($0)" }
            ?? "unknown key; expected one of: \(known.joined(separator: ", "))")
      }
      values[name] = YAMLValue(node: value, file: file, key: path)
    }
    return YAMLMapping(whole: self, values: values)
  }

  /// The values of the sequence here; at least one.
  func sequence() throws(SpecificationError) -> [YAMLValue] {
    guard let sequence = node.sequence else { throw failure("expected a list, found \(kind)") }
    guard !sequence.isEmpty else { throw failure("the list is empty") }
    return sequence.enumerated().map { YAMLValue(node: $1, file: file, key: "\(key)[\($0)]") }
  }

  /// A mapping of texts to texts.
  func texts() throws(SpecificationError) -> [String: String] {
    guard let mapping = node.mapping else { throw failure("expected texts by name, found \(kind)") }
    var texts: [String: String] = [:]
    for (keyNode, value) in mapping {
      guard let name = keyNode.scalar?.string else { throw failure("a key must be a plain text") }
      texts[name] = try YAMLValue(node: value, file: file, key: "\(key).\(name)").string()
    }
    return texts
  }

  func string() throws(SpecificationError) -> String {
    guard let text = node.scalar?.string, !text.isEmpty, node.null == nil else {
      throw failure("expected a text, found \(kind)")
    }
    return text
  }

  func boolean() throws(SpecificationError) -> Bool {
    switch node.scalar?.string {
    case "true": return true
    case "false": return false
    default: throw failure("expected true or false, found \(kind)")
    }
  }

  func integer(_ range: ClosedRange<Int>) throws(SpecificationError) -> Int {
    guard let text = node.scalar?.string, let value = Int(text) else {
      throw failure("expected a whole number, found \(kind)")
    }
    guard range.contains(value) else {
      throw failure("expected a whole number from \(range.lowerBound) to \(range.upperBound), found \(value)")
    }
    return value
  }

  func number(_ range: ClosedRange<Double>) throws(SpecificationError) -> Double {
    guard let text = node.scalar?.string, let value = Double(text), value.isFinite else {
      throw failure("expected a number, found \(kind)")
    }
    guard range.contains(value) else {
      throw failure("expected a number from \(range.lowerBound) to \(range.upperBound), found \(value)")
    }
    return value
  }

  func choice<Choice: RawRepresentable & CaseIterable>(
    _ type: Choice.Type
  ) throws(SpecificationError) -> Choice where Choice.RawValue == String {
    let text = try string()
    guard let choice = Choice(rawValue: text) else {
      let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw failure("expected one of: \(choices); found \"\(text)\"")
    }
    return choice
  }

  private var kind: String {
    if let text = node.scalar?.string { return text.isEmpty || node.null != nil ? "nothing" : "\"\(text)\"" }
    return node.sequence != nil ? "a list" : "a mapping"
  }
}

/// A mapping whose keys are all known.
struct YAMLMapping {
  let whole: YAMLValue
  fileprivate let values: [String: YAMLValue]

  subscript(name: String) -> YAMLValue? { values[name] }

  func required(_ name: String) throws(SpecificationError) -> YAMLValue {
    guard let value = values[name] else { throw whole.failure("the key \"\(name)\" is missing") }
    return value
  }
}

extension YamlError {
  /// The line that the parser stopped at, where it knows one.
  fileprivate var line: Int? {
    switch self {
    case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
    default: nil
    }
  }
}

extension YAMLValue {
  /// A list of distinct seeds.
  func seeds() throws(SpecificationError) -> [Int] {
    var seeds: [Int] = []
    for item in try sequence() {
      let seed = try item.integer(0...Int(Int32.max))
      guard !seeds.contains(seed) else { throw item.failure("the seed \(seed) is listed twice") }
      seeds.append(seed)
    }
    return seeds
  }

  /// A list of distinct texts.
  func strings() throws(SpecificationError) -> [String] {
    var texts: [String] = []
    for item in try sequence() {
      let text = try item.string()
      guard !texts.contains(text) else { throw item.failure("\"\(text)\" is listed twice") }
      texts.append(text)
    }
    return texts
  }
}

/// Something in a specification that is not as it must be.
package struct SpecificationError: Error, Equatable, Sendable, CustomStringConvertible {
  package var file: String
  /// The line in the file, from 1; nil if the problem concerns the whole file.
  package var line: Int?
  /// The key's path, for example `training.epochs`; empty for the file as a whole.
  package var key: String
  /// What is wrong and what was expected.
  package var problem: String

  package init(file: String, line: Int?, key: String, problem: String) {
    self.file = file
    self.line = line
    self.key = key
    self.problem = problem
  }

  package var description: String {
    let location = line.map { "\(file):\($0)" } ?? file
    return key.isEmpty ? "\(location): \(problem)" : "\(location): \(key): \(problem)"
  }
}

/// The line of every key of a specification, for errors that only the data or the checkpoint show.
package struct SpecificationLocations: Sendable, Equatable {
  package let file: String
  /// The line, from 1, by the key's path, for example `arms[1].lora.targets[0]`.
  private let lines: [String: Int]
  /// The first key that still has a draft's `FILL_IN`.
  private let blank: String?

  init(of root: YAMLValue) {
    file = root.file
    var lines: [String: Int] = [:]
    var blank: String?
    root.visit { value in
      lines[value.key] = value.line
      // A column may be called so; its name is then in quotes.
      if blank == nil, let scalar = value.node.scalar, scalar.style != .doubleQuoted, scalar.style != .singleQuoted,
        scalar.string == SpecificationDraft.blank
      {
        blank = value.key
      }
    }
    self.lines = lines
    self.blank = blank
  }

  /// Refuses a draft in which something has yet to be filled in.
  package func requireFilledIn() throws(SpecificationError) {
    guard let blank else { return }
    throw failure(at: blank, "has yet to be filled in; the comment beside \(SpecificationDraft.blank) says with what")
  }

  /// An error about the value at `key`.
  package func failure(at key: String, _ problem: String) -> SpecificationError {
    SpecificationError(file: file, line: lines[key], key: key, problem: problem)
  }
}
