import Checkpoints
import Foundation
import Support
import TestSupport
import Testing

@Suite struct LyingHeaderTests {
  private static let four = Data([0, 0, 0x80, 0x3F])

  /// A header with one tensor of that description.
  private static func one(_ description: String) -> String { "{\"a\":{\(description)}}" }

  @Test("A file too short for its own length field is refused")
  func tooShort() throws {
    try expect(.tooShort(bytes: 0), for: Data())
    try expect(.tooShort(bytes: 7), for: Data(count: 7))
  }

  @Test("A header longer than the file, or than any header may be, is refused before anything is read")
  func headerLength() throws {
    try expect(.headerLength(found: 100, limit: 2), for: fileBytes(header: "{}", length: 100))
    try expect(.headerLength(found: .max, limit: 2), for: fileBytes(header: "{}", length: .max))
  }

  @Test("Ranges outside the data, of the wrong length, overlapping, or leaving bytes over are refused")
  func ranges() throws {
    let f32 = "\"dtype\":\"F32\""
    try expect(
      .outsideData(name: "a", start: 0, end: 8, available: 4),
      for: fileBytes(header: Self.one("\(f32),\"shape\":[2],\"data_offsets\":[0,8]"), data: Self.four))
    try expect(
      .outsideData(name: "a", start: 4, end: 0, available: 4),
      for: fileBytes(header: Self.one("\(f32),\"shape\":[1],\"data_offsets\":[4,0]"), data: Self.four))
    try expect(
      .rangeLength(name: "a", expected: 8, found: 4),
      for: fileBytes(header: Self.one("\(f32),\"shape\":[2],\"data_offsets\":[0,4]"), data: Self.four))
    try expect(
      .unusedBytes(start: 4, end: 8),
      for: fileBytes(header: Self.one("\(f32),\"shape\":[1],\"data_offsets\":[0,4]"), data: Self.four + Self.four))
    try expect(
      .unusedBytes(start: 0, end: 4),
      for: fileBytes(header: Self.one("\(f32),\"shape\":[1],\"data_offsets\":[4,8]"), data: Self.four + Self.four))
    let entry = "{\(f32),\"shape\":[1],\"data_offsets\":[0,4]}"
    try expect(
      .overlap(name: "b", with: "a"), for: fileBytes(header: "{\"a\":\(entry),\"b\":\(entry)}", data: Self.four))
  }

  @Test("A shape whose product overflows is refused, not wrapped around")
  func overflow() throws {
    let large = Int.max / 2
    try expect(
      .shapeOverflow(name: "a", shape: [large, 3]),
      for: fileBytes(
        header: Self.one("\"dtype\":\"F32\",\"shape\":[\(large),3],\"data_offsets\":[0,4]"), data: Self.four))
  }

  @Test("Duplicate names and unknown types are refused by name")
  func namesAndTypes() throws {
    let entry = "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}"
    try expect(.duplicate(name: "a"), for: fileBytes(header: "{\"a\":\(entry),\"a\":\(entry)}", data: Self.four))
    try expect(
      .unknownType(name: "a", found: "F7"),
      for: fileBytes(header: Self.one("\"dtype\":\"F7\",\"shape\":[1],\"data_offsets\":[0,4]"), data: Self.four))
  }

  @Test(
    "JSON of another shape is refused with the byte where it goes wrong",
    arguments: [
      "", "[]", "{", "{\"a\":1}", "{}}", "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[01],\"data_offsets\":[0,4]}}",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,4]}}",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}}",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}",
      "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}",
      "{\"\\ud800\":{}}", "{\"\\u12\"", "{\"\\x\":{}}", "{\"__metadata__\":{\"a\":1}}",
    ])
  func malformed(header: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(fileBytes(header: header, data: Self.four), to: "file.safetensors")
    let error = #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: path) }
    guard case .malformedHeader = error?.problem else {
      Issue.record("expected a malformed header, found \(String(describing: error))")
      return
    }
  }

  @Test("A truncated copy of a good file is refused wherever it was cut")
  func truncation() throws {
    let folder = try TemporaryFolder()
    let good = try SafetensorsWriter.serialized([
      NamedTensor(name: "a", shape: [2, 2], floats: [1, 2, 3, 4]), NamedTensor(name: "b", shape: [1], floats: [5]),
    ])
    for length in 0..<good.count {
      let path = try folder.write(good.prefix(length), to: "file.safetensors")
      #expect(throws: SafetensorsError.self) { try SafetensorsFile(path: path) }
    }
  }

  @Test("Mutated files are read or refused with a typed error, and never trap")
  func fuzz() throws {
    let folder = try TemporaryFolder()
    let good = try SafetensorsWriter.serialized([
      NamedTensor(name: "weight", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6]),
      NamedTensor(name: "half", type: .float16, shape: [3], bytes: Data(count: 6)),
      NamedTensor(name: "ids", type: .int64, shape: [1], bytes: Data(count: 8)),
    ])
    let headerEnd = good.count - 38
    let telling = Array("{}[]\":,0123456789-.eE\\utn \u{0}\u{7F}".utf8)
    var refused = 0
    for round in 0..<3000 {
      var generator = RandomKey(seed: 1)["safetensors"][round].generator
      var bytes = [UInt8](good)
      for _ in 0...generator.index(below: 3) {
        let position = generator.index(below: min(headerEnd, bytes.count))
        switch generator.index(below: 5) {
        case 0: bytes[position] = UInt8(generator.index(below: 256))
        case 1: bytes[position] = telling[generator.index(below: telling.count)]
        case 2: bytes.insert(telling[generator.index(below: telling.count)], at: position)
        case 3: bytes.remove(at: position)
        default: bytes[generator.index(below: 8)] = UInt8(generator.index(below: 256))
        }
      }
      let path = try folder.write(bytes, to: "file.safetensors")
      do {
        let file = try SafetensorsFile(path: path)
        for name in file.names { _ = try? file.floats(name) }
      } catch {
        // The initializer throws nothing but SafetensorsError; its text must name the file.
        #expect(error.description.hasPrefix(path))
        refused += 1
      }
    }
    #expect(refused > 2000)
  }

  private func expect(_ problem: SafetensorsError.Problem, for bytes: Data) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(bytes, to: "file.safetensors")
    #expect(throws: SafetensorsError(file: path, problem: problem)) { try SafetensorsFile(path: path) }
  }
}
