import CImageCodecs
import Support

/// An image of eight-bit red, green and blue values.
///
/// JPEG and PNG are recognized by their first bytes, never by the file's name. Whatever the file holds becomes RGB as
/// Pillow's `convert("RGB")` makes it, which is what the published checkpoints were trained on: grey and palettes are
/// expanded, CMYK is converted, alpha is dropped (not composited), and neither gamma, colour profiles nor the EXIF
/// orientation are applied. Sixteen-bit values keep their upper eight bits.
package struct RGBImage: Hashable, Sendable {
  /// The most pixels that an image may have: 64 mebipixels, 192 MiB once decoded.
  package static let pixelLimit = 64 << 20

  package let width: Int
  package let height: Int
  /// Rows from the top, in each the pixels from the left, in each red, green, blue: `width * height * 3` values.
  package let bytes: [UInt8]

  /// The image with these pixels; throws when `bytes` is not of `width * height * 3` values.
  package init(width: Int, height: Int, bytes: [UInt8]) throws(ImageError) {
    guard width > 0, height > 0, width <= Int(Int32.max), height <= Int(Int32.max),
      bytes.count == width * height * 3
    else {
      throw ImageError(
        file: "image in memory", problem: .wrongByteCount(width: width, height: height, bytes: bytes.count))
    }
    self.width = width
    self.height = height
    self.bytes = bytes
  }

  /// The JPEG or PNG file at `path`.
  package init(decoding path: String) throws(ImageError) {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileBytes.read(path)
    } catch {
      throw ImageError(file: path, problem: .unreadable(reason: error.reason))
    }
    try self.init(decoding: bytes, name: path)
  }

  /// The JPEG or PNG in `bytes`; `name` is what errors call it.
  package init(decoding bytes: [UInt8], name: String) throws(ImageError) {
    var decoded = tenbin_image()
    let status = tenbin_image_decode(bytes, bytes.count, UInt64(Self.pixelLimit), &decoded)
    defer { tenbin_image_free(decoded.pixels) }
    let size = (width: Int(decoded.width), height: Int(decoded.height))
    guard status == TENBIN_IMAGE_OK, let pixels = decoded.pixels else {
      let problem = ImageError.Problem(status, reason: reason(decoded.reason), size: size, bytes: bytes)
      throw ImageError(file: name, problem: problem)
    }
    width = size.width
    height = size.height
    self.bytes = Array(UnsafeBufferPointer(start: pixels, count: size.width * size.height * 3))
  }

  /// The image as a PNG file: the same bytes for the same pixels.
  package func pngData() throws(ImageError) -> [UInt8] {
    var encoded = tenbin_encoded_image()
    let status = tenbin_image_encode_png(bytes, UInt32(width), UInt32(height), &encoded)
    defer { tenbin_image_free(encoded.bytes) }
    guard status == TENBIN_IMAGE_OK, let start = encoded.bytes else {
      let problem = ImageError.Problem(status, reason: reason(encoded.reason), size: (width, height), bytes: [])
      throw ImageError(file: "PNG of an image in memory", problem: problem)
    }
    return Array(UnsafeBufferPointer(start: start, count: encoded.count))
  }
}

extension ImageError.Problem {
  fileprivate init(_ status: tenbin_image_status, reason: String, size: (width: Int, height: Int), bytes: [UInt8]) {
    self =
      switch status {
      case TENBIN_IMAGE_UNKNOWN_FORMAT: .unknownFormat(firstBytes: Array(bytes.prefix(4)))
      case TENBIN_IMAGE_TRUNCATED: .truncated(reason: reason)
      case TENBIN_IMAGE_TOO_LARGE: .tooLarge(width: size.width, height: size.height)
      case TENBIN_IMAGE_UNSUPPORTED: .unsupported(reason: reason)
      case TENBIN_IMAGE_OUT_OF_MEMORY: .outOfMemory
      default: .corrupt(reason: reason)
      }
  }
}

/// The text in a C array of characters, which Swift sees as a tuple.
private func reason<Characters>(_ characters: Characters) -> String {
  withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}
