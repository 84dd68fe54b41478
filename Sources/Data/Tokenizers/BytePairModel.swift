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
  /// The tokens `<0x00>` to `<0xFF>`, nil if the vocabulary has none; empty without byte fallback.
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

/// The symbols of a piece as a doubly linked list in arrays, so that a merge costs the same anywhere.
struct SymbolList {
  private var values: [Int32]
  private var nextPositions: [Int32]
  private var previousPositions: [Int32]

  private static let none: Int32 = -1
  private static let removed: Int32 = -2

  /// A list of at most `Int32.max` symbols.
  init(_ symbols: [Int32]) {
    values = symbols
    nextPositions = symbols.indices.map { Int32($0 + 1) }
    nextPositions[symbols.count - 1] = Self.none
    previousPositions = symbols.indices.map { Int32($0 - 1) }
  }

  subscript(position: Int) -> Int32 { values[position] }

  func next(_ position: Int) -> Int? { nextPositions[position] < 0 ? nil : Int(nextPositions[position]) }

  func previous(_ position: Int) -> Int? {
    previousPositions[position] < 0 ? nil : Int(previousPositions[position])
  }

  func isRemoved(_ position: Int) -> Bool { nextPositions[position] == Self.removed }

  /// Makes the symbol at `position` and the one after it one symbol `result`.
  mutating func merge(_ position: Int, into result: Int32) {
    guard let right = next(position) else { return }
    let after = nextPositions[right]
    values[position] = result
    nextPositions[position] = after
    nextPositions[right] = Self.removed
    if after >= 0 { previousPositions[Int(after)] = Int32(position) }
  }

  /// The symbols that are left, in order.
  var symbols: [Int32] {
    var symbols: [Int32] = []
    var position = values.isEmpty ? nil : Optional(0)
    while let current = position {
      symbols.append(values[current])
      position = next(current)
    }
    return symbols
  }
}

/// A binary heap of possible merges: the lowest rank first, then the leftmost.
struct MergeQueue {
  struct Candidate {
    let rank: Int32
    let position: Int32
    let result: Int32

    fileprivate func precedes(_ other: Candidate) -> Bool { (rank, position) < (other.rank, other.position) }
  }

  private var heap: [Candidate] = []

  mutating func push(_ candidate: Candidate) {
    heap.append(candidate)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].precedes(heap[parent]) else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  mutating func pop() -> Candidate? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return first }
    heap[0] = last
    var parent = 0
    while true {
      var smallest = parent
      let left = 2 * parent + 1
      for child in left...(left + 1) where child < heap.count && heap[child].precedes(heap[smallest]) {
        smallest = child
      }
      guard smallest != parent else { return first }
      heap.swapAt(parent, smallest)
      parent = smallest
    }
  }
}

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
