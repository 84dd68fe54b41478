/// Byte-pair encoding (Sennrich et al. 2016): a vocabulary, and the merges that make its tokens from shorter ones.
struct BytePairModel: Sendable {
  /// Two neighbouring tokens.
  struct Pair: Hashable, Sendable {
    let left: Int32
    let right: Int32
  }

  /// Lower ranks are merged first.
  struct Merge: Sendable {
    let rank: Int32
    let result: Int32
  }

  let vocabulary: [[UInt8]: Int]
  private let merges: [Pair: Merge]
  /// The tokens of one character, in which every text begins.
  private let characters: [Unicode.Scalar: Int32]
  /// The tokens `<0x00>` to `<0xFF>`, nil where the vocabulary lacks one; empty without byte fallback.
  private let byteTokens: [Int32?]
  private let unknown: Int32?
  private let fusesUnknown: Bool
  private let ignoresMerges: Bool

  /// A model of `vocabulary` with ids that fit 32 bits. Characters outside it become byte tokens with `byteFallback`
  /// where all of their bytes have one, else `unknown`, one for a run of them with `fusesUnknown`, and nothing where
  /// there is no such token. `ignoresMerges` takes a piece that is a token as it is.
  init(
    vocabulary: [[UInt8]: Int], merges: [Pair: Merge], byteFallback: Bool, unknown: Int? = nil,
    fusesUnknown: Bool = false, ignoresMerges: Bool = false
  ) {
    self.vocabulary = vocabulary
    self.merges = merges
    var characters: [Unicode.Scalar: Int32] = [:]
    for (token, id) in vocabulary where token.count <= 4 {
      let scalars = String(decoding: token, as: UTF8.self).unicodeScalars
      if scalars.count == 1, let scalar = scalars.first { characters[scalar] = Int32(id) }
    }
    self.characters = characters
    byteTokens =
      byteFallback ? (0...255).map { vocabulary[ByteToken.text(of: $0)].map { Int32($0) } } : []
    self.unknown = unknown.map { Int32($0) }
    self.fusesUnknown = fusesUnknown
    self.ignoresMerges = ignoresMerges
  }

  /// The ids of a piece of text.
  func encode(_ piece: [Unicode.Scalar]) -> [Int] {
    if ignoresMerges, let id = vocabulary[Array(String(piece).utf8)] { return [id] }
    return merged(symbols(of: piece)).map { Int($0) }
  }

  private func symbols(of piece: [Unicode.Scalar]) -> [Int32] {
    var symbols: [Int32] = []
    symbols.reserveCapacity(piece.count)
    // Unknown characters wait here for the next known one, since byte tokens between two of them do not part them.
    var waiting: Int32?
    for scalar in piece {
      if let id = characters[scalar] {
        if let unknown = waiting { symbols.append(unknown) }
        waiting = nil
        symbols.append(id)
      } else if let bytes = fallback(for: scalar) {
        symbols += bytes
      } else if let unknown {
        if waiting != nil, !fusesUnknown { symbols.append(unknown) }
        waiting = unknown
      }
    }
    if let unknown = waiting { symbols.append(unknown) }
    return symbols
  }

  private func fallback(for scalar: Unicode.Scalar) -> [Int32]? {
    guard !byteTokens.isEmpty else { return nil }
    var tokens: [Int32] = []
    for byte in UTF8.encode(scalar) ?? .init() {
      guard let token = byteTokens[Int(byte)] else { return nil }
      tokens.append(token)
    }
    return tokens
  }

  /// `symbols` with neighbours merged, the lowest rank first and of equal ranks the leftmost, until no pair has one:
  /// a linked list of symbols and a heap of the merges that are possible in it, n log n for n symbols.
  private func merged(_ symbols: [Int32]) -> [Int32] {
    guard symbols.count > 1 else { return symbols }
    var list = SymbolList(symbols)
    var candidates = MergeQueue()
    func offer(_ left: Int) {
      guard let right = list.next(left), let merge = merges[Pair(left: list[left], right: list[right])] else { return }
      candidates.push(.init(rank: merge.rank, position: Int32(left), result: merge.result))
    }
    for position in 0..<(symbols.count - 1) { offer(position) }
    while let candidate = candidates.pop() {
      let left = Int(candidate.position)
      // Merges before this one may have changed the two symbols, or taken one of them.
      guard !list.isRemoved(left), let right = list.next(left),
        merges[Pair(left: list[left], right: list[right])]?.result == candidate.result
      else { continue }
      list.merge(left, into: candidate.result)
      if let previous = list.previous(left) { offer(previous) }
      offer(left)
    }
    return list.symbols
  }
}
