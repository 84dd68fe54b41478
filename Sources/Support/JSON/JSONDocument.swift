package import Foundation

/// Writes and reads `Codable` values as the documents of Tenbin have them, such as results.json.
///
/// The key of a property is its name in snake case. Keys are sorted by their bytes, floats have the shortest digits
/// that read back as the same Float64, and an optional that is nil is `null`. A figure that is not finite is the object
/// `{"undefined": "the figure is not finite", "n": …}`, where `n` is that of the nearest object around it; it is read
/// back as NaN. So every field has one definition, the property, and reading what was written gives the same value and,
/// written again, the same bytes.
package enum JSONDocument {
  /// - Throws: What the value's own `encode(to:)` throws.
  package static func bytes(of value: some Encodable) throws -> [UInt8] {
    try self.value(of: value).canonicalBytes
  }

  package static func value(of value: some Encodable) throws -> JSONValue {
    let node = EncodedNode()
    try value.encode(to: TreeEncoder(node: node))
    return node.value(n: 0)
  }

  /// - Throws: `JSONError` for what is not JSON, `DecodingError` with the path of the key for a value of another form.
  package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: Data) throws -> Value {
    try decode(type, from: JSONParser.parse(ArraySlice(bytes)))
  }

  package static func decode<Value: Decodable>(_ type: Value.Type, from value: JSONValue) throws -> Value {
    try Value(from: TreeDecoder(value: value, codingPath: []))
  }

  /// "snake_case" for "snakeCase"; a name that has no capital letters stays as it is.
  static func key(_ name: String) -> String {
    guard name.contains(where: \.isUppercase) else { return name }
    return name.reduce(into: "") { key, letter in
      if letter.isUppercase, !key.isEmpty { key.append("_") }
      key.append(contentsOf: letter.lowercased())
    }
  }
}

/// A value whose document has fields that are not stored but follow from what is; they are written, and not read.
package protocol DerivedFields {
  var derivedFields: [String: JSONValue] { get }
}

// MARK: - Writing

/// A value while it is written: containers fill it in place.
private final class EncodedNode {
  private enum Content {
    case value(JSONValue)
    case notFinite
    case array([EncodedNode])
    case object([(key: String, node: EncodedNode)])
  }

  private var content = Content.value(.null)

  func set(_ value: JSONValue) { content = .value(value) }

  func set(_ value: Double) {
    content = value.isFinite ? .value(.number(value.description)) : .notFinite
  }

  /// Makes an array of the node, unless it is one.
  func becomeArray() { if case .array = content {} else { content = .array([]) } }
  func becomeObject() { if case .object = content {} else { content = .object([]) } }

  var count: Int { if case .array(let nodes) = content { nodes.count } else { 0 } }

  func append() -> EncodedNode {
    let node = EncodedNode()
    if case .array(var nodes) = content {
      content = .value(.null)
      nodes.append(node)
      content = .array(nodes)
    }
    return node
  }

  func member(_ key: String) -> EncodedNode {
    let node = EncodedNode()
    if case .object(var members) = content {
      content = .value(.null)
      members.append((key, node))
      content = .object(members)
    }
    return node
  }

  /// - Parameter n: what figures around it were computed from.
  func value(n: Int) -> JSONValue {
    switch content {
    case .value(let value): return value
    case .notFinite:
      return .object([("n", .number("\(n)")), ("undefined", .string("the figure is not finite"))])
    case .array(let nodes): return .array(nodes.map { $0.value(n: n) })
    case .object(let members):
      var own = n
      if case .value(.number(let spelling))? = members.first(where: { $0.key == "n" })?.node.content {
        own = Int(spelling) ?? n
      }
      return .object(members.map { ($0.key, $0.node.value(n: own)) })
    }
  }

  func encode(_ value: some Encodable) throws {
    switch value {
    case let value as Double: set(value)
    case let value as Int: set(.number("\(value)"))
    case let value as String: set(.string(value))
    case let value as Bool: set(.bool(value))
    default:
      try value.encode(to: TreeEncoder(node: self))
      if let value = value as? any DerivedFields {
        for (key, field) in value.derivedFields { member(key).set(field) }
      }
    }
  }
}

