/// The tensors of an adapter file, by canonical name, whichever version of transformers named them.
struct AdapterTensors {
  /// The name in the file of each canonical name.
  private(set) var fileNames: [String: String] = [:]
  private(set) var targets: Set<String> = []
  private(set) var layers: Set<Int> = []
  /// Names that belong to nothing in the architecture.
  private(set) var surplus: [String] = []

  init(file: SafetensorsFile, architecture: any ModelArchitecture) {
    var linears: [String: AdaptableLinear] = [:]
    for linear in architecture.linears {
      linears[linear.fileName] = linear
      linears[linear.adapterName] = linear
    }
    let head = Set(architecture.headTensors(.classifier(labels: 1)).map(\.name))
    for name in file.names {
      let module = name.hasPrefix("base_model.model.") ? String(name.dropFirst("base_model.model.".count)) : name
      let headName = module.replacing(".modules_to_save.", with: ".")
      if let linear = Self.module(module, ".lora_A.weight").flatMap({ linears[$0] }) {
        add(linear, as: linear.factorA, from: name)
      } else if let linear = Self.module(module, ".lora_B.weight").flatMap({ linears[$0] }) {
        add(linear, as: linear.factorB, from: name)
      } else if head.contains(headName) {
        fileNames[headName] = name
      } else {
        surplus.append(name)
      }
    }
  }

  private mutating func add(_ linear: AdaptableLinear, as canonicalName: String, from name: String) {
    fileNames[canonicalName] = name
    targets.insert(linear.target)
    layers.insert(linear.layer)
  }

  private static func module(_ name: String, _ suffix: String) -> String? {
    name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : nil
  }

  /// The flat buffer in the order of `layout`; a head that the file lacks comes from `base`, and factors of zero stand
  /// beside a linear layer for which the file has neither: patterns of PEFT may leave out any.
  func values(in layout: TrainableLayout, file: SafetensorsFile, base: CheckpointFolder) throws -> [Float] {
    var missing: [String] = []
    var misshapen: [String] = []
    let absent = Set(
      layout.configuration.architecture.linears
        .filter { fileNames[$0.factorA] == nil && fileNames[$0.factorB] == nil }.flatMap { [$0.factorA, $0.factorB] })
    for parameter in layout.parameters where !absent.contains(parameter.name) {
      let entry = fileNames[parameter.name].flatMap(file.entry) ?? base.entry(parameter.name)
      if let entry, entry.shape != parameter.shape {
        misshapen.append("\(entry.name) (expected \(parameter.shape), found \(entry.shape))")
      } else if entry == nil {
        missing.append("\(parameter.name) \(parameter.shape)")
      }
    }
    guard missing.isEmpty, misshapen.isEmpty, surplus.isEmpty else {
      throw CheckpointError(
        file: file.path, problem: .tensors(missing: missing, misshapen: misshapen, surplus: surplus))
    }
    return try layout.parameters.flatMap { parameter in
      if absent.contains(parameter.name) { return [Float](repeating: 0, count: parameter.count) }
      if let name = fileNames[parameter.name] { return try file.floats(name) }
      return try base.floats(parameter.name)
    }
  }
}
