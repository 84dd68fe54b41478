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
