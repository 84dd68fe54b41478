package import Foundation

/// Conversions between the floating-point types that weights are stored in, element by element, with rounding to the
/// nearest even. The bits are the same on every machine.
package enum FloatConversion {
  /// The types that convert.
  package static let types: Set<ElementType> = [.float32, .float16, .bfloat16]

  /// The elements of `bytes`, which hold `source`, as `target`; nil if a type does not convert.
  package static func converted(
    _ bytes: UnsafeRawBufferPointer, from source: ElementType, to target: ElementType
  ) -> Data? {
    guard types.contains(source), types.contains(target) else { return nil }
    if source == target { return Data(bytes) }
    let count = bytes.count / source.byteCount
    var result = Data(count: count * target.byteCount)
    result.withUnsafeMutableBytes { output in
      switch (source, target) {
      case (.float32, .bfloat16):
        convert(bytes, to: output, count) { (bits: UInt32) in bfloat16(bits) }
      case (.float32, _):
        convert(bytes, to: output, count) { (bits: UInt32) in Float16(Float(bitPattern: bits)).bitPattern }
      case (.float16, .float32):
        convert(bytes, to: output, count) { (half: UInt16) in float32(half: half) }
      case (.float16, _):
        convert(bytes, to: output, count) { (half: UInt16) in bfloat16(float32(half: half)) }
      case (.bfloat16, .float16):
        convert(bytes, to: output, count) { (word: UInt16) in
          Float16(Float(bitPattern: UInt32(word) << 16)).bitPattern
        }
      default:
        convert(bytes, to: output, count) { (word: UInt16) in UInt32(word) << 16 }
      }
    }
    return result
  }

  /// Bytes of a file may start anywhere.
  @inline(__always)
  private static func convert<Source: FixedWidthInteger, Target: FixedWidthInteger>(
    _ bytes: UnsafeRawBufferPointer, to output: UnsafeMutableRawBufferPointer, _ count: Int,
    _ transform: (Source) -> Target
  ) {
    let size = (source: MemoryLayout<Source>.size, target: MemoryLayout<Target>.size)
    for index in 0..<count {
      let value = Source(littleEndian: bytes.loadUnaligned(fromByteOffset: index &* size.source, as: Source.self))
      output.storeBytes(of: transform(value).littleEndian, toByteOffset: index &* size.target, as: Target.self)
    }
  }

  /// The bits of the Float32 with the value of a half: its exponent is moved by a product with 2¹¹², which makes
  /// subnormal halves normal on the way.
  @inline(__always)
  private static func float32(half: UInt16) -> UInt32 {
    let magnitude = UInt32(half & 0x7FFF) << 13
    let scaled = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
    let infinite: UInt32 = magnitude >= 0x0F80_0000 ? 0x7F80_0000 : 0
    return scaled | infinite | UInt32(half & 0x8000) << 16
  }

  @inline(__always)
  private static func bfloat16(_ bits: UInt32) -> UInt16 {
    let rounded = (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16
    let isNaN = bits & 0x7FFF_FFFF > 0x7F80_0000
    return UInt16(truncatingIfNeeded: isNaN ? (bits >> 16) | 0x40 : rounded)
  }
}
