import Safetensors

/// The pairing of a file's tensors with those an architecture needs; all disagreements come as one error.
struct TensorMatch {
  /// The name in the file of each canonical name.
  private(set) var fileNames: [String: String] = [:]
  /// The number of classes of the head in the file, nil where it has none.
  let headLabels: Int?

  init(file: SafetensorsFile, architecture: any ModelArchitecture) throws(CheckpointError) {
    let kind = type(of: architecture)
    let hasPrefix = file.names.contains { $0.hasPrefix(kind.prefix) }
    var missing: [String] = []
    var misshapen: [String] = []

    // The head's size is the file's own affair: another number of classes gets a new head.
    let headWeight = architecture.headTensors(labels: 1)[0].name
    headLabels = file.entry(headWeight)?.shape.first
    let expected = architecture.backboneTensors + (headLabels.map(architecture.headTensors) ?? [])
    for tensor in expected {
      let isBackbone = tensor.name.hasPrefix(kind.prefix)
      let name = hasPrefix || !isBackbone ? tensor.name : String(tensor.name.dropFirst(kind.prefix.count))
      guard let entry = file.entry(name) else {
        missing.append("\(name) \(tensor.shape)")
        continue
      }
      if entry.shape != tensor.shape {
        misshapen.append("\(name) (expected \(tensor.shape), found \(entry.shape))")
      } else if ![.float32, .float16, .bfloat16].contains(entry.type) {
        misshapen.append("\(name) (expected F32, F16 or BF16, found \(entry.type.rawValue))")
      }
      fileNames[tensor.name] = name
    }
    let used = Set(fileNames.values)
    let surplus = file.names.filter { name in
      !used.contains(name) && !kind.isIgnored(hasPrefix ? name : kind.prefix + name)
    }
    guard missing.isEmpty, misshapen.isEmpty, surplus.isEmpty else {
      throw CheckpointError(
        file: file.path, problem: .tensors(missing: missing, misshapen: misshapen, surplus: surplus))
    }
  }
}
