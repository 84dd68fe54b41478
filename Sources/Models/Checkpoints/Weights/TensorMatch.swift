/// The pairing of a checkpoint's tensors with those an architecture needs; all disagreements come as one error.
struct TensorMatch {
  /// The name in the file of each canonical name.
  private(set) var fileNames: [String: String] = [:]
  /// The number of classes of the head in the file, nil where it has none.
  let headLabels: Int?
  /// Whether the file holds what predicting tokens needs.
  let hasLanguageModelHead: Bool

  init(weights: WeightFiles, architecture: any ModelArchitecture) throws(CheckpointError) {
    let prefix = type(of: architecture).prefix
    let hasPrefix = weights.names.contains { $0.hasPrefix(prefix) }
    var missing: [String] = []
    var misshapen: [String] = []

    // The head's size is the file's own affair: another number of classes gets a new head.
    let headWeight = architecture.headTensors(.classifier(labels: 1)).first?.name
    let headLabels = headWeight.flatMap(weights.entry)?.shape.first
    let tokenHead = architecture.headTensors(.languageModel)
    hasLanguageModelHead = architecture.predictsTokens && tokenHead.allSatisfy { weights.entry($0.name) != nil }
    self.headLabels = headLabels
    var expected = architecture.backboneTensors
    if let headLabels { expected += architecture.headTensors(.classifier(labels: headLabels)) }
    if hasLanguageModelHead { expected += tokenHead }
    for tensor in expected {
      let isBackbone = tensor.name.hasPrefix(prefix)
      let name = hasPrefix || !isBackbone ? tensor.name : String(tensor.name.dropFirst(prefix.count))
      guard let entry = weights.entry(name) else {
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
    let surplus = weights.names.filter { name in
      !used.contains(name) && !architecture.ignores(hasPrefix ? name : prefix + name)
    }
    guard missing.isEmpty, misshapen.isEmpty, surplus.isEmpty else {
      throw CheckpointError(
        file: weights.path, problem: .tensors(missing: missing, misshapen: misshapen, surplus: surplus))
    }
  }
}
