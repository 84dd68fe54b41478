extension LlamaConfiguration: ModelArchitecture {
  package static let prefix = "model."
  package var modelType: String { family.rawValue }
  package var pythonModule: String { "transformers.models.\(modelType).modeling_\(modelType)" }
  package var predictsTokens: Bool { true }

  package func className(with head: ModelHead) -> String {
    let name = family == .llama ? "Llama" : "Mistral"
    return head == .languageModel ? "\(name)ForCausalLM" : "\(name)ForSequenceClassification"
  }

  /// The same names in the file and in adapters, for every version of transformers.
  package static let targets = [
    ("self_attn.q_proj", ["q_proj", "query"]), ("self_attn.k_proj", ["k_proj", "key"]),
    ("self_attn.v_proj", ["v_proj", "value"]), ("self_attn.o_proj", ["o_proj"]), ("mlp.gate_proj", ["gate_proj"]),
    ("mlp.up_proj", ["up_proj"]), ("mlp.down_proj", ["down_proj"]),
  ].map { AdaptationTarget(name: $0, adapterName: $0, aliases: $1) }

  private func layerName(_ index: Int) -> String { "model.layers.\(index)" }

  /// [outputs, inputs] of the linear layer `target`.
  private func shape(of target: String) -> [Int] {
    switch target {
    case "self_attn.q_proj": [headCount * headSize, hiddenSize]
    case "self_attn.k_proj", "self_attn.v_proj": [keyValueHeadCount * headSize, hiddenSize]
    case "self_attn.o_proj": [hiddenSize, headCount * headSize]
    case "mlp.down_proj": [hiddenSize, intermediateSize]
    default: [intermediateSize, hiddenSize]
    }
  }

  package var linears: [AdaptableLinear] {
    (0..<layerCount).flatMap { layer in
      Self.targets.map { target in
        let name = "\(layerName(layer)).\(target.name)"
        let shape = shape(of: target.name)
        return AdaptableLinear(
          target: target.name, layer: layer, fileName: name, adapterName: name, inputs: shape[1], outputs: shape[0])
      }
    }
  }

  package var backboneTensors: [CheckpointTensor] {
    let weights = ParameterStart.normal(deviation: initializerRange)
    func norm(_ name: String) -> CheckpointTensor {
      CheckpointTensor(name: name + ".weight", shape: [hiddenSize], fresh: .ones)
    }
    var tensors = [
      CheckpointTensor(name: "model.embed_tokens.weight", shape: [vocabularySize, hiddenSize], fresh: weights)
    ]
    let linearsByLayer = Dictionary(grouping: linears, by: \.layer)
    for layer in 0..<layerCount {
      tensors.append(norm("\(layerName(layer)).input_layernorm"))
      for linear in linearsByLayer[layer] ?? [] {
        if linear.target == "mlp.gate_proj" { tensors.append(norm("\(layerName(layer)).post_attention_layernorm")) }
        tensors.append(
          CheckpointTensor(name: linear.fileName + ".weight", shape: [linear.outputs, linear.inputs], fresh: weights))
        if linear.target.hasPrefix("mlp.") ? hasMLPBias : hasAttentionBias {
          tensors.append(CheckpointTensor(name: linear.fileName + ".bias", shape: [linear.outputs], fresh: .zeros))
        }
      }
    }
    return tensors + [norm("model.norm")]
  }

  package func headTensors(_ head: ModelHead) -> [CheckpointTensor] {
    let weights = ParameterStart.normal(deviation: initializerRange)
    return switch head {
    case .classifier(let labels): [CheckpointTensor(name: "score.weight", shape: [labels, hiddenSize], fresh: weights)]
    case .languageModel where tiesEmbeddings: []
    case .languageModel:
      [CheckpointTensor(name: "lm_head.weight", shape: [vocabularySize, hiddenSize], fresh: weights)]
    }
  }

  package var activationElements: Int {
    let tokens = 256
    return layerCount * tokens * (12 * hiddenSize + 4 * intermediateSize + 2 * headCount * tokens)
  }

  /// Old files keep the rotary angles, and a copy of embeddings that the head shares.
  package func ignores(_ name: String) -> Bool {
    name.hasSuffix("rotary_emb.inv_freq") || name == "model.lm_head.weight" || name == "lm_head.weight"
  }
}