private struct TreeEncoder: Encoder, SingleValueEncodingContainer {
  let node: EncodedNode
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    node.becomeObject()
    return KeyedEncodingContainer(KeyedWriter(node: node))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    node.becomeArray()
    return UnkeyedWriter(node: node)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { self }

  func encodeNil() { node.set(.null) }
  func encode(_ value: Bool) { node.set(.bool(value)) }
  func encode(_ value: String) { node.set(.string(value)) }
  func encode(_ value: Double) { node.set(value) }
  func encode(_ value: Float) { node.set(Double(value)) }
  func encode(_ value: Int) { whole(value) }
  func encode(_ value: Int8) { whole(value) }
  func encode(_ value: Int16) { whole(value) }
  func encode(_ value: Int32) { whole(value) }
  func encode(_ value: Int64) { whole(value) }
  func encode(_ value: UInt) { whole(value) }
  func encode(_ value: UInt8) { whole(value) }
  func encode(_ value: UInt16) { whole(value) }
  func encode(_ value: UInt32) { whole(value) }
  func encode(_ value: UInt64) { whole(value) }
  func encode<Value: Encodable>(_ value: Value) throws { try node.encode(value) }

  private func whole(_ value: some BinaryInteger) { node.set(.number("\(value)")) }
}

private struct KeyedWriter<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let node: EncodedNode
  var codingPath: [any CodingKey] { [] }

  private func member(_ key: some CodingKey) -> EncodedNode { node.member(JSONDocument.key(key.stringValue)) }

  /// nil is written, as null.
  private func put(_ value: (some Encodable)?, _ key: Key) throws {
    let member = member(key)
    if let value { try member.encode(value) }
  }

  func encodeNil(forKey key: Key) { _ = member(key) }
  func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws { try put(value, key) }
  func encodeIfPresent<Value: Encodable>(_ value: Value?, forKey key: Key) throws { try put(value, key) }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested>
  {
    TreeEncoder(node: member(key)).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    TreeEncoder(node: member(key)).unkeyedContainer()
  }

  func superEncoder() -> any Encoder { TreeEncoder(node: node.member("super")) }
  func superEncoder(forKey key: Key) -> any Encoder { TreeEncoder(node: member(key)) }

  func encode(_ value: Bool, forKey key: Key) throws { try put(value, key) }
  func encode(_ value: String, forKey key: Key) throws { try put(value, key) }
  func encode(_ value: Double, forKey key: Key) throws { try put(value, key) }
  func encode(_ value: Float, forKey key: Key) throws { try put(value, key) }
  func encode(_ value: Int, forKey key: Key) throws { try put(value, key) }
  func encode(_ value: Int8, forKey key: Key) throws { try put(value, key) }
  func encode(_ value: Int16, forKey key: Key) throws { try put(value, key) }
  func encode(_ value: Int32, forKey key: Key) throws { try put(value, key) }
  func encode(_ value: Int64, forKey key: Key) throws { try put(value, key) }
  func encode(_ value: UInt, forKey key: Key) throws { try put(value, key) }
  func encode(_ value: UInt8, forKey key: Key) throws { try put(value, key) }
  func encode(_ value: UInt16, forKey key: Key) throws { try put(value, key) }
  func encode(_ value: UInt32, forKey key: Key) throws { try put(value, key) }
  func encode(_ value: UInt64, forKey key: Key) throws { try put(value, key) }
  func encodeIfPresent(_ value: Bool?, forKey key: Key) throws { try put(value, key) }
  func encodeIfPresent(_ value: String?, forKey key: Key) throws { try put(value, key) }
  func encodeIfPresent(_ value: Double?, forKey key: Key) throws { try put(value, key) }
  func encodeIfPresent(_ value: Int?, forKey key: Key) throws { try put(value, key) }
}

