import Foundation

/// A model's config.json, by architecture.
package enum ModelConfiguration: Hashable, Sendable {
  case vit(ViTConfiguration)
  case swinv2(Swinv2Configuration)
  /// Llama and Mistral.
  case llama(LlamaConfiguration)

  /// The `model_type`s that Tenbin can run.
  package static let supportedTypes = ["vit", "swinv2", "llama", "mistral"]

  /// The part that every architecture describes in the same terms.
  package var architecture: any ModelArchitecture {
    switch self {
    case .vit(let configuration): configuration
    case .swinv2(let configuration): configuration
    case .llama(let configuration): configuration
    }
  }

  /// Reads a config.json; a model of another architecture, or one with features that Tenbin does not have, is an error.
  package static func read(file: String) throws(CheckpointError) -> ModelConfiguration {
    let kind = try JSONFile.read(Kind.self, at: file)
    switch kind.modelType ?? kind.guessedType {
    case "vit": return .vit(try JSONFile.read(ViTConfiguration.self, at: file))
    case "swinv2": return .swinv2(try JSONFile.read(Swinv2Configuration.self, at: file))
    case "llama", "mistral": return .llama(try JSONFile.read(LlamaConfiguration.self, at: file))
    case let found:
      let classes = kind.architectures?.joined(separator: ", ")
      throw CheckpointError(
        file: file,
        problem: .unsupportedArchitecture(
          found: [found.map { "\"\($0)\"" }, classes.map { "(\($0))" }].compactMap(\.self).joined(separator: " "),
          supported: supportedTypes))
    }
  }

  /// The configuration of the same model with a head for `labels`.
  package func with(labels: [String]) -> ModelConfiguration {
    switch self {
    case .vit(var configuration):
      configuration.labels = labels
      return .vit(configuration)
    case .swinv2(var configuration):
      configuration.labels = labels
      return .swinv2(configuration)
    case .llama(var configuration):
      configuration.labels = labels
      return .llama(configuration)
    }
  }

  /// The bytes of the config.json that `transformers` reads for the model with `head` and weights of the type
  /// `dataType`, in the words of PyTorch.
  func json(head: ModelHead, dataType: String = "float32", for path: String) throws(CheckpointError) -> Data {
    try JSONFile.data(
      Document(configuration: self, head: head, dataType: dataType), fractions: Swinv2Configuration.fractionKeys,
      for: path)
  }

  /// A config.json: the keys of the architecture, and those that every architecture has.
  private struct Document: Encodable {
    let configuration: ModelConfiguration
    let head: ModelHead
    let dataType: String

    enum CodingKeys: String, CodingKey {
      case modelType = "model_type"
      case architectures
      case dataType = "dtype"
      /// The word of version 4 of transformers.
      case torchType = "torch_dtype"
    }

    func encode(to encoder: any Encoder) throws {
      let architecture = configuration.architecture
      try architecture.encode(to: encoder)
      var values = encoder.container(keyedBy: CodingKeys.self)
      try values.encode(architecture.modelType, forKey: .modelType)
      try values.encode([architecture.className(with: head)], forKey: .architectures)
      try values.encode(dataType, forKey: .dataType)
      try values.encode(dataType, forKey: .torchType)
    }
  }

  private struct Kind: Decodable {
    let modelType: String?
    let architectures: [String]?

    /// The type of a configuration that names its class only.
    var guessedType: String? {
      let prefixes = ["ViTFor": "vit", "ViTModel": "vit", "Swinv2": "swinv2", "Llama": "llama", "Mistral": "mistral"]
      return architectures?.lazy.compactMap { name in prefixes.first { name.hasPrefix($0.key) }?.value }.first
    }

    enum CodingKeys: String, CodingKey {
      case modelType = "model_type"
      case architectures
    }
  }
}

extension ModelConfiguration {
  /// The names of the head's classes, by index.
  package var labels: [String] { architecture.labels }

  /// Side lengths of the images that the model takes, nil for a model of text.
  package var imageSize: ImageExtent? {
    switch self {
    case .vit(let configuration): configuration.imageSize
    case .swinv2(let configuration): configuration.imageSize
    case .llama: nil
    }
  }
}
