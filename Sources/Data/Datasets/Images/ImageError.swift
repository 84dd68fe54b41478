/// Why an image file, or an image in memory, cannot be used.
package struct ImageError: Error, Hashable, CustomStringConvertible {
  package enum Problem: Hashable, Sendable {
    /// The file cannot be read; `reason` is the system's.
    case unreadable(reason: String)
    /// The first bytes are neither a JPEG nor a PNG header.
    case unknownFormat(firstBytes: [UInt8])
    /// The data ends before the image does.
    case truncated(reason: String)
    /// The data contradicts the format or its own checksums.
    case corrupt(reason: String)
    /// More pixels than `RGBImage.pixelLimit`.
    case tooLarge(width: Int, height: Int)
    /// A valid image of a kind that cannot become RGB.
    case unsupported(reason: String)
    case outOfMemory
    /// The number of bytes is not width × height × 3, or the image has no pixels.
    case wrongByteCount(width: Int, height: Int, bytes: Int)
  }

  /// The file's path, or the name under which the bytes came.
  package let file: String
  package let problem: Problem

  package init(file: String, problem: Problem) {
    self.file = file
    self.problem = problem
  }

  package var description: String { "\(file): \(explanation)" }

  private var explanation: String {
    switch problem {
    case .unreadable(let reason):
      "cannot be read: \(reason)"
    case .unknownFormat(let firstBytes) where firstBytes.isEmpty:
      "an empty file; expected a JPEG or PNG image"
    case .unknownFormat(let firstBytes):
      "neither JPEG nor PNG: it begins with the bytes \(hexadecimal(firstBytes)), "
        + "expected ff d8 ff (JPEG) or 89 50 4e 47 (PNG), whatever the file's extension"
    case .truncated(let reason):
      "a truncated image (\(reason)); copy or export it again"
    case .corrupt(let reason):
      "a damaged image (\(reason)); copy or export it again"
    case .tooLarge(let width, let height):
      "\(width) × \(height) pixels, expected at most \(RGBImage.pixelLimit) in all; make it smaller"
    case .unsupported(let reason):
      "a kind of image that cannot be read as RGB (\(reason)); convert it to eight-bit RGB"
    case .outOfMemory:
      "not enough memory to decode it"
    case .wrongByteCount(let width, let height, let bytes):
      "\(bytes) bytes cannot be an RGB image of \(width) × \(height) pixels; expected 3 for each of at least one pixel"
    }
  }

  private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
  }
}
