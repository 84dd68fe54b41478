import Foundation
import Support

/// A safetensors file, memory-mapped, its header checked in full before the first tensor is handed out.
///
///     let file = try SafetensorsFile(path: "model.safetensors")
///     let bias = try file.floats("classifier.bias")
package final class SafetensorsFile: Sendable {
  /// No header is longer than this, as in the format's reference implementation.
  package static let headerLimit = 100_000_000

  package var path: String { mapping.path }
  package let metadata: [String: String]
  /// The names of all tensors, sorted.
  package let names: [String]
  private let entries: [String: TensorEntry]
  private let mapping: MappedFile
  private let dataStart: Int

  /// Maps and checks the file at `path`.
  package init(path: String) throws(SafetensorsError) {
    let mapping: MappedFile
    do throws(FileError) {
      mapping = try MappedFile(path: path)
    } catch {
      throw SafetensorsError(file: path, problem: .system(step: error.step.rawValue, reason: error.reason))
    }
    let bytes = mapping.bytes
    guard bytes.count >= 8 else { throw SafetensorsError(file: path, problem: .tooShort(bytes: bytes.count)) }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    let limit = min(bytes.count - 8, Self.headerLimit)
    guard length <= UInt64(limit) else {
      throw SafetensorsError(file: path, problem: .headerLength(found: length, limit: limit))
    }
    dataStart = 8 + Int(length)
    let header = try Header(
      parsing: UnsafeRawBufferPointer(rebasing: bytes[8..<dataStart]), dataCount: bytes.count - dataStart, file: path)
    self.mapping = mapping
    metadata = header.metadata
    entries = header.entries
    names = header.entries.keys.sorted()
  }

  /// The type and shape of the tensor `name`, or nil.
  package func entry(_ name: String) -> TensorEntry? { entries[name] }

  /// The little-endian bytes of the tensor `name`, row by row; valid as long as this file object lives.
  ///
  /// They start at any byte: the format aligns nothing but what its writers choose to.
  package func bytes(_ name: String) throws(SafetensorsError) -> UnsafeRawBufferPointer {
    guard let entry = entries[name] else { throw SafetensorsError(file: path, problem: .missing(name: name)) }
    let range = entry.range
    return UnsafeRawBufferPointer(
      rebasing: mapping.bytes[(dataStart + range.lowerBound)..<(dataStart + range.upperBound)])
  }

  /// Lets the system take the memory of the tensor `name` back until it is used again.
  package func release(_ name: String) {
    if let bytes = try? bytes(name) { mapping.release(bytes) }
  }

  /// The elements of the tensor `name`, row by row, as 32-bit floats; F32, F16 and BF16 convert, other types throw.
  package func floats(_ name: String) throws(SafetensorsError) -> [Float] {
    let raw = try bytes(name)
    guard let entry = entries[name] else { throw SafetensorsError(file: path, problem: .missing(name: name)) }
    guard let converted = FloatConversion.converted(raw, from: entry.type, to: .float32) else {
      throw SafetensorsError(file: path, problem: .notConvertible(name: name, type: entry.type))
    }
    return [Float](unsafeUninitializedCapacity: entry.elementCount) { values, initialized in
      converted.withUnsafeBytes { UnsafeMutableRawBufferPointer(values).copyMemory(from: $0) }
      initialized = entry.elementCount
    }
  }
}

/// The checked header of a safetensors file: every entry's range lies in the data and fits its shape, and the ranges
/// cover the data without overlap or hole, as the format asks.
struct Header {
  var metadata: [String: String] = [:]
  var entries: [String: TensorEntry] = [:]

  /// Parses `bytes` (the header alone) of `file`, whose data after the header has `dataCount` bytes.
  init(parsing bytes: UnsafeRawBufferPointer, dataCount: Int, file: String) throws(SafetensorsError) {
    var reader = HeaderReader(bytes: bytes, file: file)
    var metadata: [String: String]?
    var entries: [String: TensorEntry] = [:]
    try reader.members { (name, reader) throws(SafetensorsError) in
      if name == "__metadata__" {
        if metadata != nil { throw SafetensorsError(file: file, problem: .duplicate(name: name)) }
        metadata = try Self.metadata(&reader, file: file)
        return
      }
      let entry = try Self.entry(named: name, &reader, dataCount: dataCount, file: file)
      if entries.updateValue(entry, forKey: name) != nil {
        throw SafetensorsError(file: file, problem: .duplicate(name: name))
      }
    }
    guard reader.peek() == nil else { throw reader.malformed("nothing after the closing brace but spaces") }
    try Self.checkCoverage(entries.values, dataCount: dataCount, file: file)
    self.metadata = metadata ?? [:]
    self.entries = entries
  }

