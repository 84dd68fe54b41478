package import Foundation
import Support

/// What the header of a safetensors file says of a tensor to be written.
package struct TensorDescription: Hashable, Sendable {
  package let name: String
  package let type: ElementType
  package let shape: [Int]

  package init(name: String, type: ElementType, shape: [Int]) {
    self.name = name
    self.type = type
    self.shape = shape
  }

  /// Bytes of the tensor, nil if no file can hold them.
  package var byteCount: Int? {
    shape.allSatisfy { $0 >= 0 } ? TensorEntry.byteCount(shape: shape, type: type) : nil
  }
}

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

  var description: TensorDescription { TensorDescription(name: name, type: type, shape: shape) }
}

/// Writes safetensors files whose bytes depend on the tensors alone, not on their order.
package enum SafetensorsWriter {
  /// The whole file: tensors in the order of their names, the header padded with spaces to a multiple of 64 bytes, so
  /// that every tensor whose predecessors are whole words can be used in place from a memory map.
  package static func serialized(
    _ tensors: [NamedTensor], metadata: [String: String] = ["format": "pt"], file: String = "safetensors"
  ) throws(SafetensorsError) -> Data {
    let sorted = tensors.sorted { $0.name < $1.name }
    var result = try header(of: sorted.map(\.description), metadata: metadata, file: file)
    for tensor in sorted {
      try check(tensor.bytes, of: tensor.description, file: file)
      result.append(tensor.bytes)
    }
    return result
  }

  /// Writes the file at `path`: a reader sees the old file or the new.
  package static func write(
    _ tensors: [NamedTensor], to path: String, metadata: [String: String] = ["format": "pt"]
  ) throws {
    var tensorsByName: [String: NamedTensor] = [:]
    for tensor in tensors { tensorsByName[tensor.name] = tensor }
    try write(tensors.map(\.description), to: path, metadata: metadata) { tensorsByName[$0.name]?.bytes ?? Data() }
  }

  /// Writes a file of any size, one tensor at a time in memory: `bytes` is called for each, in the order of their
  /// names.
  package static func write(
    _ tensors: [TensorDescription], to path: String, metadata: [String: String] = ["format": "pt"],
    bytes: (TensorDescription) throws -> Data
  ) throws {
    let sorted = tensors.sorted { $0.name < $1.name }
    let header = try header(of: sorted, metadata: metadata, file: path)
    try DurableFile.write(to: path) { file in
      try file.append(header)
      for tensor in sorted {
        let piece = try bytes(tensor)
        try check(piece, of: tensor, file: path)
        try file.append(piece)
      }
    }
  }

  private static func check(_ bytes: Data, of tensor: TensorDescription, file: String) throws(SafetensorsError) {
    let needed = tensor.byteCount ?? 0
    guard needed == bytes.count else {
      throw SafetensorsError(
        file: file, problem: .valueCount(name: tensor.name, expected: needed, found: bytes.count))
    }
  }

  private static func header(
    of tensors: [TensorDescription], metadata: [String: String], file: String
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
      guard let needed = tensor.byteCount else {
        throw SafetensorsError(file: file, problem: .shapeOverflow(name: tensor.name, shape: tensor.shape))
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
