/// A way of adapting a base model: which parameters are trained.
package enum AdaptationMethod: Hashable, Sendable, Codable {
  /// The head alone, on the frozen base.
  case head
  /// Low-rank factors beside frozen linear layers, and the head (Hu et al. 2022).
  case lora(LoRAConfiguration)
  /// Every weight.
  case full
}

/// What LoRA adapts and how strongly: each adapted W x becomes W x + alpha / rank · B (A x).
package struct LoRAConfiguration: Hashable, Sendable, Codable {
  package var rank: Int
  package var alpha: Double
  /// Names of linear layers, in the words of the file or of version 5 of transformers.
  package var targets: [String]
  package var layers: LayerSelection

  package init(rank: Int, alpha: Double, targets: [String], layers: LayerSelection = .all) {
    self.rank = rank
    self.alpha = alpha
    self.targets = targets
    self.layers = layers
  }

  /// What the low-rank product is multiplied by.
  package var scaling: Double { alpha / Double(rank) }
}

/// The layers that LoRA adapts.
package enum LayerSelection: Hashable, Sendable, Codable {
  case all
  case first(Int)
  case last(Int)
  case listed([Int])

  /// The selected layers of a model that has `count`, ascending, or nil where a layer does not exist.
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
  /// Throws where a target or layer does not exist, nothing is adapted, or rank and alpha make no sense.
  package func linears(
    in architecture: any ModelArchitecture, file: String = "lora"
  ) throws(CheckpointError) -> [AdaptableLinear] {
    func invalid(_ reason: String) -> CheckpointError {
      CheckpointError(file: file, problem: .invalidAdapter(reason: reason))
    }
    guard (1...65_536).contains(rank) else { throw invalid("rank is \(rank); expected a whole number from 1 to 65536") }
    guard alpha.isFinite, alpha > 0 else { throw invalid("alpha is \(alpha); expected a number above zero") }
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
}
