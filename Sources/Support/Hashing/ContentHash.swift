internal import CSodium

/// The 256-bit BLAKE2b digest (RFC 7693) of some content; equal digests mean equal content.
package struct ContentHash: Hashable, Sendable, CustomStringConvertible {
  /// 32 bytes.
  package let bytes: [UInt8]

  /// The digest of `content`.
  package init(of content: some Sequence<UInt8>) {
    var hasher = ContentHasher()
    hasher.update(bytes: Array(content))
    self = hasher.finish()
  }

  /// The digest whose hexadecimal form is `text`, or nil when it is not 64 hexadecimal digits.
  package init?(hexadecimal text: String) {
    let digits = text.compactMap(\.hexDigitValue)
    guard digits.count == 64, text.utf8.count == 64 else { return nil }
    bytes = stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }

  /// The digest in its wire form, or nil when it is not 32 bytes long.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    self.bytes = Array(bytes)
  }

  /// 64 lower-case hexadecimal digits.
  package var description: String {
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}

/// A digest in the making, for content that comes in pieces.
///
/// Every piece carries its own length, so that ("ab", "c") and ("a", "bc") differ.
package struct ContentHasher: ~Copyable {
  private let memory: UnsafeMutableRawPointer
  private var state: OpaquePointer { OpaquePointer(memory) }

  package init() {
    memory = UnsafeMutableRawPointer.allocate(byteCount: crypto_generichash_statebytes(), alignment: 64)
    _ = crypto_generichash_init(state, nil, 0, 32)
  }

  deinit { memory.deallocate() }

  /// Adds raw bytes without a length.
  package mutating func update(raw: UnsafeRawBufferPointer) {
    _ = crypto_generichash_update(state, raw.bindMemory(to: UInt8.self).baseAddress, UInt64(raw.count))
  }

  /// Adds raw bytes without a length.
  package mutating func update(bytes: [UInt8]) {
    bytes.withUnsafeBytes { update(raw: $0) }
  }

  /// Adds the bits of `floats`, little-endian, without a length.
  package mutating func update(floats: [Float]) {
    floats.withUnsafeBytes { update(raw: $0) }
  }

  /// Adds a number.
  package mutating func combine(_ number: Int) {
    withUnsafeBytes(of: Int64(number).littleEndian) { update(raw: $0) }
  }

  /// Adds the bits of a number.
  package mutating func combine(_ number: Double) {
    withUnsafeBytes(of: number.bitPattern.littleEndian) { update(raw: $0) }
  }

  /// Adds a text after its length.
  package mutating func combine(_ text: String) {
    combine(text.utf8.count)
    update(bytes: Array(text.utf8))
  }

  /// Adds a list of texts after its length.
  package mutating func combine(list: [String]) {
    combine(list.count)
    for text in list { combine(text) }
  }

  /// Adds another digest.
  package mutating func combine(_ hash: ContentHash) {
    update(bytes: hash.bytes)
  }

  /// The digest of everything that was added.
  package consuming func finish() -> ContentHash {
    var digest = [UInt8](repeating: 0, count: 32)
    _ = crypto_generichash_final(state, &digest, digest.count)
    return ContentHash(digest: digest)
  }
}

extension ContentHash {
  fileprivate init(digest: [UInt8]) { bytes = digest }

  /// The digest of the bits of `floats`.
  package init(of floats: [Float]) {
    var hasher = ContentHasher()
    hasher.update(floats: floats)
    self = hasher.finish()
  }
}
