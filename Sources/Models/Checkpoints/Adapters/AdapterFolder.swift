import Foundation

/// A PEFT folder with a LoRA adapter, under the names of version 5 of transformers or of version 4.
package struct AdapterFolder: Sendable {
  package let path: String
  package let lora: LoRAConfiguration
  package let layout: TrainableLayout
  /// The adapter's factors and head in the order of `layout`; the head is the base's where the adapter has none.
  package let values: [Float]
  /// The names of the head's classes, by index.
  package let labels: [String]
  /// Whether `labels` are names that somebody gave, rather than numbers.
  package let hasNamedLabels: Bool

  package var method: AdaptationMethod { .lora(lora) }

  /// Reads the adapter in `folder` for the model in `base`. Throws `CheckpointError` or `SafetensorsError`.
  package init(path folder: String, base: CheckpointFolder) throws {
    path = folder
    let configurationFile = "\(folder)/adapter_config.json"
    let adapter = try JSONFile.read(AdapterConfiguration.self, at: configurationFile)
    guard adapter.unsupported.isEmpty else {
      throw CheckpointError(
        file: configurationFile,
        problem: .unsupported(
          key: "the adapter", found: adapter.unsupported.joined(separator: ", "), supported: "plain LoRA"))
    }
    let weights = "\(folder)/adapter_model.safetensors"
    if !FileManager.default.fileExists(atPath: weights) {
      guard !FileManager.default.fileExists(atPath: "\(folder)/adapter_model.bin") else {
        throw CheckpointError(file: folder, problem: .pickle(found: "adapter_model.bin"))
      }
      throw CheckpointError(file: folder, problem: .missingFile(expected: "adapter_model.safetensors"))
    }
    let file = try SafetensorsFile(path: weights)
    let architecture = base.configuration.architecture
    let found = AdapterTensors(file: file, architecture: architecture)
    guard !found.targets.isEmpty else {
      throw CheckpointError(
        file: weights,
        problem: .invalidAdapter(
          reason:
            "none of its tensors is a LoRA factor of \(architecture.className(with: .classifier(labels: 1))), the model in "
            + "\(base.path); found \(file.names.prefix(3).joined(separator: ", "))"))
    }
    let targets = type(of: architecture).targets.map(\.name).filter(found.targets.contains)
    lora = LoRAConfiguration(
      rank: adapter.rank, alpha: adapter.alpha, targets: targets,
      layers: found.layers.count == architecture.layerCount ? .all : .listed(found.layers.sorted()),
      dropout: adapter.dropout, isRankStabilized: adapter.isRankStabilized)

    let head = try Self.head(of: found, file: file, base: base)
    layout = try TrainableLayout(configuration: base.configuration, method: .lora(lora), head: head)
    values = try found.values(in: layout, file: file, base: base)
    let own = try Self.ownLabels(in: folder)
    let names = own ?? base.configuration.labels
    let numbered = (0..<layout.labels).map { "LABEL_\($0)" }
    labels = names.count == layout.labels ? names : numbered
    // A head that came without names may tell apart anything, as many classes as the base's it may have.
    let hasOwnHead = architecture.headTensors(head).contains { found.fileNames[$0.name] != nil }
    hasNamedLabels = labels != numbered && (own != nil || !hasOwnHead)
  }

  /// The adapter's own classifier, else its base's, else the base's language-model head.
  private static func head(
    of tensors: AdapterTensors, file: SafetensorsFile, base: CheckpointFolder
  ) throws(CheckpointError) -> ModelHead {
    let weight = base.configuration.architecture.headTensors(.classifier(labels: 1)).first?.name
    let own = weight.flatMap { tensors.fileNames[$0] }.flatMap(file.entry)?.shape.first
    if let labels = own ?? base.headLabels { return .classifier(labels: labels) }
    guard base.hasLanguageModelHead else {
      throw CheckpointError(
        file: file.path,
        problem: .invalidAdapter(reason: "neither the adapter nor its base has a head; expected modules_to_save"))
    }
    return .languageModel
  }

  /// The names in the config.json beside the adapter, which PEFT does not write, but Tenbin and others do.
  private static func ownLabels(in folder: String) throws -> [String]? {
    let configuration = "\(folder)/config.json"
    guard FileManager.default.fileExists(atPath: configuration) else { return nil }
    return try JSONFile.read(LabelNames.self, at: configuration).names
  }
}
