/// A way of adapting a base model: which parameters are trained.
package enum AdaptationMethod: Hashable, Sendable, Codable {
  /// The head alone, on the frozen base.
  case head
  /// Low-rank factors for frozen linear layers, and the head (Hu et al. 2022).
  case lora(LoRAConfiguration)
  /// Every weight.
  case full

  /// Whether training drops some of what it computes.
  package var hasDropout: Bool {
    if case .lora(let lora) = self { lora.dropout > 0 } else { false }
  }
}

/// The layers that LoRA adapts, and their scaling: each adapted W x becomes W x + scaling · B (A x).
package struct LoRAConfiguration: Hashable, Sendable, Codable {
  package var rank: Int
  package var alpha: Double
  /// Names of linear layers, in the words of the file or of version 5 of transformers.
  package var targets: [String]
  package var layers: LayerSelection
  /// The share of the inputs of A that training drops, in [0, 1); evaluation drops nothing.
  package var dropout: Double
  /// Whether the scaling keeps its effect at every rank (Kalajdzievski 2023).
  package var isRankStabilized: Bool

  package init(
    rank: Int, alpha: Double, targets: [String], layers: LayerSelection = .all, dropout: Double = 0,
    isRankStabilized: Bool = false
  ) {
    self.rank = rank
    self.alpha = alpha
    self.targets = targets
    self.layers = layers
    self.dropout = dropout
    self.isRankStabilized = isRankStabilized
  }

  /// The scaling of the low-rank product: alpha / rank (Hu et al. 2022), or alpha / √rank (Kalajdzievski 2023).
  package var scaling: Double { alpha / (isRankStabilized ? Double(rank).squareRoot() : Double(rank)) }
}

/// The layers that LoRA adapts.
package enum LayerSelection: Hashable, Sendable, Codable {
  case all
  case first(Int)
  case last(Int)
  case listed([Int])

  /// The selected layers of a model that has `count`, ascending, or nil if a layer does not exist.
  package func indices(of count: Int) -> [Int]? {
    switch self {
    case .all: return Array(0..<count)
    case .first(let number): return number >= 1 && number <= count ? Array(0..<number) : nil
    case .last(let number): return number >= 1 && number <= count ? Array((count - number)..<count) : nil
    case .listed(let layers):
      guard !layers.isEmpty, layers.allSatisfy((0..<count).contains) else { return nil }
      return Set(layers).sorted()
    }
  }
}

extension LoRAConfiguration {
  /// The linear layers of `architecture` that this configuration adapts, in the model's order.
  ///
  /// Throws if a target or layer does not exist, nothing is adapted, or rank and alpha make no sense.
  package func linears(
    in architecture: any ModelArchitecture, file: String = "lora"
  ) throws(CheckpointError) -> [AdaptableLinear] {
    func invalid(_ reason: String) -> CheckpointError {
      CheckpointError(file: file, problem: .invalidAdapter(reason: reason))
    }
    guard (1...65_536).contains(rank) else { throw invalid("rank is \(rank); expected a whole number from 1 to 65536") }
    guard alpha.isFinite, alpha > 0 else { throw invalid("alpha is \(alpha); expected a number above zero") }
    guard dropout >= 0, dropout < 1 else { throw invalid("dropout is \(dropout); expected a number from 0 to below 1") }
    guard !targets.isEmpty else { throw invalid("no LoRA targets; expected at least one") }
    guard let layers = layers.indices(of: architecture.layerCount) else {
      throw invalid("layers: \(self.layers) is not possible; the model has \(architecture.layerCount), from 0")
    }
    let known = type(of: architecture).targets
    var chosen: Set<String> = []
    for name in targets {
      guard let target = known.first(where: { $0.answers(to: name) }) else {
        throw CheckpointError(
          file: file, problem: .unknownTarget(found: name, known: known.flatMap { $0.aliases + [$0.name] }))
      }
      chosen.insert(target.name)
    }
    let linears = architecture.linears.filter { chosen.contains($0.target) && layers.contains($0.layer) }
    guard !linears.isEmpty else {
      throw invalid("layers \(layers) have no \(chosen.sorted().joined(separator: ", ")) to adapt")
    }
    return linears
  }

  /// Throws if two of the targets are two names of the same linear layers: a slip in a handwritten list.
  package func requireDistinctTargets(
    in architecture: any ModelArchitecture, file: String = "lora"
  ) throws(CheckpointError) {
    var names: [String: String] = [:]
    for name in targets {
      guard let target = type(of: architecture).targets.first(where: { $0.answers(to: name) }) else { continue }
      guard let other = names.updateValue(name, forKey: target.name) else { continue }
      throw CheckpointError(
        file: file,
        problem: .invalidAdapter(
          reason: "the targets \"\(other)\" and \"\(name)\" are the same linear layers; name them once"))
    }
  }

  /// Throws if the rank is above the smaller side of a layer: such factors cost more than the layer and can do no
  /// more.
  package func requireLowRank(in architecture: any ModelArchitecture, file: String = "lora") throws(CheckpointError) {
    for linear in try linears(in: architecture, file: file) where rank > min(linear.inputs, linear.outputs) {
      throw CheckpointError(
        file: file,
        problem: .invalidAdapter(
          reason: "rank \(rank) is above the smaller side of \(linear.fileName), which is "
            + "\(linear.outputs) × \(linear.inputs)"))
    }
  }
}
