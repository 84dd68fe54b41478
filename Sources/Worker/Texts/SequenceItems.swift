internal import Wire

/// The items of an audit of texts: token sequences, which the catalogue holds.
struct SequenceItems {
  struct Item {
    let label: Int
    let first: Sequence
    let others: [Sequence]

    var sequences: [Sequence] { [first] + others }
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

  /// - Throws: `WorkerError` where an item has no tokens.
  init(catalogue: Tenbin_Catalogue) throws(WorkerError) {
    var items: [Item] = []
    for (position, item) in catalogue.items.enumerated() {
      let sequences = item.sequences.map {
        Sequence(tokens: $0.tokens.map(Int.init), firstTarget: Int($0.firstTarget))
      }
      guard let first = sequences.first, sequences.allSatisfy({ $0.firstTarget < $0.tokens.count }) else {
        throw WorkerError(.failure, "item \(position) of the catalogue has no tokens")
      }
      items.append(Item(label: Int(item.label), first: first, others: Array(sequences.dropFirst())))
    }
    self.items = items
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
}

extension Tenbin_Catalogue {
  /// Tokens of each item's sequences together; 0 of an image.
  var lengths: [Int] { items.map { $0.sequences.reduce(0) { $0 + $1.tokens.count } } }
}
