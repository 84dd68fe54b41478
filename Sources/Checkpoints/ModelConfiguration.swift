import Foundation

/// A model's config.json, by architecture.
package enum ModelConfiguration: Hashable, Sendable {
  case vit(ViTConfiguration)

  /// The `model_type`s that Tenbin can run.
  package static let supportedTypes = [ViTConfiguration.modelType]

  /// The part that every architecture describes in the same terms.
  package var architecture: any ModelArchitecture {
    switch self {
    case .vit(let configuration): configuration
    }
  }

  /// Reads a config.json; a model of another architecture, or one with features that Tenbin lacks, is an error.
  package static func read(file: String) throws(CheckpointError) -> ModelConfiguration {
    let kind = try JSONFile.read(Kind.self, at: file)
    switch kind.modelType ?? kind.guessedType {
    case ViTConfiguration.modelType: return .vit(try JSONFile.read(ViTConfiguration.self, at: file))
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
    }
  }

  /// The bytes of the config.json that `transformers` reads.
  func json(for path: String) throws(CheckpointError) -> Data {
    switch self {
    case .vit(let configuration): try JSONFile.data(configuration, for: path)
    }
  }

  private struct Kind: Decodable {
    let modelType: String?
    let architectures: [String]?

    /// The type of a configuration that names its class only.
    var guessedType: String? {
      architectures?.contains { $0.hasPrefix("ViTFor") || $0 == "ViTModel" } == true ? ViTConfiguration.modelType : nil
    }

    enum CodingKeys: String, CodingKey {
      case modelType = "model_type"
      case architectures
    }
  }
}

extension ModelConfiguration {
  /// The names of the classes that the checkpoint's head tells apart, by index.
  package var labels: [String] { architecture.labels }
  /// Side lengths of the images that the model takes.
  package var imageSize: ImageExtent { architecture.imageSize }
}
