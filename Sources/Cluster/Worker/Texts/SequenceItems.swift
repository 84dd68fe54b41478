internal import Checkpoints
internal import Models
internal import Support
internal import Torch
internal import Transport

/// The items of a text audit: token sequences from the catalogue.
struct SequenceItems {
  struct Item {
    let label: Int
    /// The range of the item's sequences among all; at least one.
    let sequences: Range<Int>
  }

  struct Sequence {
    /// At least one.
    let tokens: [Int]
    /// The position of the first token that a language model learns or scores.
    let firstTarget: Int

    /// One for each token.
    var isTarget: [Bool] { tokens.indices.map { $0 >= firstTarget } }
  }

  let items: [Item]
  /// The sequences of all items, item by item.
  let sequences: [Sequence]

  /// - Throws: `WorkerError` if an item has no tokens.
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
      items.append(Item(label: Int(item.label), sequences: all.count..<all.count + sequences.count))
      all += sequences
    }
    (self.items, self.sequences) = (items, all)
  }

  /// - Throws: `WorkerError` if there is no such item.
  subscript(position: Int) -> Item {
    get throws(WorkerError) {
      guard items.indices.contains(position) else {
        throw WorkerError(.failure, "a lease names item \(position), but the catalogue holds \(items.count)")
      }
      return items[position]
    }
  }

  /// The first sequence of an item.
  func first(_ position: Int) throws(WorkerError) -> Sequence { sequences[try self[position].sequences.lowerBound] }

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

/// Groups texts of a block by similar length, so that there is little padding. Which texts share a product depends on the
/// block alone.
enum SimilarLengths {
  /// The positions of texts that are computed together, shorter texts first.
  static func parts(of lengths: [Int]) -> [[Int]] {
    let sorted = lengths.indices.sorted { (lengths[$0], $0) < (lengths[$1], $1) }
    return stride(from: 0, to: sorted.count, by: size).map {
      Array(sorted[$0..<min($0 + size, sorted.count)])
    }
  }

  /// The number of texts that share a product.
  private static let size = 8
}

/// The activations of token sequences after a model's frozen prefix, as batches padded on the right.
final class TextActivations {
  private let states: FrozenActivations
  private let items: SequenceItems
  private let hidden: Int
  private let prefix: FrozenPrefix

  /// - Parameters:
  ///   - hidden: the width of an activation.
  ///   - compute: the activations of one sequence.
  init(
    of items: SequenceItems, behind prefix: FrozenPrefix, hidden: Int, settings: ComputationSettings,
    compute: @escaping (_ tokens: [Int]) throws -> Tensor
  ) {
    (self.items, self.prefix, self.hidden) = (items, prefix, hidden)
    let rows = items.sequences.map { prefix == .features ? 1 : $0.tokens.count }
    states = FrozenActivations(
      sizes: rows.map { $0 * hidden }, key: settings.key(of: prefix, items: items.identity),
      limit: settings.activationCacheLimit
    ) { try compute(items.sequences[$0].tokens) }
  }

  /// The activations of some sequences, by their positions among all: [sequences, length, hidden], or [sequences, hidden]
  /// where only the head is trained.
  func batch(_ indices: [Int], length: Int) throws -> Tensor {
    guard prefix != .features else {
      return try states.rows(indices, width: hidden, shape: [indices.count, hidden])
    }
    return try states.rows(indices, width: length * hidden, shape: [indices.count, length, hidden])
  }
}

/// The model of an arm, and its cached activations.
final class TextArm<Model: TextModel> {
  let model: Model
  let states: TextActivations?

  init(model: Model, items: SequenceItems, settings: ComputationSettings) {
    self.model = model
    states = model.frozenPrefix.map { prefix in
      TextActivations(of: items, behind: prefix, hidden: model.hiddenSize, settings: settings) {
        try model.prefixStates($0)
      }
    }
  }
}