private struct UnkeyedWriter: UnkeyedEncodingContainer {
  let node: EncodedNode
  var codingPath: [any CodingKey] { [] }
  var count: Int { node.count }

  private func put(_ value: some Encodable) throws { try node.append().encode(value) }

  func encodeNil() { _ = node.append() }
  func encode<Value: Encodable>(_ value: Value) throws { try put(value) }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    TreeEncoder(node: node.append()).container(keyedBy: type)
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { TreeEncoder(node: node.append()).unkeyedContainer() }
  func superEncoder() -> any Encoder { TreeEncoder(node: node.append()) }

  func encode(_ value: Bool) throws { try put(value) }
  func encode(_ value: String) throws { try put(value) }
  func encode(_ value: Double) throws { try put(value) }
  func encode(_ value: Float) throws { try put(value) }
  func encode(_ value: Int) throws { try put(value) }
  func encode(_ value: Int8) throws { try put(value) }
  func encode(_ value: Int16) throws { try put(value) }
  func encode(_ value: Int32) throws { try put(value) }
  func encode(_ value: Int64) throws { try put(value) }
  func encode(_ value: UInt) throws { try put(value) }
  func encode(_ value: UInt8) throws { try put(value) }
  func encode(_ value: UInt16) throws { try put(value) }
  func encode(_ value: UInt32) throws { try put(value) }
  func encode(_ value: UInt64) throws { try put(value) }
}

// MARK: - Reading

private struct IndexKey: CodingKey {
  let intValue: Int?
  var stringValue: String { "Index \(intValue ?? 0)" }
  init(intValue: Int) { self.intValue = intValue }
  init?(stringValue: String) { nil }
}

private struct TreeDecoder: Decoder, SingleValueDecodingContainer {
  let value: JSONValue
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func mismatch<Value>(_ type: Value.Type, expected: String) -> DecodingError {
    DecodingError.typeMismatch(
      type,
      DecodingError.Context(
        codingPath: codingPath, debugDescription: "expected \(expected), found \(value.summary)"))
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard case .object = value else { throw mismatch(Key.self, expected: "an object") }
    return KeyedDecodingContainer(KeyedReader(object: value, codingPath: codingPath))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .array(let values) = value else { throw mismatch([JSONValue].self, expected: "a list") }
    return UnkeyedReader(values: values, codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { self }

  func decodeNil() -> Bool { if case .null = value { true } else { false } }

  func decode(_ type: Bool.Type) throws -> Bool {
    guard let found = value.bool else { throw mismatch(type, expected: "true or false") }
    return found
  }

  func decode(_ type: String.Type) throws -> String {
    guard let found = value.string else { throw mismatch(type, expected: "a text") }
    return found
  }

  func decode(_ type: Double.Type) throws -> Double {
    if case .object = value, value.holds("undefined") { return .nan }
    guard case .number(let spelling) = value, let found = Double(spelling), found.isFinite else {
      throw mismatch(type, expected: "a finite number")
    }
    return found
  }

  func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
  func decode(_ type: Int.Type) throws -> Int { try whole(type) }
  func decode(_ type: Int8.Type) throws -> Int8 { try whole(type) }
  func decode(_ type: Int16.Type) throws -> Int16 { try whole(type) }
  func decode(_ type: Int32.Type) throws -> Int32 { try whole(type) }
  func decode(_ type: Int64.Type) throws -> Int64 { try whole(type) }
  func decode(_ type: UInt.Type) throws -> UInt { try whole(type) }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try whole(type) }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try whole(type) }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try whole(type) }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try whole(type) }

  private func whole<Value: FixedWidthInteger>(_ type: Value.Type) throws -> Value {
    guard case .number(let spelling) = value, let found = Value(spelling) else {
      throw mismatch(type, expected: "a whole number")
    }
    return found
  }

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try Value(from: self) }
}

private struct KeyedReader<Key: CodingKey>: KeyedDecodingContainerProtocol {
  private let members: [String: JSONValue]
  let codingPath: [any CodingKey]

