package import Support

/// One parameter that is trained, and its range in the flat buffer.
package struct TrainableParameter: Hashable, Sendable {
  /// The canonical name: the tensor's name on disk with the architecture's prefix, `.lora_A.weight` or
  /// `.lora_B.weight` after the module for LoRA's factors.
  package let name: String
  package let shape: [Int]
  /// The index of its first element in the flat buffer.
  package let offset: Int
  package let start: ParameterStart

  package var count: Int { shape.reduce(1, *) }
  package var range: Range<Int> { offset..<(offset + count) }
}

/// The order of everything that is trained in one flat buffer of 32-bit floats: what coordinator and workers mean when
/// they exchange parameters and gradients.
///
/// LoRA's factors come first, linear layer by linear layer in the model's order, A before B; for full fine-tuning the
/// tensors of the backbone in the order of the forward pass; the head last, a classifier in every method and a language
/// model's own in full fine-tuning.
package struct TrainableLayout: Hashable, Sendable {
  package let configuration: ModelConfiguration
  package let method: AdaptationMethod
  package let head: ModelHead
  package let parameters: [TrainableParameter]
  /// The length of the flat buffer.
  package let count: Int

  /// Throws if LoRA does not fit the model, or the model cannot have the head.
  package init(configuration: ModelConfiguration, method: AdaptationMethod, head: ModelHead) throws(CheckpointError) {
    let architecture = configuration.architecture
    try Self.check(head, on: architecture)
    var described: [(name: String, shape: [Int], start: ParameterStart)] = []
    switch method {
    case .head: break
    case .lora(let lora):
      for linear in try lora.linears(in: architecture) {
        let bound = 1 / Double(linear.inputs).squareRoot()
        described.append((linear.factorA, [lora.rank, linear.inputs], .uniform(bound: bound)))
        described.append((linear.factorB, [linear.outputs, lora.rank], .zeros))
      }
    case .full: described = architecture.backboneTensors.map { ($0.name, $0.shape, .checkpoint) }
    }
    let headTensors = architecture.headTensors(head)
    switch head {
    case .classifier: described += headTensors.map { ($0.name, $0.shape, $0.fresh) }
    case .languageModel where method == .full: described += headTensors.map { ($0.name, $0.shape, .checkpoint) }
    case .languageModel: break
    }
    var offset = 0
    parameters = described.map { parameter in
      let placed = TrainableParameter(
        name: parameter.name, shape: parameter.shape, offset: offset, start: parameter.start)
      offset += placed.count
      return placed
    }
    count = offset
    self.configuration = configuration
    self.method = method
    self.head = head
  }

  package init(configuration: ModelConfiguration, method: AdaptationMethod, labels: Int) throws(CheckpointError) {
    try self.init(configuration: configuration, method: method, head: .classifier(labels: labels))
  }

  /// The number of classes of the head, 0 for a language model.
  package var labels: Int { if case .classifier(let labels) = head { labels } else { 0 } }

  private static func check(_ head: ModelHead, on architecture: any ModelArchitecture) throws(CheckpointError) {
    if case .classifier(let labels) = head, labels < 1 {
      throw CheckpointError(file: "layout", problem: .invalidAdapter(reason: "\(labels) labels; expected at least one"))
    }
    if head == .languageModel, !architecture.predictsTokens {
      throw CheckpointError(
        file: "layout",
        problem: .unsupported(
          key: "the head", found: "a language model's on \(architecture.modelType)", supported: "a classifier"))
    }
  }

  /// The flat buffer at step 0: the head and LoRA's A drawn from `key[parameter name]`, so that a head starts alike
  /// under every method that has the same key; B zero; the rest as in `checkpoint`.
  ///
  /// With `keepHead` the checkpoint's own head is kept if it has the same number of classes. Throws
  /// `CheckpointError` or `SafetensorsError` where a tensor is missing in the checkpoint.
  package func initialValues(
    from checkpoint: CheckpointFolder, key: RandomKey, keepHead: Bool = false
  ) throws -> [Float] {
    let head = Set(configuration.architecture.headTensors(head).map(\.name))
    let headIsKept = keepHead && checkpoint.headLabels == labels
    var values: [Float] = []
    values.reserveCapacity(count)
    for parameter in parameters {
      let start = headIsKept && head.contains(parameter.name) ? .checkpoint : parameter.start
      if start == .checkpoint {
        values += try checkpoint.floats(parameter.name)
      } else {
        values += start.values(count: parameter.count, key: key[parameter.name])
      }
    }
    return values
  }
}

extension ParameterStart {
  /// `count` values; what the checkpoint would decide is zero here.
  func values(count: Int, key: RandomKey) -> [Float] {
    switch self {
    case .zeros, .checkpoint: return [Float](repeating: 0, count: count)
    case .ones: return [Float](repeating: 1, count: count)
    case .constant(let value): return [Float](repeating: Float(value), count: count)
    case .normal(let deviation):
      var generator = key.generator
      return (0..<count).map { _ in Float(deviation * generator.normal()) }
    case .uniform(let bound):
      var generator = key.generator
      return (0..<count).map { _ in Float(bound * (2 * generator.uniform() - 1)) }
    }
  }
}

/// The part of a model below everything that is trained: what it computes depends on the item alone, so that it need
/// be computed once for all steps, epochs and models.
package enum FrozenPrefix: Hashable, Sendable {
  /// The embedding and this many blocks.
  case blocks(Int)
  /// All but the head.
  case features

  /// The number of blocks, for a prefix that ends between blocks.
  package var blockCount: Int? { if case .blocks(let count) = self { count } else { nil } }
}

extension TrainableLayout {
  /// The prefix below the lowest adapted layer; nil if it holds no whole block.
  package var frozenPrefix: FrozenPrefix? {
    switch method {
    case .head: return .features
    case .full: return nil
    case .lora(let lora):
      let lowest = (try? lora.linears(in: configuration.architecture))?.map(\.layer).min() ?? 0
      return lowest > 0 ? .blocks(lowest) : nil
    }
  }
}

/// The head on top of a backbone.
package enum ModelHead: Hashable, Sendable, Codable {
  /// One logit per class, from the backbone's pooled output for an image or a text; always trained.
  case classifier(labels: Int)
  /// One logit per token of the vocabulary at each position; the checkpoint's own, trained with all weights only.
  case languageModel
}

/// The arithmetic of a model's matrix products, and the type in which its frozen weights are held.
///
/// Trained parameters, gradients, norms and the optimizer are Float32 in either.
package enum Precision: String, Hashable, Sendable, CaseIterable, Codable {
  case float32 = "fp32"
  case bfloat16 = "bf16"
}

/// Weights of a model that was never trained.
package enum RandomCheckpoint {
  /// A flat buffer in the order of the `.full` layout, filled as `transformers` fills a new model: normal weights,
  /// class token and position embeddings of standard deviation `initializer_range`, zero biases, layer norms of ones.
  package static func values(configuration: ModelConfiguration, head: ModelHead, key: RandomKey) -> [Float] {
    let architecture = configuration.architecture
    let tensors = architecture.backboneTensors + architecture.headTensors(head)
    return tensors.flatMap { $0.fresh.values(count: $0.count, key: key[$0.name]) }
  }
}
