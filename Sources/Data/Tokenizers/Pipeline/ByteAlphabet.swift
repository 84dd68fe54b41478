/// GPT-2's reversible alphabet, in which every byte is a printable character (Radford et al. 2019, `bytes_to_unicode`).
enum ByteAlphabet {
  private static let scalarOfByte: [Unicode.Scalar] = {
    let printable = [0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF] as [ClosedRange<UInt32>]
    var next: UInt32 = 0x100
    return (0..<256).map { (byte: UInt32) in
      if printable.contains(where: { $0.contains(byte) }) { return Unicode.Scalar(UInt8(byte)) }
      defer { next += 1 }
      return Unicode.Scalar(next) ?? "\u{FFFD}"
    }
  }()

  private static let byteOfScalar = Dictionary(
    uniqueKeysWithValues: scalarOfByte.enumerated().map { ($1, UInt8($0)) })

  static func scalars(for bytes: some Sequence<UInt8>) -> [Unicode.Scalar] { bytes.map { scalarOfByte[Int($0)] } }

  /// The bytes that `token` stands for; nil if a character is not of the alphabet.
  static func bytes(for token: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    for scalar in token.unicodeScalars {
      guard let byte = byteOfScalar[scalar] else { return nil }
      bytes.append(byte)
    }
    return bytes
  }
}
