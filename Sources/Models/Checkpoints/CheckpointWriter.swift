import Support

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
        folder: folder, configuration: base.configuration, head: layout.head, preprocessing: base.preprocessing,
        labels: labels, values: values, tokenizer: base.path)
    case .head: try writeHead(folder: folder, base: base, head: layout.head, labels: labels, values: values)
    case .lora(let lora):
      try writeAdapter(folder: folder, base: base, lora: lora, head: layout.head, labels: labels, values: values)
    }
  }

  /// Writes a whole checkpoint folder from a flat buffer in the order of the `.full` layout.
  ///
  /// - Parameters:
  ///   - head: what the model ends in; a classifier's classes where nothing is said.
  ///   - tokenizer: the folder whose tokenizer goes with the model, or nil.
  package static func writeCheckpoint(
    folder: String, configuration: ModelConfiguration, head: ModelHead? = nil, preprocessing: ImagePreprocessing?,
    labels: [String], values: [Float], tokenizer: String? = nil
  ) throws {
    let head = head ?? .classifier(labels: labels.count)
    let layout = try TrainableLayout(configuration: configuration, method: .full, head: head)
    let tensors = try layout.tensors(values, file: folder)
    try DurableFolder.replace(folder) { partial in
      try writeCompanions(
        of: head == .languageModel ? configuration : configuration.with(labels: labels), head: head,
        preprocessing: preprocessing, tokenizer: tokenizer, to: partial)
      try SafetensorsWriter.write(tensors, to: "\(partial)/model.safetensors")
    }
  }

  /// Writes all of a checkpoint folder but its weights.
  static func writeCompanions(
    of configuration: ModelConfiguration, head: ModelHead, dataType: String = "float32",
    preprocessing: ImagePreprocessing?, tokenizer: String?, to folder: String
  ) throws {
    let configurationFile = "\(folder)/config.json"
    let json = try configuration.json(head: head, dataType: dataType, for: configurationFile)
    try DurableFile.write(json, to: configurationFile)
    if let preprocessing {
      let file = "\(folder)/preprocessor_config.json"
      try DurableFile.write(try JSONFile.data(preprocessing, for: file), to: file)
    }
    if let tokenizer { try TokenizerFiles.copy(from: tokenizer, to: folder) }
  }

  /// Writes the base with a new head, from a flat buffer in the order of the `.head` layout, as a whole checkpoint
  /// folder: a PEFT folder cannot hold a head alone.
  package static func writeHead(
    folder: String, base: CheckpointFolder, head: ModelHead, labels: [String], values: [Float]
  ) throws {
    let layout = try TrainableLayout(configuration: base.configuration, method: .head, head: head)
    guard values.count == layout.count else {
      throw CheckpointError(file: folder, problem: .valueCount(expected: layout.count, found: values.count))
    }
    let whole = try TrainableLayout(configuration: base.configuration, method: .full, head: head)
    let frozen = try whole.parameters.dropLast(layout.parameters.count).flatMap { try base.floats($0.name) }
    try writeCheckpoint(
      folder: folder, configuration: base.configuration, head: head, preprocessing: base.preprocessing,
      labels: labels, values: frozen + values, tokenizer: base.path)
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
