extension BytePairModel {
  /// The merges that transformers 5.23 (`generate_merges`) derives from a SentencePiece vocabulary: every way to make
  /// a piece of two others; lower ids first, and for one piece the shorter left part. SentencePiece itself goes by the
  /// pieces' scores, which differ from the order of ids in Mistral's vocabulary for the pieces of spaces only.
  static func merges(of vocabulary: [[UInt8]: Int]) -> [Pair: Merge] {
    var merges: [Pair: Merge] = [:]
    var rank: Int32 = 0
    for (piece, id) in vocabulary.sorted(by: { $0.value < $1.value }) {
      // Only before the first byte of a character, never inside one.
      for cut in piece.indices.dropFirst() where piece[cut] & 0xC0 != 0x80 {
        guard let left = vocabulary[Array(piece[..<cut])], let right = vocabulary[Array(piece[cut...])] else {
          continue
        }
        merges[Pair(left: Int32(left), right: Int32(right))] = Merge(rank: rank, result: Int32(id))
        rank += 1
      }
    }
    return merges
  }
}
