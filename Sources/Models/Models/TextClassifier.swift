package import Checkpoints
package import Support
package import Torch

/// A text classification model in one way of adapting it: computes gradients of what is trained, and logits.
///
/// The head reads the last token of a text that is not the checkpoint's padding token, as `transformers` does.
package final class TextClassifier: TextModel {
  package let layout: TrainableLayout
  private let model: Llama
  private let head: Linear
  private let parameters: AdaptedParameters

  /// Builds the model; its trained parameters are zero until the first `load`.
  package init(
    checkpoint: CheckpointFolder, method: AdaptationMethod, labels: Int, precision: Precision = .float32,
    device: Device = .cpu
  ) throws {
    layout = try TrainableLayout(configuration: checkpoint.configuration, method: method, labels: labels)
    parameters = try AdaptedParameters(checkpoint: checkpoint, layout: layout, precision: precision, device: device)
    let scope = ParameterScope(parameters)
    model = try Llama(scope["model"], try checkpoint.configuration.llama(), device: device)
    head = try Linear(scope["score"], inputs: model.configuration.hiddenSize, outputs: labels, hasBias: false)
  }

  package func load(parameters values: UnsafeBufferPointer<Float>) throws { try parameters.load(values) }

  /// The width of the hidden states.
  package var hiddenSize: Int { model.configuration.hiddenSize }

  /// The frozen part before the first trained parameter, whose output can be cached; nil if it is too small for that.
  package var frozenPrefix: FrozenPrefix? { layout.frozenPrefix }

  /// The states of one text after the frozen prefix, in 32 bits: [tokens, hidden], or [1, hidden] where only the head
  /// is trained; without a prefix, those of the embedding.
  package func prefixStates(_ text: [Int]) throws -> Tensor {
    guard frozenPrefix == .features else { return try model.states(of: text, behind: frozenPrefix) }
    let batch = try TokenBatch(tokens: [text])
    return try Autograd.withoutGradients { try pooled(batch).converted(to: .float32) }
  }

  /// The sum over texts of the cross-entropy and its gradient, in the order of `layout`; `labels` holds one class for
  /// each text, `dropout` one key for each, from which LoRA's dropout draws; without keys nothing is dropped.
  ///
  /// - Parameter states: the results of `prefixStates` for each text of a batch that is padded on the right:
  ///   [texts, tokens, hidden], zero after a text's end, or [texts, hidden].
  package func gradientSum(
    _ batch: TokenBatch, states: Tensor? = nil, labels: [Int], dropout: [RandomKey] = []
  ) throws -> (lossSum: Double, gradient: [Float]) {
    try lossSum(batch, states, labels: labels, dropout: dropout) { try parameters.gradient(of: $0) }
  }

  /// The sum over texts of the cross-entropy, as above; its gradient is written to `gradient`, which holds as many
  /// elements as the layout.
  package func gradientSum(
    _ batch: TokenBatch, states: Tensor? = nil, labels: [Int], dropout: [RandomKey] = [],
    into gradient: UnsafeMutableBufferPointer<Float>
  ) throws -> Double {
    try lossSum(batch, states, labels: labels, dropout: dropout) { try parameters.gradient(of: $0, into: gradient) }
  }

  private func lossSum<Result>(
    _ batch: TokenBatch, _ states: Tensor?, labels: [Int], dropout: [RandomKey],
    _ gradient: (Tensor) throws -> Result
  ) throws -> Result {
    try ModelError.check(labels: labels, items: batch.count, classes: layout.labels)
    let classes = try Tensor.copying(integers: labels, on: parameters.device)
    return try parameters.dropping(by: dropout, items: batch.count) {
      let features =
        layout.method == .head
        ? try Autograd.withoutGradients { try pooled(batch, states) } : try pooled(batch, states)
      return try gradient(try head(features).crossEntropySum(labels: classes))
    }
  }

  /// The logits of each text, one row per text; `states` as above.
  package func logits(_ batch: TokenBatch, states: Tensor? = nil) throws -> [[Float]] {
    try Autograd.withoutGradients { try head(pooled(batch, states)).rows() }
  }

  /// The hidden state of one token a text: [texts, hidden].
  private func pooled(_ batch: TokenBatch, _ states: Tensor? = nil) throws -> Tensor {
    if case .features = frozenPrefix, let states { return try states.moved(to: parameters.device) }
    try batch.check(vocabularySize: model.configuration.vocabularySize)
    let padding = model.configuration.paddingToken
    let positions = zip(batch.tokens, batch.isText).map { tokens, isText in
      // Without a padding token the mask tells; a text of padding alone is read at its start, as transformers does.
      (padding.map { padding in tokens.lastIndex { $0 != padding } } ?? isText.lastIndex(of: true)) ?? 0
    }
    return try model(
      batch.tokens, isText: batch.isText, pooling: positions, from: BlockStates(states, behind: frozenPrefix))
  }
}

extension ModelConfiguration {
  /// The configuration of a Llama or Mistral. Throws if the model is another.
  func llama() throws(ModelError) -> LlamaConfiguration {
    guard case .llama(let configuration) = self else {
      throw .architecture(expected: "a model of text (llama or mistral)", found: architecture.modelType)
    }
    return configuration
  }
}
