/// SentencePiece's tokens for single bytes, such as `<0x0A>`.
enum ByteToken {
  private static let digits = Array("0123456789ABCDEF".utf8)

  static func text(of byte: UInt8) -> [UInt8] {
    Array("<0x".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)], UInt8(ascii: ">")]
  }

  /// The byte that `token` stands for; digits may be in lower case.
  static func byte(of token: some StringProtocol) -> UInt8? {
    guard token.utf8.count == 6, token.hasPrefix("<0x"), token.hasSuffix(">") else { return nil }
    let digits = token.utf8.dropFirst(3).prefix(2)
    guard digits.allSatisfy({ $0 < 0x80 }) else { return nil }
    return UInt8(String(decoding: Array(digits), as: UTF8.self), radix: 16)
  }
}