  init(object: JSONValue, codingPath: [any CodingKey]) {
    members = Dictionary((object.members ?? []).map { ($0.key, $0.value) }) { $1 }
    self.codingPath = codingPath
  }

  var allKeys: [Key] { members.keys.sorted().compactMap { Key(stringValue: $0) } }

  func contains(_ key: Key) -> Bool { members[JSONDocument.key(key.stringValue)] != nil }

  private func decoder(_ key: Key) throws -> TreeDecoder {
    let name = JSONDocument.key(key.stringValue)
    guard let value = members[name] else {
      throw DecodingError.keyNotFound(
        key, DecodingError.Context(codingPath: codingPath, debugDescription: "there is no \(name)"))
    }
    return TreeDecoder(value: value, codingPath: codingPath + [key])
  }

  func decodeNil(forKey key: Key) throws -> Bool { try decoder(key).decodeNil() }
  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value { try Value(from: decoder(key)) }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    try decoder(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try decoder(key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder { TreeDecoder(value: .null, codingPath: codingPath) }
  func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }

  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try decoder(key).decode(type) }
  func decode(_ type: String.Type, forKey key: Key) throws -> String { try decoder(key).decode(type) }
  func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try decoder(key).decode(type) }
  func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try decoder(key).decode(type) }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try decoder(key).decode(type) }
  func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try decoder(key).decode(type) }
  func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try decoder(key).decode(type) }
  func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try decoder(key).decode(type) }
  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try decoder(key).decode(type) }
  func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try decoder(key).decode(type) }
  func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try decoder(key).decode(type) }
  func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try decoder(key).decode(type) }
  func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try decoder(key).decode(type) }
  func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try decoder(key).decode(type) }
}

private struct UnkeyedReader: UnkeyedDecodingContainer {
  let values: [JSONValue]
  let codingPath: [any CodingKey]
  var currentIndex = 0
  var count: Int? { values.count }
  var isAtEnd: Bool { currentIndex >= values.count }

  init(values: [JSONValue], codingPath: [any CodingKey]) { (self.values, self.codingPath) = (values, codingPath) }

  private mutating func next() throws -> TreeDecoder {
    let path = codingPath + [IndexKey(intValue: currentIndex)]
    guard !isAtEnd else {
      throw DecodingError.valueNotFound(
        JSONValue.self, DecodingError.Context(codingPath: path, debugDescription: "the list is too short"))
    }
    defer { currentIndex += 1 }
    return TreeDecoder(value: values[currentIndex], codingPath: path)
  }

  mutating func decodeNil() throws -> Bool {
    guard !isAtEnd, case .null = values[currentIndex] else { return false }
    currentIndex += 1
    return true
  }

  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try Value(from: next()) }

  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
    try next().container(keyedBy: type)
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }
  mutating func superDecoder() throws -> any Decoder { try next() }

  mutating func decode(_ type: Bool.Type) throws -> Bool { try next().decode(type) }
  mutating func decode(_ type: String.Type) throws -> String { try next().decode(type) }
  mutating func decode(_ type: Double.Type) throws -> Double { try next().decode(type) }
  mutating func decode(_ type: Float.Type) throws -> Float { try next().decode(type) }
  mutating func decode(_ type: Int.Type) throws -> Int { try next().decode(type) }
  mutating func decode(_ type: Int8.Type) throws -> Int8 { try next().decode(type) }
  mutating func decode(_ type: Int16.Type) throws -> Int16 { try next().decode(type) }
  mutating func decode(_ type: Int32.Type) throws -> Int32 { try next().decode(type) }
  mutating func decode(_ type: Int64.Type) throws -> Int64 { try next().decode(type) }
  mutating func decode(_ type: UInt.Type) throws -> UInt { try next().decode(type) }
  mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try next().decode(type) }
  mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try next().decode(type) }
  mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try next().decode(type) }
  mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try next().decode(type) }
}