  private static func metadata(
    _ reader: inout HeaderReader, file: String
  ) throws(SafetensorsError) -> [String: String] {
    var metadata: [String: String] = [:]
    try reader.members { (key, reader) throws(SafetensorsError) in
      if metadata.updateValue(try reader.string(), forKey: key) != nil {
        throw SafetensorsError(file: file, problem: .duplicate(name: "__metadata__.\(key)"))
      }
    }
    return metadata
  }

  private static func entry(
    named name: String, _ reader: inout HeaderReader, dataCount: Int, file: String
  ) throws(SafetensorsError) -> TensorEntry {
    var typeName: String?
    var shape: [Int]?
    var offsets: [Int]?
    try reader.members { (key, reader) throws(SafetensorsError) in
      switch key {
      case "dtype" where typeName == nil: typeName = try reader.string()
      case "shape" where shape == nil: shape = try reader.wholeNumbers()
      case "data_offsets" where offsets == nil: offsets = try reader.wholeNumbers()
      default: throw reader.malformed("dtype, shape and data_offsets of \"\(name)\", once each, not \"\(key)\"")
      }
    }
    guard let typeName, let shape, let offsets, offsets.count == 2 else {
      throw reader.malformed("dtype, shape and two data_offsets for \"\(name)\"")
    }
    guard let type = ElementType(rawValue: typeName) else {
      throw SafetensorsError(file: file, problem: .unknownType(name: name, found: typeName))
    }
    guard let needed = TensorEntry.byteCount(shape: shape, type: type) else {
      throw SafetensorsError(file: file, problem: .shapeOverflow(name: name, shape: shape))
    }
    let (start, end) = (offsets[0], offsets[1])
    guard start <= end, end <= dataCount else {
      throw SafetensorsError(
        file: file, problem: .outsideData(name: name, start: start, end: end, available: dataCount))
    }
    guard end - start == needed else {
      throw SafetensorsError(file: file, problem: .rangeLength(name: name, expected: needed, found: end - start))
    }
    return TensorEntry(name: name, type: type, shape: shape, range: start..<end)
  }

  private static func checkCoverage(
    _ entries: some Collection<TensorEntry>, dataCount: Int, file: String
  ) throws(SafetensorsError) {
    var position = 0
    var previous = ""
    let inOrder = entries.sorted {
      ($0.range.lowerBound, $0.range.upperBound, $0.name) < ($1.range.lowerBound, $1.range.upperBound, $1.name)
    }
    for entry in inOrder {
      if entry.range.lowerBound < position {
        throw SafetensorsError(file: file, problem: .overlap(name: entry.name, with: previous))
      }
      if entry.range.lowerBound > position {
        throw SafetensorsError(file: file, problem: .unusedBytes(start: position, end: entry.range.lowerBound))
      }
      position = entry.range.upperBound
      previous = entry.name
    }
    if position != dataCount {
      throw SafetensorsError(file: file, problem: .unusedBytes(start: position, end: dataCount))
    }
  }
}

/// Reads the one JSON shape that a safetensors header may have, token by token, so that nothing in a file can make it
/// recurse, overflow or take the later of two equal keys in silence.
struct HeaderReader {
  private let bytes: UnsafeRawBufferPointer
  private let file: String
  private(set) var position = 0

  init(bytes: UnsafeRawBufferPointer, file: String) {
    self.bytes = bytes
    self.file = file
  }

  /// The next byte that is not white space, not consumed.
  mutating func peek() -> UInt8? {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    return position < bytes.count ? bytes[position] : nil
  }

  mutating func expect(_ character: Character) throws(SafetensorsError) {
    guard let found = peek(), found == character.asciiValue else { throw malformed("\"\(character)\"") }
    position += 1
  }

  /// Consumes `character` if it is next.
  mutating func skip(_ character: Character) -> Bool {
    guard let found = peek(), found == character.asciiValue else { return false }
    position += 1
    return true
  }

  /// The members of an object: `body` is called after each key and its colon, and reads the value.
  mutating func members(
    _ body: (_ key: String, _ reader: inout HeaderReader) throws(SafetensorsError) -> Void
  ) throws(SafetensorsError) {
    try expect("{")
    if skip("}") { return }
    repeat {
      let key = try string()
      try expect(":")
      try body(key, &self)
    } while skip(",")
    try expect("}")
  }

