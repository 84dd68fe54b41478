import Foundation

/// A path of names and numbers that addresses one independent stream of random words.
///
/// Everything random in Tenbin is drawn from a key that says what it is for, never from shared state, so that a draw
/// is the same wherever and whenever it is made:
///
///     let key = RandomKey(seed: 13)[.order][epoch]
///     let order = key.permutation(count: items.count)
///
/// A key is hashed to 64 bits of Philox key and 64 bits of Philox counter; the remaining 64 counter bits number the
/// blocks of the stream.
package struct RandomKey: Hashable, Sendable {
  private var high: UInt64
  private var low: UInt64

  package init(seed: Int) {
    high = 0x7465_6E62_696E_2D31
    low = Self.mixed(UInt64(bitPattern: Int64(seed)))
  }

  /// The key that `bytes` gave; nil unless they are 16.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 16 else { return nil }
    func word(_ bytes: some Collection<UInt8>) -> UInt64 {
      bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    high = word(bytes.prefix(8))
    low = word(bytes.dropFirst(8))
  }

  /// The whole key in 16 bytes, little-endian, for a process that draws from it elsewhere.
  package var bytes: [UInt8] {
    [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
  }

  /// The sub-stream of one purpose.
  package subscript(stream: RandomStreamName) -> RandomKey { self[stream.rawValue] }

  /// The sub-stream of something that the data name: a column, an arm, a parameter.
  package subscript(name: String) -> RandomKey {
    // FNV-1a over the bytes; `absorb` does the mixing. The tag keeps names and numbers apart.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return absorbing(hash, tag: 1)
  }

  /// The sub-stream of an arm of an audit; `head` keeps the name that it had when streams were named, `base`.
  package func ofArm(_ name: String) -> RandomKey { self[name == "head" ? "base" : name] }

  /// The sub-stream numbered `index`.
  package subscript(index: Int) -> RandomKey {
    absorbing(UInt64(bitPattern: Int64(index)), tag: 2)
  }

  /// The generator at the start of this key's stream.
  package var generator: RandomStream { RandomStream(key: high, stream: low) }

  private func absorbing(_ word: UInt64, tag: UInt64) -> RandomKey {
    var result = self
    result.high = Self.mixed(high ^ Self.mixed(word &+ tag &* 0x9E37_79B9_7F4A_7C15))
    result.low = Self.mixed(low &+ Self.mixed(word ^ (tag &* 0xD1B5_4A32_D192_ED03)) &+ result.high)
    return result
  }

  /// The finalizer of SplitMix64 (Steele, Lea and Flood 2014).
  private static func mixed(_ value: UInt64) -> UInt64 {
    var word = value &+ 0x9E37_79B9_7F4A_7C15
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}

/// The words of one key's stream, in order. Copies draw the same words.
package struct RandomStream: RandomNumberGenerator, Sendable {
  private let key: SIMD2<UInt32>
  private let stream: SIMD2<UInt32>
  private var block: UInt64 = 0
  private var buffer = SIMD4<UInt32>()
  private var used = 4

  fileprivate init(key: UInt64, stream: UInt64) {
    self.key = SIMD2(UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32))
    self.stream = SIMD2(UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32))
  }

  package mutating func next() -> UInt64 {
    if used == 4 {
      let counter = SIMD4(
        UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32), stream[0], stream[1])
      buffer = Philox.words(counter: counter, key: key)
      block &+= 1
      used = 0
    }
    defer { used += 2 }
    return UInt64(buffer[used]) | UInt64(buffer[used + 1]) << 32
  }

  /// A number in [0, 1) with 53 random bits.
  package mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// A whole number in 0 ..< `bound`, without bias (Lemire 2019). `bound` must be positive.
  package mutating func index(below bound: Int) -> Int {
    Int(next(upperBound: UInt64(bound)))
  }

  /// A standard normal number (Box and Muller 1958); each call draws one.
  package mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * Double.pi * uniform())
  }
}
