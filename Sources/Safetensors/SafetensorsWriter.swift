package import Foundation

/// A tensor to be written: its bytes are little-endian, row by row.
package struct NamedTensor: Sendable {
  package let name: String
  package let type: ElementType
  package let shape: [Int]
  package let bytes: Data

  package init(name: String, type: ElementType, shape: [Int], bytes: Data) {
    self.name = name
    self.type = type
    self.shape = shape
    self.bytes = bytes
  }

  /// A tensor of 32-bit floats.
  package init(name: String, shape: [Int], floats: some Sequence<Float>) {
    let values = Array(floats)
    self.init(name: name, type: .float32, shape: shape, bytes: values.withUnsafeBytes { Data($0) })
  }
}

/// Writes safetensors files whose bytes depend on the tensors alone, not on their order.
package enum SafetensorsWriter {
  /// The whole file: tensors in the order of their names, the header padded with spaces to a multiple of 64 bytes, so
  /// that every tensor whose predecessors are whole words can be used in place from a memory map.
  package static func serialized(
    _ tensors: [NamedTensor], metadata: [String: String] = ["format": "pt"], file: String = "safetensors"
  ) throws(SafetensorsError) -> Data {
    let sorted = tensors.sorted { $0.name < $1.name }
    var result = try header(of: sorted, metadata: metadata, file: file)
    for tensor in sorted { result.append(tensor.bytes) }
    return result
  }

  /// Writes the file at `path` by a temporary file beside it, fsync and rename: a reader sees the old file or the new.
  package static func write(
    _ tensors: [NamedTensor], to path: String, metadata: [String: String] = ["format": "pt"]
  ) throws(SafetensorsError) {
    let sorted = tensors.sorted { $0.name < $1.name }
    let header = try header(of: sorted, metadata: metadata, file: path)
    try AtomicFile.write(to: path, pieces: [header] + sorted.map(\.bytes))
  }

  private static func header(
    of tensors: [NamedTensor], metadata: [String: String], file: String
  ) throws(SafetensorsError) -> Data {
    var members: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
      members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    var position = 0
    var previous: String?
    for tensor in tensors {
      if tensor.name == previous || tensor.name == "__metadata__" {
        throw SafetensorsError(file: file, problem: .duplicate(name: tensor.name))
      }
      guard tensor.shape.allSatisfy({ $0 >= 0 }),
        let needed = TensorEntry.byteCount(shape: tensor.shape, type: tensor.type)
      else { throw SafetensorsError(file: file, problem: .shapeOverflow(name: tensor.name, shape: tensor.shape)) }
      guard needed == tensor.bytes.count else {
        throw SafetensorsError(
          file: file, problem: .valueCount(name: tensor.name, expected: needed, found: tensor.bytes.count))
      }
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      members.append(
        "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(position),\(position + needed)]}")
      position += needed
      previous = tensor.name
    }
    var text = Data("{\(members.joined(separator: ","))}".utf8)
    while (8 + text.count) % 64 != 0 { text.append(0x20) }
    guard text.count <= SafetensorsFile.headerLimit else {
      throw SafetensorsError(
        file: file, problem: .headerLength(found: UInt64(text.count), limit: SafetensorsFile.headerLimit))
    }
    var result = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
    result.append(text)
    return result
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{0}"..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