  /// A list of numbers that are whole and not negative.
  mutating func wholeNumbers() throws(SafetensorsError) -> [Int] {
    var numbers: [Int] = []
    try expect("[")
    if skip("]") { return numbers }
    repeat {
      numbers.append(try wholeNumber())
    } while skip(",")
    try expect("]")
    return numbers
  }

  private mutating func wholeNumber() throws(SafetensorsError) -> Int {
    let expected = "a whole number from 0 to \(Int.max)"
    guard let first = peek(), (0x30...0x39).contains(first) else { throw malformed(expected) }
    var value = 0
    var digits = 0
    while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
      let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = shifted.addingReportingOverflow(Int(bytes[position] - 0x30))
      if overflow || carry || (digits == 1 && first == 0x30) { throw malformed(expected) }
      value = sum
      digits += 1
      position += 1
    }
    return value
  }

  mutating func string() throws(SafetensorsError) -> String {
    try expect("\"")
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case 0x22:
        guard let result = String(validating: text, as: UTF8.self) else { throw malformed("text in UTF-8") }
        return result
      case 0x5C: text.append(contentsOf: String(try escaped()).utf8)
      case 0x00..<0x20: throw malformed("no control characters in text")
      default: text.append(byte)
      }
    }
    throw malformed("the end of a text")
  }

  private mutating func escaped() throws(SafetensorsError) -> Unicode.Scalar {
    guard position < bytes.count else { throw malformed("the rest of an escape") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case 0x22: return "\""
    case 0x5C: return "\\"
    case 0x2F: return "/"
    case 0x62: return "\u{8}"
    case 0x66: return "\u{c}"
    case 0x6E: return "\n"
    case 0x72: return "\r"
    case 0x74: return "\t"
    case 0x75:
      let first = try codeUnit()
      if let scalar = Unicode.Scalar(first) { return scalar }
      // A surrogate: its partner must follow at once.
      guard position + 1 < bytes.count, bytes[position] == 0x5C, bytes[position + 1] == 0x75 else {
        throw malformed("the second half of a surrogate pair")
      }
      position += 2
      let second = try codeUnit()
      guard (0xD800..<0xDC00).contains(first), (0xDC00..<0xE000).contains(second),
        let scalar = Unicode.Scalar(0x10000 + (UInt32(first - 0xD800) << 10) + UInt32(second - 0xDC00))
      else { throw malformed("a surrogate pair") }
      return scalar
    default: throw malformed("an escape that JSON knows")
    }
  }

  private mutating func codeUnit() throws(SafetensorsError) -> UInt16 {
    guard position + 4 <= bytes.count else { throw malformed("four hexadecimal digits") }
    var value: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue, bytes[position] < 0x80 else {
        throw malformed("four hexadecimal digits")
      }
      value = value << 4 | UInt16(digit)
      position += 1
    }
    return value
  }

  func malformed(_ expected: String) -> SafetensorsError {
    SafetensorsError(file: file, problem: .malformedHeader(byte: position, expected: expected))
  }
}

/// One tensor as the header of a safetensors file describes it.
package struct TensorEntry: Hashable, Sendable {
  package let name: String
  package let type: ElementType
  package let shape: [Int]
  /// The bytes of the tensor, counted from the end of the header.
  package let range: Range<Int>

  /// The product of the shape; 1 for a scalar.
  package var elementCount: Int { range.count / type.byteCount }

  /// The bytes that `shape` elements of `type` take, or nil if that overflows.
  static func byteCount(shape: [Int], type: ElementType) -> Int? {
    var total = type.byteCount
    // A zero makes the product zero, whatever overflows beside it.
    if shape.contains(0) { return 0 }
    for dimension in shape {
      let (product, overflow) = total.multipliedReportingOverflow(by: dimension)
      if overflow { return nil }
      total = product
    }
    return total
  }
}

/// The element types of the safetensors format, by the names it writes.
package enum ElementType: String, Hashable, Sendable, CaseIterable {
  case bool = "BOOL"
  case uint8 = "U8"
  case int8 = "I8"
  case float8e5m2 = "F8_E5M2"
  case float8e4m3 = "F8_E4M3"
  case int16 = "I16"
  case uint16 = "U16"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case int32 = "I32"
  case uint32 = "U32"
  case float32 = "F32"
  case float64 = "F64"
  case int64 = "I64"
  case uint64 = "U64"

  /// Bytes of one element.
  package var byteCount: Int {
    switch self {
    case .bool, .uint8, .int8, .float8e5m2, .float8e4m3: 1
    case .int16, .uint16, .float16, .bfloat16: 2
    case .int32, .uint32, .float32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  static var listing: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
