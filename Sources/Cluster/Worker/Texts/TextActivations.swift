internal import Checkpoints
internal import Models
internal import Support
internal import Torch

/// The states of token sequences behind a model's frozen prefix, as batches padded on the right.
final class TextActivations {
  private let states: FrozenActivations
  private let items: SequenceItems
  private let hidden: Int
  private let prefix: FrozenPrefix

  /// - Parameters:
  ///   - hidden: the width of a state.
  ///   - compute: the states of one sequence.
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

  /// Those of some sequences, by their places among all: [sequences, length, hidden], or [sequences, hidden] of what only
  /// the head is trained behind.
  func batch(_ places: [Int], length: Int) throws -> Tensor {
    guard prefix != .features else {
      return try states.rows(places, width: hidden, shape: [places.count, hidden])
    }
    return try states.rows(places, width: length * hidden, shape: [places.count, length, hidden])
  }
}

/// The model of an arm, and what is kept of what it computes below everything that is trained.
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
