/// What is wrong with a safetensors file, and in which file.
package struct SafetensorsError: Error, Hashable, CustomStringConvertible {
  /// The file the problem is in.
  package let file: String
  package let problem: Problem

  package init(file: String, problem: Problem) {
    self.file = file
    self.problem = problem
  }

  /// The ways in which a file cannot be read or written.
  package enum Problem: Hashable, Sendable {
    /// The operating system refused; `step` is what was tried.
    case system(step: String, reason: String)
    /// The file has fewer than the eight bytes of the header's length.
    case tooShort(bytes: Int)
    /// The header says that it is longer than the file, or than a header may be.
    case headerLength(found: UInt64, limit: Int)
    /// The header's JSON does not read as expected at a byte of the header.
    case malformedHeader(byte: Int, expected: String)
    /// A name occurs twice.
    case duplicate(name: String)
    /// An element type that the format does not name.
    case unknownType(name: String, found: String)
    /// The product of the shape and the element's size does not fit into a machine word.
    case shapeOverflow(name: String, shape: [Int])
    /// A tensor's byte range is reversed or leaves the data.
    case outsideData(name: String, start: Int, end: Int, available: Int)
    /// A tensor's byte range has another length than its shape and type need.
    case rangeLength(name: String, expected: Int, found: Int)
    /// A tensor starts before the end of the one before it.
    case overlap(name: String, with: String)
    /// Bytes that belong to no tensor.
    case unusedBytes(start: Int, end: Int)
    /// No tensor of that name.
    case missing(name: String)
    /// The tensor holds a type that has no conversion to 32-bit floats.
    case notConvertible(name: String, type: ElementType)
    /// The values handed to the writer do not fill the shape.
    case valueCount(name: String, expected: Int, found: Int)
  }

  package var description: String { "\(file): \(explanation)" }

  private var explanation: String {
    switch problem {
    case .system(let step, let reason): "cannot \(step): \(reason)"
    case .tooShort(let bytes):
      "\(bytes) bytes, but a safetensors file starts with eight bytes for the length of its header; copy it again"
    case .headerLength(let found, let limit):
      "the header claims \(found) bytes, but at most \(limit) are possible; the file is cut short or not safetensors"
    case .malformedHeader(let byte, let expected): "byte \(byte) of the header: expected \(expected)"
    case .duplicate(let name): "the tensor \"\(name)\" is listed twice; expected each name once"
    case .unknownType(let name, let found):
      "the tensor \"\(name)\" has the type \"\(found)\"; expected one of \(ElementType.listing)"
    case .shapeOverflow(let name, let shape): "the shape \(shape) of \"\(name)\" is too large for any file"
    case .outsideData(let name, let start, let end, let available):
      "the tensor \"\(name)\" claims bytes \(start) to \(end), but the file holds \(available) bytes of data"
    case .rangeLength(let name, let expected, let found):
      "the tensor \"\(name)\" claims \(found) bytes; its shape and type need \(expected)"
    case .overlap(let name, let other): "the tensors \"\(other)\" and \"\(name)\" share bytes; expected separate ranges"
    case .unusedBytes(let start, let end): "bytes \(start) to \(end) of the data belong to no tensor"
    case .missing(let name): "no tensor named \"\(name)\""
    case .notConvertible(let name, let type):
      "the tensor \"\(name)\" holds \(type.rawValue); expected F32, F16 or BF16"
    case .valueCount(let name, let expected, let found):
      "the tensor \"\(name)\" was given \(found) bytes; its shape and type need \(expected)"
    }
  }
}
