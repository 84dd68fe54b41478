import Checkpoints
import Foundation
import Support
import Testing

@Suite struct FloatConversionTests {
  private func convert<Source: FixedWidthInteger, Target: FixedWidthInteger>(
    _ values: [Source], _ source: ElementType, _ target: ElementType, to type: Target.Type
  ) throws -> [Target] {
    let data = values.withUnsafeBytes { FloatConversion.converted($0, from: source, to: target) }
    return try #require(data).withUnsafeBytes { bytes in
      (0..<bytes.count / MemoryLayout<Target>.size).map {
        bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Target>.size, as: type)
      }
    }
  }

  @Test("Every half becomes the Float32 of the same value, subnormal, infinite and no number included")
  func halves() throws {
    let halves = (0...UInt16.max).map { $0 }
    let found = try convert(halves, .float16, .float32, to: UInt32.self)
    for (half, bits) in zip(halves, found) {
      let (expected, value) = (Float(Float16(bitPattern: half)), Float(bitPattern: bits))
      #expect(expected.isNaN ? value.isNaN : bits == expected.bitPattern, "\(half)")
    }
  }

  @Test("Every bfloat16 and every half survives a way through Float32 and back")
  func roundTrips() throws {
    let words = (0...UInt16.max).map { $0 }
    for type in [ElementType.bfloat16, .float16] {
      let floats = try convert(words, type, .float32, to: UInt32.self)
      let back = try convert(floats, .float32, type, to: UInt16.self)
      for (before, after) in zip(zip(words, floats), back) where !Float(bitPattern: before.1).isNaN {
        #expect(before.0 == after)
      }
    }
  }

  @Test("Float32 is rounded to the nearest bfloat16, ties to even, and no number stays none")
  func rounding() throws {
    var generator = RandomKey(seed: 1)["bits"].generator
    let bits = (0..<20_000).map { _ in UInt32(truncatingIfNeeded: generator.next()) }
    let found = try convert(bits, .float32, .bfloat16, to: UInt16.self)
    for (bits, word) in zip(bits, found) {
      let (value, rounded) = (Float(bitPattern: bits), Float(bitPattern: UInt32(word) << 16))
      if value.isNaN {
        #expect(rounded.isNaN)
        continue
      }
      let below = Float(bitPattern: bits & 0xFFFF_0000)
      let above = Float(bitPattern: (bits & 0xFFFF_0000) &+ 0x1_0000)
      let (down, up) = (abs(Double(value) - Double(below)), abs(Double(above) - Double(value)))
      if above.isFinite, down != up { #expect(rounded == (down < up ? below : above), "\(value)") }
    }
    let ties = try convert([0x3F80_8000, 0x3F81_8000, 0x7F80_0001] as [UInt32], .float32, .bfloat16, to: UInt16.self)
    #expect(ties == [0x3F80, 0x3F82, 0x7FC0])
  }

  @Test("Types that hold no such numbers do not convert")
  func others() {
    let data = [UInt8](repeating: 0, count: 8)
    data.withUnsafeBytes { bytes in
      #expect(FloatConversion.converted(bytes, from: .int64, to: .float32) == nil)
      #expect(FloatConversion.converted(bytes, from: .float32, to: .int8) == nil)
    }
  }
}
