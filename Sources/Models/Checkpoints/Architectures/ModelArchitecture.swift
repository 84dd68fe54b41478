/// How one family of models lays out its tensors: what a checkpoint of it must hold, what LoRA can adapt in it, and the
/// names that Hugging Face's libraries use for each.
///
/// A new family is a conforming type and a case of `ModelConfiguration`; reading, layouts, and export follow from it.
package protocol ModelArchitecture: Sendable, Hashable, Codable {
  /// What the names of the backbone's tensors start with in a checkpoint that has a head.
  static var prefix: String { get }
  /// What LoRA can adapt, in the order of the forward pass within a layer.
  static var targets: [AdaptationTarget] { get }

  /// `model_type` in config.json.
  var modelType: String { get }
  /// The Python module that `transformers` has the model in.
  var pythonModule: String { get }
  /// The class in that module that has the head.
  func className(with head: ModelHead) -> String
  /// Whether a model of this family can have a language-model head.
  var predictsTokens: Bool { get }
  /// Standard deviation of new weights.
  var initializerRange: Double { get }
  var layerCount: Int { get }
  /// The names of the head's classes, by index.
  var labels: [String] { get set }
  /// All tensors but the head's, in the order of the forward pass.
  var backboneTensors: [CheckpointTensor] { get }
  /// The tensors of the head that the backbone does not share.
  func headTensors(_ head: ModelHead) -> [CheckpointTensor]
  /// Numbers that one sample leaves in memory until its gradient is there, estimated from the shapes: for each token
  /// the inputs of the products, and the shares of attention.
  var activationElements: Int { get }
  /// Every linear layer that `targets` names, layer by layer.
  var linears: [AdaptableLinear] { get }
  /// Whether a tensor that the model does not use may be in the file all the same.
  func ignores(_ name: String) -> Bool
}

/// A kind of linear layer that LoRA can adapt.
package struct AdaptationTarget: Hashable, Sendable {
  /// The name in Tenbin and in version 4 of transformers.
  package let name: String
  /// The name in PEFT adapters for version 5 of transformers.
  package let adapterName: String
  /// Further names that a specification may use.
  package let aliases: [String]

  package func answers(to name: String) -> Bool { name == self.name || name == adapterName || aliases.contains(name) }
}

/// One linear layer that LoRA can adapt.
package struct AdaptableLinear: Hashable, Sendable {
  /// The `AdaptationTarget.name` it belongs to.
  package let target: String
  package let layer: Int
  /// Its module in the checkpoint file, with the prefix.
  package let fileName: String
  /// Its module in PEFT adapters for version 5 of transformers.
  package let adapterName: String
  package let inputs: Int
  package let outputs: Int

  /// The canonical name of the factor A, of shape [rank, inputs].
  package var factorA: String { fileName + ".lora_A.weight" }
  /// The canonical name of the factor B, of shape [outputs, rank].
  package var factorB: String { fileName + ".lora_B.weight" }
}

/// A tensor that a checkpoint holds, by its canonical name: the name on disk with the architecture's prefix.
package struct CheckpointTensor: Hashable, Sendable {
  package let name: String
  package let shape: [Int]
  /// How `transformers` fills it in a model that was never trained.
  package let fresh: ParameterStart

  /// The name without its last part.
  var module: String { name.split(separator: ".").dropLast().joined(separator: ".") }
  package var count: Int { shape.reduce(1, *) }
}

/// How a parameter starts.
package enum ParameterStart: Hashable, Sendable {
  /// With the values of the base checkpoint.
  case checkpoint
  case zeros
  case ones
  case constant(Double)
  /// Normal with mean zero. (`transformers` truncates some of these at ±2, a hundred standard deviations away.)
  case normal(deviation: Double)
  /// Uniform in [−bound, bound): Kaiming-uniform with a = √5 has the bound 1/√inputs (He et al. 2015, as PEFT uses it).
  case uniform(bound: Double)
}
