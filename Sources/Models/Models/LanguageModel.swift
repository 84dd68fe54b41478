package import Checkpoints
package import Support
package import Torch

/// A causal language model in one way of adapting it: computes gradients of what is trained, logits, and texts.
package final class LanguageModel: TextModel {
  package let layout: TrainableLayout
  private let model: Llama
  private let head: Linear
  private let parameters: AdaptedParameters

  /// Builds the model; its trained parameters are zero until the first `load`.
  package init(
    checkpoint: CheckpointFolder, method: AdaptationMethod, precision: Precision = .float32, device: Device = .cpu
  ) throws {
    layout = try TrainableLayout(configuration: checkpoint.configuration, method: method, head: .languageModel)
    parameters = try AdaptedParameters(checkpoint: checkpoint, layout: layout, precision: precision, device: device)
    let scope = ParameterScope(parameters)
    model = try Llama(scope["model"], try checkpoint.configuration.llama(), device: device)
    let (hidden, vocabulary) = (model.configuration.hiddenSize, model.configuration.vocabularySize)
    head =
      model.configuration.tiesEmbeddings
      ? Linear(weight: model.embeddings, type: scope.type)
      : try Linear(scope["lm_head"], inputs: hidden, outputs: vocabulary, hasBias: false)
  }

  package func load(parameters values: UnsafeBufferPointer<Float>) throws { try parameters.load(values) }

  /// The width of the hidden states.
  package var hiddenSize: Int { model.configuration.hiddenSize }

  /// What the model computes of a text before anything that is trained; nil if that is too little to be kept, or
  /// where nothing is trained below the head.
  package var frozenPrefix: FrozenPrefix? {
    if case .blocks = layout.frozenPrefix { layout.frozenPrefix } else { nil }
  }

  /// The states of one text after the frozen prefix, in 32 bits: [tokens, hidden]; without a prefix, those of the
  /// embedding.
  package func prefixStates(_ text: [Int]) throws -> Tensor {
    try model.states(of: text, behind: frozenPrefix)
  }

  /// The sum over target tokens of −log P(token | those before it) and its gradient, in the order of `layout`.
  ///
  /// - Parameters:
  ///   - isTarget: of the shape of the batch; the first token of a text cannot be one.
  ///   - dropout: one key for each text, from which LoRA's dropout draws; without keys nothing is dropped.
  package func gradientSum(
    _ batch: TokenBatch, isTarget: [[Bool]], dropout: [RandomKey] = []
  ) throws -> (lossSum: Double, targets: Int, gradient: [Float]) {
    let targets = try targets(of: batch, isTarget)
    let classes = try Tensor.copying(integers: targets.map(\.token), on: parameters.device)
    let sum = try parameters.dropping(by: dropout, items: batch.count) {
      let logits = try head(hidden(batch).selectedRows(targets.map(\.row), on: parameters.device))
      return try parameters.gradient(of: try logits.crossEntropySum(labels: classes))
    }
    return (sum.lossSum, targets.count, sum.gradient)
  }

  /// The sum over texts of the mean over a text's target tokens of −log P(token | those before it): every text weighs
  /// the same, whatever its length. Its gradient is written to `gradient`, which holds as many elements as the layout.
  ///
  /// - Parameters:
  ///   - isTarget: of the shape of the batch; each text has one at least, and its first token cannot be one.
  ///   - states: the results of `prefixStates` for each text of a batch that is padded on the right: [texts, tokens,
  ///     hidden],
  ///     zero after a text's end.
  ///   - dropout: one key for each text, from which LoRA's dropout draws; without keys nothing is dropped.
  package func meanGradientSum(
    _ batch: TokenBatch, isTarget: [[Bool]], states: Tensor? = nil, dropout: [RandomKey] = [],
    into gradient: UnsafeMutableBufferPointer<Float>
  ) throws -> Double {
    let targets = try targets(of: batch, isTarget)
    let weights = isTarget.flatMap { row in
      let count = row.count(where: \.self)
      return [Float](repeating: 1 / Float(count), count: count)
    }
    return try parameters.dropping(by: dropout, items: batch.count) {
      let rows = try losses(batch, targets, states)
      let sum = try rows.weightedSum(try Tensor.copying(weights, shape: [weights.count], on: parameters.device))
      return try parameters.gradient(of: sum, into: gradient)
    }
  }

  /// For each text the sum over its target tokens of log P(token | those before it).
  ///
  /// - Parameters:
  ///   - isTarget: of the shape of the batch; the first token of a text cannot be one.
  ///   - states: as above.
  package func logLikelihoods(
    _ batch: TokenBatch, isTarget: [[Bool]], states: Tensor? = nil
  ) throws -> [Double] {
    let targets = try targets(of: batch, isTarget)
    let values = try Autograd.withoutGradients { try losses(batch, targets, states).floats() }
    var sums = [Double](repeating: 0, count: batch.count)
    for (target, loss) in zip(targets, values) { sums[target.row / batch.length] -= Double(loss) }
    return sums
  }

  /// −log P of each target: [targets].
  private func losses(
    _ batch: TokenBatch, _ targets: [(row: Int, token: Int)], _ states: Tensor?
  ) throws -> Tensor {
    let classes = try Tensor.copying(integers: targets.map(\.token), on: parameters.device)
    return try head(hidden(batch, states).selectedRows(targets.map(\.row), on: parameters.device))
      .crossEntropyRows(labels: classes)
  }

  /// The logits at every position: [texts, positions, vocabulary].
  package func logits(_ batch: TokenBatch) throws -> Tensor {
    try Autograd.withoutGradients { try head(hidden(batch)).converted(to: .float32) }
  }

  /// The likeliest continuation of each prompt, token by token: until `endTokens` has one, which is part of it, or
  /// `limit` tokens are made. All prompts are worked on together, padded on the left.
  package func continuations(of prompts: [[Int]], limit: Int, endTokens: Set<Int>) throws -> [[Int]] {
    let padding = model.configuration.paddingToken ?? 0
    let batch = try TokenBatch(texts: prompts, padding: padding, on: .left)
    try batch.check(vocabularySize: model.configuration.vocabularySize)
    let cache = model.makeCache(capacity: batch.length + max(0, limit))
    var isText = batch.isText
    var next = batch.tokens
    var results = [[Int]](repeating: [], count: prompts.count)
    var isDone = [Bool](repeating: false, count: prompts.count)
    for _ in 0..<max(0, limit) where isDone.contains(false) {
      let last = [Int](repeating: (next.first?.count ?? 1) - 1, count: prompts.count)
      let logits = try Autograd.withoutGradients {
        try head(model(next, isText: isText, pooling: last, cache: cache)).rows()
      }
      next = []
      for (index, row) in logits.enumerated() {
        let token = isDone[index] ? padding : Self.likeliest(row)
        if !isDone[index] { results[index].append(token) }
        isDone[index] = isDone[index] || endTokens.contains(token)
        isText[index].append(true)
        next.append([token])
      }
    }
    return results
  }

  /// The first of the largest.
  private static func likeliest(_ logits: [Float]) -> Int {
    var best = 0
    for (index, logit) in logits.enumerated() where logit > logits[best] { best = index }
    return best
  }

  /// [texts, positions, hidden]
  private func hidden(_ batch: TokenBatch, _ states: Tensor? = nil) throws -> Tensor {
    try batch.check(vocabularySize: model.configuration.vocabularySize)
    return try model(batch.tokens, isText: batch.isText, from: BlockStates(states, behind: frozenPrefix))
  }

  /// The flattened position before each target token, which predicts it, and the token.
  private func targets(
    of batch: TokenBatch, _ isTarget: [[Bool]]
  ) throws(ModelError) -> [(row: Int, token: Int)] {
    guard isTarget.map(\.count) == batch.tokens.map(\.count) else {
      throw .tokens(expected: "targets of the shape [\(batch.count), \(batch.length)]", found: "another shape")
    }
    var targets: [(row: Int, token: Int)] = []
    for (text, tokens) in batch.tokens.enumerated() {
      for position in tokens.indices where isTarget[text][position] {
        guard position > 0 else {
          throw .tokens(expected: "targets after the first token", found: "the first token of text \(text)")
        }
        targets.append((text * batch.length + position - 1, tokens[position]))
      }
    }
    guard !targets.isEmpty else { throw .tokens(expected: "at least one target token", found: "none") }
    return targets
  }
}
