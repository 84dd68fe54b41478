/// Steps through the fields of one serialized protobuf message
/// (https://protobuf.dev/programming-guides/encoding/); the caller picks those it knows.
struct ProtobufReader {
  enum Value {
    /// A varint.
    case number(UInt64)
    /// A string, bytes or a message.
    case bytes(ArraySlice<UInt8>)
    /// Four or eight bytes, which no field that Tenbin reads has.
    case fixed
  }

  private var rest: ArraySlice<UInt8>

  init(_ message: ArraySlice<UInt8>) { rest = message }

  /// The next field, or nil at the end of the message.
  mutating func next() throws(ProtobufError) -> (number: UInt64, value: Value)? {
    guard !rest.isEmpty else { return nil }
    let key = try varint()
    switch key & 7 {
    case 0: return (key >> 3, .number(try varint()))
    case 1:
      _ = try take(8)
      return (key >> 3, .fixed)
    case 2: return (key >> 3, .bytes(try take(try varint())))
    case 5:
      _ = try take(4)
      return (key >> 3, .fixed)
    default: throw ProtobufError(reason: "a field has the wire type \(key & 7), which protobuf does not use")
    }
  }

  private mutating func varint() throws(ProtobufError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = rest.popFirst() else { throw ProtobufError(reason: "the data ends inside a number") }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    throw ProtobufError(reason: "a number has more than 64 bits")
  }

  private mutating func take(_ count: UInt64) throws(ProtobufError) -> ArraySlice<UInt8> {
    guard count <= UInt64(rest.count) else { throw ProtobufError(reason: "the data ends inside a field") }
    let taken = rest.prefix(Int(count))
    rest = rest.dropFirst(Int(count))
    return taken
  }
}

/// Why some bytes are no protobuf message.
struct ProtobufError: Error {
  let reason: String
}
