internal import Support
internal import Transport

/// The items of an audit of texts: token sequences, which the catalogue holds.
struct SequenceItems {
  struct Item {
    let label: Int
    /// Those of the item among all sequences, at least one.
    let places: Range<Int>
  }

  struct Sequence {
    /// At least one.
    let tokens: [Int]
    /// The position of the first token that a language model learns or scores.
    let firstTarget: Int

    /// Of each token.
    var isTarget: [Bool] { tokens.indices.map { $0 >= firstTarget } }
  }

  let items: [Item]
  /// Of all items, item by item.
  let sequences: [Sequence]

  /// - Throws: `WorkerError` where an item has no tokens.
  init(catalogue: Tenbin_Catalogue) throws(WorkerError) {
    var items: [Item] = []
    var all: [Sequence] = []
    for (position, item) in catalogue.items.enumerated() {
      let sequences = item.sequences.map {
        Sequence(tokens: $0.tokens.map(Int.init), firstTarget: Int($0.firstTarget))
      }
      guard !sequences.isEmpty, sequences.allSatisfy({ $0.firstTarget < $0.tokens.count }) else {
        throw WorkerError(.failure, "item \(position) of the catalogue has no tokens")
      }
      items.append(Item(label: Int(item.label), places: all.count..<all.count + sequences.count))
      all += sequences
    }
    (self.items, self.sequences) = (items, all)
  }

  /// - Throws: `WorkerError` where there is no such item.
  subscript(position: Int) -> Item {
    get throws(WorkerError) {
      guard items.indices.contains(position) else {
        throw WorkerError(.failure, "a lease names item \(position), but the catalogue holds \(items.count)")
      }
      return items[position]
    }
  }

  /// The first sequence of an item.
  func first(_ position: Int) throws(WorkerError) -> Sequence { sequences[try self[position].places.lowerBound] }

  /// The digest of all sequences' tokens in their order.
  var identity: ContentHash {
    var hasher = ContentHasher()
    for sequence in sequences {
      hasher.combine(sequence.tokens.count)
      for token in sequence.tokens { hasher.combine(token) }
    }
    return hasher.finish()
  }
}

extension Tenbin_Catalogue {
  /// Tokens of each item's sequences together; 0 of an image.
  var lengths: [Int] { items.map { $0.sequences.reduce(0) { $0 + $1.tokens.count } } }
}
