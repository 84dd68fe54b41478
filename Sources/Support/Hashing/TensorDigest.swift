internal import CXXHash

/// The 128-bit XXH3 digest (Collet 2020) of the bits of some numbers.
///
/// It tells whether two computations gave the same bits. It does not protect against someone who chooses the bits:
/// contents that come from outside are named by `ContentHash`.
package struct TensorDigest: Hashable, Sendable, CustomStringConvertible {
  private let high: UInt64
  private let low: UInt64

  /// The digest of the bits of `floats`, little-endian; of more than one section, the digest of the sections' digests.
  package init(of floats: UnsafeBufferPointer<Float>) {
    let sections = VectorSections(count: floats.count)
    if sections.sectionCount <= 1 {
      self.init(section: floats)
    } else {
      self.init(of: Self.sections(of: floats, sections))
    }
  }

  /// The digests of the sections of a vector, or of a slice of one, divided into the sections of the whole vector.
  package static func sections(of floats: UnsafeBufferPointer<Float>, _ sections: VectorSections) -> [TensorDigest] {
    stride(from: 0, to: floats.count, by: sections.size).map { start in
      let end = min(floats.count, start + sections.size)
      return TensorDigest(section: UnsafeBufferPointer(rebasing: floats[start..<end]))
    }
  }

  /// The digest of a vector, from the digests of its sections.
  package init(ofSections sections: [TensorDigest]) {
    self = sections.count == 1 ? sections[0] : TensorDigest(of: sections)
  }

  private init(section floats: UnsafeBufferPointer<Float>) {
    let hash = XXH3_128bits(floats.baseAddress, floats.count * MemoryLayout<Float>.stride)
    (high, low) = (hash.high64, hash.low64)
  }

  /// The digest of the bits of `floats`, little-endian.
  package init(of floats: [Float]) {
    self = floats.withUnsafeBufferPointer { TensorDigest(of: $0) }
  }

  /// The digest of several digests in their order.
  package init(of parts: [TensorDigest]) {
    let words = parts.flatMap { [$0.high, $0.low] }
    let hash = words.withUnsafeBytes { XXH3_128bits($0.baseAddress, $0.count) }
    (high, low) = (hash.high64, hash.low64)
  }

  /// The digest in its wire form, or nil when it is not 16 bytes long.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 16 else { return nil }
    high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    low = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The digest whose hexadecimal form is `text`, or nil when it is not 32 hexadecimal digits.
  package init?(hexadecimal text: String) {
    guard text.utf8.count == 32, let high = UInt64(text.prefix(16), radix: 16),
      let low = UInt64(text.suffix(16), radix: 16)
    else { return nil }
    (self.high, self.low) = (high, low)
  }

  /// 16 bytes, the most significant first.
  package var bytes: [UInt8] {
    [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
  }

  /// 32 lower-case hexadecimal digits.
  package var description: String {
    [high, low].map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}
