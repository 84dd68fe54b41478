import Foundation
import Support

extension CheckpointWriter {
  /// Writes a PEFT folder from a flat buffer in the order of the layout of `lora`, under the names that PEFT gives the
  /// modules of version 5 of transformers; a classifier is a module to save.
  ///
  /// A config.json in the adapter's folder carries the names of the classes, which PEFT's own files do not:
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

extension CheckpointWriter {
  /// Writes `base` with `adapter` merged into its weights, W + scaling · B A, as a whole checkpoint folder; every
  /// tensor keeps the type it has in `base`. One tensor at a time is in memory.
  ///
  /// Throws `CheckpointError` or `SafetensorsError`.
  package static func writeMerged(folder: String, base: CheckpointFolder, adapter: AdapterFolder) throws {
    let architecture = base.configuration.architecture
    let head = adapter.layout.head
    let parameters = Dictionary(uniqueKeysWithValues: adapter.layout.parameters.map { ($0.name, $0) })
    var linears: [String: AdaptableLinear] = [:]
    for linear in try adapter.lora.linears(in: architecture) { linears[linear.fileName + ".weight"] = linear }
    let main = base.entry(architecture.backboneTensors.first?.name ?? "")?.type ?? .float32
    let tensors = (architecture.backboneTensors + architecture.headTensors(head)).map { tensor in
      TensorDescription(name: tensor.name, type: base.entry(tensor.name)?.type ?? main, shape: tensor.shape)
    }
    try DurableFolder.replace(folder) { partial in
      let dataType = [.float16: "float16", .bfloat16: "bfloat16"][main] ?? "float32"
      let configuration =
        head == .languageModel ? base.configuration : base.configuration.with(labels: adapter.labels)
      try writeCompanions(
        of: configuration, head: head, dataType: dataType, preprocessing: base.preprocessing, tokenizer: base.path,
        to: partial)
      try SafetensorsWriter.write(tensors, to: "\(partial)/model.safetensors") { tensor in
        if let linear = linears[tensor.name] {
          let merged = try adapter.merged(linear, into: base.floats(tensor.name))
          return try encoded(merged, as: tensor.type, file: folder)
        }
        if let parameter = parameters[tensor.name] {
          return try encoded(Array(adapter.values[parameter.range]), as: tensor.type, file: folder)
        }
        return Data(try base.weights.bytes(base.fileName(tensor.name)))
      }
    }
  }

  private static func encoded(_ values: [Float], as type: ElementType, file: String) throws -> Data {
    let data = values.withUnsafeBytes { FloatConversion.converted($0, from: .float32, to: type) }
    guard let data else { throw SafetensorsError(file: file, problem: .notConvertible(name: "merged", type: type)) }
    return data
  }
}

extension AdapterFolder {
  /// `weight` [outputs, inputs] of `linear` plus scaling · B A.
  fileprivate func merged(_ linear: AdaptableLinear, into weight: [Float]) throws(CheckpointError) -> [Float] {
    func factor(_ name: String) throws(CheckpointError) -> ArraySlice<Float> {
      guard let parameter = layout.parameters.first(where: { $0.name == name }) else {
        throw CheckpointError(file: "adapter", problem: .missingTensor(name: name))
      }
      return values[parameter.range]
    }
    let (a, b) = (Array(try factor(linear.factorA)), Array(try factor(linear.factorB)))
    let (rank, inputs) = (lora.rank, linear.inputs)
    let scaling = Float(lora.scaling)
    var result = weight
    result.withUnsafeMutableBufferPointer { result in
      a.withUnsafeBufferPointer { a in
        for output in 0..<linear.outputs {
          for index in 0..<rank {
            let share = scaling * b[output * rank + index]
            for input in 0..<inputs { result[output * inputs + input] += share * a[index * inputs + input] }
          }
        }
      }
    }
    return result
  }
}

/// How an adapter_config.json says which modules are adapted, so that PEFT finds these and no other.
struct AdaptedModules {
  /// The ends of module paths, or whole paths.
  let names: [String]
  /// The numbers of the layers, nil if `names` says all.
  let layers: [Int]?

  /// Names of targets where they are enough, then with layers; whole paths where a name is the end of another module's
  /// too, or a path holds two numbers, and PEFT's releases disagree which one is the layer.
  init(_ linears: [AdaptableLinear], in architecture: any ModelArchitecture) {
    let targets = Set(linears.map(\.target))
    let layers = Set(linears.map(\.layer))
    let names = type(of: architecture).targets.filter { targets.contains($0.name) }.map(\.adapterName)
    let named = architecture.linears.filter { linear in
      names.contains { linear.adapterName.hasSuffix("." + $0) }
    }
    if named == linears {
      (self.names, self.layers) = (names, nil)
    } else if named.filter({ layers.contains($0.layer) }) == linears, linears.allSatisfy(\.hasOneNumber) {
      (self.names, self.layers) = (names, layers.sorted())
    } else {
      (self.names, self.layers) = (linears.map(\.adapterName), nil)
    }
  }
}

extension AdaptableLinear {
  /// Whether one part of its path, the layer's, is a number.
  fileprivate var hasOneNumber: Bool { adapterName.split(separator: ".").count { Int($0) != nil } == 1 }
}
