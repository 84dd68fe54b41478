import Foundation
import Support

/// The description of a checkpoint, and the memory needed to adapt it, in bytes.
package struct ModelDescription: Sendable, Codable {
  package let architecture: String
  /// `classifier`, `language model` or none.
  package let head: String
  package let labels: [String]
  package let layers: Int
  package let parameters: Int
  /// The types of the tensors in the files, the most frequent first.
  package let types: [String]
  package let bytesOnDisk: Int
  package let rank: Int
  package let loraParameters: Int
  /// Needs by method and precision.
  package let needs: [Need]

  /// The memory of adapting the model in one way.
  package struct Need: Sendable, Codable {
    package let method: String
    package let precision: String
    /// One map of the frozen base, which all workers of a host share; in addition where files are converted, their size
    /// on disk.
    package let sharedBytes: Int
    package let convertedBytesOnDisk: Int
    /// Parameters, gradients and their copies, in each worker.
    package let bytesPerWorker: Int
    /// Activations of one sample in each worker, estimated from the shapes: 256 tokens of a text.
    package let activationBytesPerSample: Int
    /// Parameters, two moments and gradients, in the coordinator.
    package let coordinatorBytes: Int

    /// With `workers` and micro-batches of `samples`.
    package func total(workers: Int, samples: Int) -> Int {
      sharedBytes + coordinatorBytes + workers * (bytesPerWorker + samples * activationBytesPerSample)
    }
  }

  /// - Parameter rank: of LoRA on queries and values, where it is reckoned with. Throws `CheckpointError`.
  package init(_ checkpoint: CheckpointFolder, rank: Int) throws {
    let configuration = checkpoint.configuration
    let model = configuration.architecture
    let modelHead: ModelHead =
      checkpoint.headLabels.map { .classifier(labels: $0) }
      ?? (checkpoint.hasLanguageModelHead ? .languageModel : .classifier(labels: configuration.labels.count))
    let lora = try TrainableLayout(
      configuration: configuration,
      method: .lora(LoRAConfiguration(rank: rank, alpha: 16, targets: ["query", "value"])), head: modelHead)
    let full = try TrainableLayout(configuration: configuration, method: .full, head: modelHead)
    let entries = checkpoint.canonicalNames.compactMap { checkpoint.entry($0) }
    let backbone = model.backboneTensors.reduce(0) { $0 + $1.count }
    architecture = model.className(with: modelHead)
    head = checkpoint.headLabels != nil ? "classifier" : checkpoint.hasLanguageModelHead ? "language model" : "none"
    labels = checkpoint.headLabels == nil ? [] : configuration.labels
    layers = model.layerCount
    parameters = entries.reduce(0) { $0 + $1.elementCount }
    let counts = Dictionary(grouping: entries, by: \.type).mapValues { $0.reduce(0) { $0 + $1.elementCount } }
    types = counts.sorted { ($0.value, $1.key.rawValue) > ($1.value, $0.key.rawValue) }.map(\.key.rawValue)
    bytesOnDisk = entries.reduce(0) { $0 + $1.range.count }
    self.rank = rank
    loraParameters = lora.count
    needs = Precision.allCases.flatMap { precision in
      let size = precision.elementType.byteCount
      let converted = entries.contains { $0.type != precision.elementType } ? size * backbone : 0
      let activations = model.activationElements * size
      return [
        Need(
          method: "lora", precision: precision.rawValue, sharedBytes: size * backbone,
          convertedBytesOnDisk: converted, bytesPerWorker: 12 * lora.count, activationBytesPerSample: activations,
          coordinatorBytes: 16 * lora.count),
        Need(
          method: "full", precision: precision.rawValue, sharedBytes: 0, convertedBytesOnDisk: 0,
          bytesPerWorker: (precision == .bfloat16 ? 14 : 12) * full.count, activationBytesPerSample: activations,
          coordinatorBytes: 16 * full.count),
      ]
    }
  }

  /// Bytes that this machine can give to new processes; 0 if the system does not tell.
  package static var availableBytes: Int {
    guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") })
    else { return 0 }
    return (line.split(separator: " ").compactMap { Int($0) }.first ?? 0) << 10
  }

  /// JSON with sorted keys.
  package var json: String {
    get throws { String(decoding: try JSONFile.data(self, for: "description"), as: UTF8.self) }
  }

  /// Lines for a person. `availableBytes` is what this machine has.
  package func text(availableBytes: Int) -> String {
    func bytes(_ count: Int) -> String { ByteCount.text(count) }
    var lines = [
      "architecture  \(architecture), \(layers) layers",
      "head          \(head)\(labels.isEmpty ? "" : " for \(labels.joined(separator: ", "))")",
      "parameters    \(parameters), \(types.joined(separator: " and ")), \(bytes(bytesOnDisk)) on disk",
      "LoRA          \(loraParameters) parameters at rank \(rank) on queries and values\(labels.isEmpty ? "" : ", head included")",
      "available     \(bytes(availableBytes)) of memory on this machine",
      "",
      "with two workers and one sample at a time:",
    ]
    for need in needs {
      let total = need.total(workers: 2, samples: 1)
      let converted =
        need.convertedBytesOnDisk > 0 ? ", \(bytes(need.convertedBytesOnDisk)) of cache on disk" : ""
      lines.append(
        "  \(need.method) \(need.precision)   about \(bytes(total)): "
          + "\(need.sharedBytes == 0 ? "nothing" : bytes(need.sharedBytes)) shared, "
          + "\(bytes(need.bytesPerWorker + need.activationBytesPerSample)) a worker, "
          + "\(bytes(need.coordinatorBytes)) in the coordinator\(converted); "
          + (total <= availableBytes ? "fits" : "does not fit"))
    }
    return lines.joined(separator: "\n")
  }
}
