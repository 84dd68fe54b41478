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
