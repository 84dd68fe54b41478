import Support

extension CheckpointWriter {
  /// Writes a PEFT folder from a flat buffer in the order of the layout of `lora`, under the names that PEFT gives the
  /// modules of version 5 of transformers; a classifier is a module to save.
  ///
  /// A config.json beside the adapter carries the names of the classes, which PEFT's own files do not:
  /// `ViTForImageClassification.from_pretrained(base, config=ViTConfig.from_pretrained(folder),
  /// ignore_mismatched_sizes=True)` is the model that `PeftModel.from_pretrained(model, folder)` then completes.
  package static func writeAdapter(
    folder: String, base: CheckpointFolder, lora: LoRAConfiguration, head: ModelHead, labels: [String],
    values: [Float]
  ) throws {
    let architecture = base.configuration.architecture
    let layout = try TrainableLayout(configuration: base.configuration, method: .lora(lora), head: head)
    let trainedHead = head == .languageModel ? [] : architecture.headTensors(head)
    let linears = try lora.linears(in: architecture)
    var adapterNames: [String: String] = [:]
    for linear in linears {
      adapterNames[linear.factorA] = linear.adapterName + ".lora_A.weight"
      adapterNames[linear.factorB] = linear.adapterName + ".lora_B.weight"
    }
    let tensors = try layout.tensors(values, file: folder).map { tensor in
      NamedTensor(
        name: "base_model.model." + (adapterNames[tensor.name] ?? tensor.name), type: tensor.type, shape: tensor.shape,
        bytes: tensor.bytes)
    }
    let modules = AdaptedModules(linears, in: architecture)
    let adapter = AdapterConfiguration(
      lora: lora, targetModules: modules.names, layers: modules.layers,
      modulesToSave: Set(trainedHead.map(\.module)).sorted(), base: base.path,
      className: architecture.className(with: head), pythonModule: architecture.pythonModule)
    try DurableFolder.replace(folder) { partial in
      let adapterFile = "\(partial)/adapter_config.json"
      try DurableFile.write(try JSONFile.data(adapter, for: adapterFile), to: adapterFile)
      let configurationFile = "\(partial)/config.json"
      let configuration = head == .languageModel ? base.configuration : base.configuration.with(labels: labels)
      let json = try configuration.json(head: head, for: configurationFile)
      try DurableFile.write(json, to: configurationFile)
      try SafetensorsWriter.write(tensors, to: "\(partial)/adapter_model.safetensors")
    }
  }
}
