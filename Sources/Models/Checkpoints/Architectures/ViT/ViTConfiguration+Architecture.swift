extension ViTConfiguration: ModelArchitecture {
  package static let prefix = "vit."
  package var modelType: String { "vit" }
  package var pythonModule: String { "transformers.models.vit.modeling_vit" }
  package func className(with head: ModelHead) -> String { "ViTForImageClassification" }
  package var predictsTokens: Bool { false }

  /// The one table of names: in the file and version 4 of transformers, in adapters for version 5, and short forms.
  package static let targets = [
    AdaptationTarget(name: "attention.attention.query", adapterName: "attention.q_proj", aliases: ["query", "q_proj"]),
    AdaptationTarget(name: "attention.attention.key", adapterName: "attention.k_proj", aliases: ["key", "k_proj"]),
    AdaptationTarget(name: "attention.attention.value", adapterName: "attention.v_proj", aliases: ["value", "v_proj"]),
    AdaptationTarget(name: "attention.output.dense", adapterName: "attention.o_proj", aliases: ["o_proj"]),
    AdaptationTarget(name: "intermediate.dense", adapterName: "mlp.fc1", aliases: ["fc1"]),
    AdaptationTarget(name: "output.dense", adapterName: "mlp.fc2", aliases: ["fc2"]),
  ]

  /// The module that holds layer `index` in the file.
  package static func layerName(_ index: Int) -> String { "vit.encoder.layer.\(index)" }

  package var linears: [AdaptableLinear] {
    (0..<layerCount).flatMap { layer in
      Self.targets.map { target in
        let isExpansion = target.name == "intermediate.dense"
        let isContraction = target.name == "output.dense"
        return AdaptableLinear(
          target: target.name, layer: layer, fileName: "\(Self.layerName(layer)).\(target.name)",
          adapterName: "vit.layers.\(layer).\(target.adapterName)",
          inputs: isContraction ? intermediateSize : hiddenSize, outputs: isExpansion ? intermediateSize : hiddenSize)
      }
    }
  }

  package var backboneTensors: [CheckpointTensor] {
    let weights = ParameterStart.normal(deviation: initializerRange)
    func norm(_ name: String) -> [CheckpointTensor] {
      [
        CheckpointTensor(name: name + ".weight", shape: [hiddenSize], fresh: .ones),
        CheckpointTensor(name: name + ".bias", shape: [hiddenSize], fresh: .zeros),
      ]
    }
    let projection = "vit.embeddings.patch_embeddings.projection"
    let projectionShape = [hiddenSize, channelCount, patchSize.height, patchSize.width]
    var tensors = [
      CheckpointTensor(name: "vit.embeddings.cls_token", shape: [1, 1, hiddenSize], fresh: weights),
      CheckpointTensor(
        name: "vit.embeddings.position_embeddings", shape: [1, patchCount + 1, hiddenSize], fresh: weights),
      CheckpointTensor(name: projection + ".weight", shape: projectionShape, fresh: weights),
      CheckpointTensor(name: projection + ".bias", shape: [hiddenSize], fresh: .zeros),
    ]
    let linearsByLayer = Dictionary(grouping: linears, by: \.layer)
    for layer in 0..<layerCount {
      tensors += norm("\(Self.layerName(layer)).layernorm_before")
      for linear in linearsByLayer[layer] ?? [] {
        if linear.target == "intermediate.dense" { tensors += norm("\(Self.layerName(layer)).layernorm_after") }
        tensors.append(
          CheckpointTensor(name: linear.fileName + ".weight", shape: [linear.outputs, linear.inputs], fresh: weights))
        if hasQueryKeyValueBias || !linear.target.hasPrefix("attention.attention.") {
          tensors.append(CheckpointTensor(name: linear.fileName + ".bias", shape: [linear.outputs], fresh: .zeros))
        }
      }
    }
    return tensors + norm("vit.layernorm")
  }

  package func headTensors(_ head: ModelHead) -> [CheckpointTensor] {
    guard case .classifier(let labels) = head else { return [] }
    return [
      CheckpointTensor(
        name: "classifier.weight", shape: [labels, hiddenSize], fresh: .normal(deviation: initializerRange)),
      CheckpointTensor(name: "classifier.bias", shape: [labels], fresh: .zeros),
    ]
  }

  package var activationElements: Int {
    let tokens = patchCount + 1
    return layerCount * tokens * (10 * hiddenSize + 3 * intermediateSize + 2 * headCount * tokens)
  }

  /// The pooler, the mask token and stored position numbers play no part in classification.
  package func ignores(_ name: String) -> Bool {
    name.hasPrefix("vit.pooler.") || name == "vit.embeddings.mask_token" || name.hasSuffix("position_ids")
  }
}
