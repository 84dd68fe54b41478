/// A SentencePiece model written by hand: no byte fallback, no prefix.
enum SmallModel {
  static var bytes: [UInt8] {
    let pieces: [(text: String, score: Float, kind: UInt8)] = [
      ("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3), ("a", -3, 1), ("b", -4, 1), ("c", -5, 1), ("▁ab", -1, 1),
      ("▁", -6, 1), ("ab", -2, 1),
    ]
    return pieces.flatMap { message(1, message(1, Array($0.text.utf8)) + score($0.score) + [0x18, $0.kind]) }
      + message(2, [0x18, 2]) + message(3, message(1, Array("identity".utf8)) + [0x18, 1, 0x20, 0])
  }

  private static func message(_ field: UInt8, _ content: [UInt8]) -> [UInt8] {
    [field << 3 | 2, UInt8(content.count)] + content
  }

  private static func score(_ value: Float) -> [UInt8] {
    [0x15] + withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
  }
}
