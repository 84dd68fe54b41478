import Foundation

extension Swinv2Configuration: ModelArchitecture {
  package static let prefix = "swinv2."
  package var modelType: String { "swinv2" }
  package var pythonModule: String { "transformers.models.swinv2.modeling_swinv2" }
  package func className(with head: ModelHead) -> String { "Swinv2ForImageClassification" }
  package var predictsTokens: Bool { false }

  /// Versions 4 and 5 of transformers name these alike.
  package static let targets = [
    target("attention.self.query", "query"), target("attention.self.key", "key"),
    target("attention.self.value", "value"), target("attention.output.dense"), target("intermediate.dense"),
    target("output.dense"), target(reduction, "reduction"),
  ]

  /// The linear layer between two stages; it counts as one of the last block before it.
  private static let reduction = "downsample.reduction"

  private static func target(_ name: String, _ aliases: String...) -> AdaptationTarget {
    AdaptationTarget(name: name, adapterName: name, aliases: aliases)
  }

  /// Blocks over all stages, which LoRA counts through from 0.
  package var layerCount: Int { depths.reduce(0, +) }

  package var linears: [AdaptableLinear] { blocks.flatMap(\.linears) }

  package var backboneTensors: [CheckpointTensor] {
    let projection = "swinv2.embeddings.patch_embeddings.projection"
    let projectionShape = [embeddingSize, channelCount, patchSize.height, patchSize.width]
    var tensors = [
      CheckpointTensor(name: projection + ".weight", shape: projectionShape, fresh: weights),
      CheckpointTensor(name: projection + ".bias", shape: [embeddingSize], fresh: .zeros),
    ]
    tensors += norm("swinv2.embeddings.norm", embeddingSize)
    tensors += blocks.flatMap(tensors(of:))
    return tensors + norm("swinv2.layernorm", stages.last?.channels ?? embeddingSize)
  }

  package func headTensors(_ head: ModelHead) -> [CheckpointTensor] {
    guard case .classifier(let labels) = head else { return [] }
    let channels = embeddingSize << (depths.count - 1)
    return [
      CheckpointTensor(name: "classifier.weight", shape: [labels, channels], fresh: weights),
      CheckpointTensor(name: "classifier.bias", shape: [labels], fresh: .zeros),
    ]
  }

  package var activationElements: Int {
    stages.reduce(0) { sum, stage in
      let tokens = stage.height * stage.width
      let scores = 6 * stage.headCount * stage.window * stage.window
      return sum + stage.blockCount * tokens * (14 * stage.channels + 3 * stage.intermediateSize + scores)
    }
  }

  /// What masked-image pretraining leaves, and tables that follow from the configuration, play no part.
  package func ignores(_ name: String) -> Bool {
    let tables = [".relative_position_index", ".relative_coords_table", ".attn_mask"]
    return name == "swinv2.embeddings.mask_token" || name.hasPrefix("decoder.")
      || tables.contains(where: name.hasSuffix)
  }

  private var weights: ParameterStart { .normal(deviation: initializerRange) }

  /// One block, and what is between its stage and the next where it is the last of its stage.
  private struct Block {
    let module: String
    let stage: Swinv2Stage
    let linears: [AdaptableLinear]
  }

  private var blocks: [Block] {
    let stages = stages
    var blocks: [Block] = []
    for stage in stages {
      for index in 0..<stage.blockCount {
        let module = "swinv2.encoder.layers.\(stage.index)"
        let block = "\(module).blocks.\(index)"
        let endsStage = index == stage.blockCount - 1 && stage.index < stages.count - 1
        let layer = blocks.count
        let linears = Self.targets.filter { $0.name != Self.reduction || endsStage }.map { target in
          let (inputs, outputs) = Self.sizes(of: target.name, in: stage)
          let name = "\(target.name == Self.reduction ? module : block).\(target.name)"
          return AdaptableLinear(
            target: target.name, layer: layer, fileName: name, adapterName: name, inputs: inputs, outputs: outputs)
        }
        blocks.append(Block(module: block, stage: stage, linears: linears))
      }
    }
    return blocks
  }

  private static func sizes(of target: String, in stage: Swinv2Stage) -> (inputs: Int, outputs: Int) {
    switch target {
    case "intermediate.dense": (stage.channels, stage.intermediateSize)
    case "output.dense": (stage.intermediateSize, stage.channels)
    case reduction: (4 * stage.channels, 2 * stage.channels)
    default: (stage.channels, stage.channels)
    }
  }

  private func tensors(of block: Block) -> [CheckpointTensor] {
    let (stage, attention) = (block.stage, block.module + ".attention.self")
    let bias = attention + ".continuous_position_bias_mlp"
    let hidden = Self.positionBiasWidth
    var tensors = [
      CheckpointTensor(
        name: attention + ".logit_scale", shape: [stage.headCount, 1, 1], fresh: .constant(log(10))),
      CheckpointTensor(name: bias + ".0.weight", shape: [hidden, 2], fresh: weights),
      CheckpointTensor(name: bias + ".0.bias", shape: [hidden], fresh: .zeros),
      CheckpointTensor(name: bias + ".2.weight", shape: [stage.headCount, hidden], fresh: weights),
    ]
    for linear in block.linears {
      tensors.append(
        CheckpointTensor(name: linear.fileName + ".weight", shape: [linear.outputs, linear.inputs], fresh: weights))
      if hasBias(linear.target) {
        tensors.append(CheckpointTensor(name: linear.fileName + ".bias", shape: [linear.outputs], fresh: .zeros))
      }
      switch linear.target {
      case "attention.output.dense": tensors += norm(block.module + ".layernorm_before", stage.channels)
      case "output.dense": tensors += norm(block.module + ".layernorm_after", stage.channels)
      case Self.reduction:
        tensors += norm(linear.fileName.replacing(Self.reduction, with: "downsample.norm"), linear.outputs)
      default: break
      }
    }
    return tensors
  }

  private func hasBias(_ target: String) -> Bool {
    switch target {
    case "attention.self.query", "attention.self.value": hasQueryValueBias
    case "attention.self.key", Self.reduction: false
    default: true
    }
  }

  private func norm(_ name: String, _ size: Int) -> [CheckpointTensor] {
    [
      CheckpointTensor(name: name + ".weight", shape: [size], fresh: .ones),
      CheckpointTensor(name: name + ".bias", shape: [size], fresh: .zeros),
    ]
  }

  /// Hidden units of the network that makes the position bias.
  package static let positionBiasWidth = 512
}
