import Safetensors

/// Writes what an audit trained as folders that Hugging Face's libraries read; a folder appears whole or not at all.
package enum CheckpointWriter {
  /// Writes the outcome of `layout`'s method: a PEFT folder for LoRA, else a whole checkpoint folder.
  ///
  /// - Parameters:
  ///   - labels: the names of the head's classes, by index.
  ///   - values: the flat buffer in the order of `layout`.
  /// Throws `CheckpointError` or `SafetensorsError`.
  package static func write(
    folder: String, base: CheckpointFolder, layout: TrainableLayout, labels: [String], values: [Float]
  ) throws {
    switch layout.method {
    case .full:
      try writeCheckpoint(
        folder: folder, configuration: base.configuration, preprocessing: base.preprocessing, labels: labels,
        values: values)
    case .head: try writeHead(folder: folder, base: base, labels: labels, values: values)
    case .lora(let lora): try writeAdapter(folder: folder, base: base, lora: lora, labels: labels, values: values)
    }
  }

  /// Writes a whole checkpoint folder from a flat buffer in the order of the `.full` layout.
  package static func writeCheckpoint(
    folder: String, configuration: ModelConfiguration, preprocessing: ImagePreprocessing, labels: [String],
    values: [Float]
  ) throws {
    let layout = try TrainableLayout(configuration: configuration, method: .full, labels: labels.count)
    let tensors = try layout.tensors(values, file: folder)
    try AtomicFolder.write(to: folder) { partial in
      let configurationFile = "\(partial)/config.json"
      let json = try configuration.with(labels: labels).json(for: configurationFile)
      try AtomicFile.write(to: configurationFile, pieces: [json])
      let preprocessingFile = "\(partial)/preprocessor_config.json"
      try AtomicFile.write(
        to: preprocessingFile, pieces: [try JSONFile.data(preprocessing, for: preprocessingFile)])
      try SafetensorsWriter.write(tensors, to: "\(partial)/model.safetensors")
    }
  }

  /// Writes the base with a new head, from a flat buffer in the order of the `.head` layout, as a whole checkpoint
  /// folder: a PEFT folder cannot hold a head alone.
  package static func writeHead(
    folder: String, base: CheckpointFolder, labels: [String], values: [Float]
  ) throws {
    let layout = try TrainableLayout(configuration: base.configuration, method: .head, labels: labels.count)
    guard values.count == layout.count else {
      throw CheckpointError(file: folder, problem: .valueCount(expected: layout.count, found: values.count))
    }
    let backbone = try base.configuration.architecture.backboneTensors.flatMap { try base.floats($0.name) }
    try writeCheckpoint(
      folder: folder, configuration: base.configuration, preprocessing: base.preprocessing, labels: labels,
      values: backbone + values)
  }
}

extension TrainableLayout {
  /// The flat buffer cut into named tensors.
  func tensors(_ values: [Float], file: String) throws(CheckpointError) -> [NamedTensor] {
    guard values.count == count else {
      throw CheckpointError(file: file, problem: .valueCount(expected: count, found: values.count))
    }
    return parameters.map { NamedTensor(name: $0.name, shape: $0.shape, floats: values[$0.range]) }
  }
}
