import Checkpoints
import Support
import TestSupport
import Testing

@Suite struct TrainableLayoutTests {
  private let folder: TemporaryFolder
  private let base: CheckpointFolder
  private let key = RandomKey(seed: 21)

  init() throws {
    folder = try TemporaryFolder()
    base = try CheckpointFolder(path: try folder.checkpoint())
  }

  private func layout(_ method: AdaptationMethod, labels: Int = 2) throws -> TrainableLayout {
    try TrainableLayout(configuration: base.configuration, method: method, labels: labels)
  }

  private func lora(_ targets: [String], layers: LayerSelection = .all, rank: Int = 2) -> AdaptationMethod {
    .lora(LoRAConfiguration(rank: rank, alpha: 4, targets: targets, layers: layers))
  }

  @Test("Parameters lie one after another, LoRA's A before its B, the head last")
  func order() throws {
    let found = try layout(lora(["value", "fc1"], layers: .listed([2, 0])), labels: 5)
    #expect(
      found.parameters.map(\.name) == [
        "vit.encoder.layer.0.attention.attention.value.lora_A.weight",
        "vit.encoder.layer.0.attention.attention.value.lora_B.weight",
        "vit.encoder.layer.0.intermediate.dense.lora_A.weight",
        "vit.encoder.layer.0.intermediate.dense.lora_B.weight",
        "vit.encoder.layer.2.attention.attention.value.lora_A.weight",
        "vit.encoder.layer.2.attention.attention.value.lora_B.weight",
        "vit.encoder.layer.2.intermediate.dense.lora_A.weight",
        "vit.encoder.layer.2.intermediate.dense.lora_B.weight",
        "classifier.weight", "classifier.bias",
      ])
    #expect(found.parameters.prefix(4).map(\.shape) == [[2, 12], [12, 2], [2, 12], [20, 2]])
    var offset = 0
    for parameter in found.parameters {
      #expect(parameter.offset == offset)
      offset += parameter.count
    }
    #expect(found.count == offset)
    #expect(found.count == 2 * (24 + 24 + 24 + 40) + 65)
  }

  @Test("Every tensor of the file and the head are trained in full")
  func full() throws {
    let found = try layout(.full)
    #expect(Set(found.parameters.map(\.name)) == Set(base.weights.names))
    let kept = try found.initialValues(from: base, key: key, keepHead: true)
    #expect(try kept == base.fullValues())
  }

  @Test("Both families of names mean the same layers, and a name said twice counts once")
  func names() throws {
    let old = try layout(
      lora(["query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense"]))
    let new = try layout(lora(["fc2", "fc1", "o_proj", "v_proj", "k_proj", "q_proj", "q_proj"]))
    #expect(old.parameters == new.parameters)
    #expect(old.parameters.count == 3 * 6 * 2 + 2)
  }

  @Test("The head starts alike under every method with the same key, and otherwise with another")
  func heads() throws {
    let layouts = try [.head, lora(["query"]), lora(["fc2"], rank: 3), .full].map { try layout($0) }
    let heads = try layouts.map { Array(try $0.initialValues(from: base, key: key).suffix(26)) }
    #expect(Set(heads).count == 1)
    #expect(Set(heads[0].prefix(24)).count == 24)
    #expect(heads[0].suffix(2) == [0, 0])
    #expect(try Array(layouts[0].initialValues(from: base, key: RandomKey(seed: 22))) != heads[0])
  }

  @Test("The checkpoint's head is kept only when asked for and when it has as many classes")
  func keptHead() throws {
    let own = try base.floats("classifier.weight") + base.floats("classifier.bias")
    let head = try layout(.head)
    #expect(try head.initialValues(from: base, key: key, keepHead: true) == own)
    #expect(try head.initialValues(from: base, key: key) != own)
    let larger = try layout(.head, labels: 3)
    #expect(
      try larger.initialValues(from: base, key: key, keepHead: true) == larger.initialValues(from: base, key: key))
  }

  @Test("A is uniform within one over the root of its inputs, B is zero")
  func factors() throws {
    let found = try layout(lora(["fc2"], rank: 500))
    let values = try found.initialValues(from: base, key: key)
    let bound = 1 / Float(20).squareRoot()
    for parameter in found.parameters {
      let part = values[parameter.range]
      if parameter.name.hasSuffix("lora_B.weight") { #expect(part.allSatisfy { $0 == 0 }) }
      guard parameter.name.hasSuffix("lora_A.weight") else { continue }
      #expect(part.allSatisfy { abs($0) <= bound })
      // The standard deviation of a uniform number is the bound over √3; 10,000 draws place it within 3 %.
      let variance = part.map { Double($0) * Double($0) }.reduce(0, +) / Double(part.count)
      #expect(abs(variance.squareRoot() / (Double(bound) / 3.0.squareRoot()) - 1) < 0.03)
    }
  }

  @Test("A fresh checkpoint has normal weights, zero biases and norms of ones")
  func fresh() throws {
    #expect(try base.floats("vit.layernorm.weight").allSatisfy { $0 == 1 })
    #expect(try base.floats("vit.encoder.layer.0.output.dense.bias").allSatisfy { $0 == 0 })
    let weights = try (0..<3).flatMap { try base.floats("vit.encoder.layer.\($0).output.dense.weight") }
    let deviation = (weights.map { Double($0) * Double($0) }.reduce(0, +) / Double(weights.count)).squareRoot()
    #expect(abs(deviation / 0.02 - 1) < 0.15)
  }

  @Test("An unknown target is an error that lists those there are")
  func unknownTarget() throws {
    let error = #expect(throws: CheckpointError.self) { try layout(lora(["query", "gate_proj"])) }
    guard case .unknownTarget(let found, let known) = error?.problem else {
      Issue.record("expected an unknown target, found \(String(describing: error))")
      return
    }
    #expect(found == "gate_proj")
    #expect(known.contains("q_proj") && known.contains("intermediate.dense"))
  }

  @Test("Two names of one target are found out, where somebody wrote them by hand")
  func sameTarget() throws {
    let architecture = ModelConfiguration.vit(tiny).architecture
    let twice = LoRAConfiguration(rank: 1, alpha: 1, targets: ["query", "fc1", "attention.q_proj"])
    let error = #expect(throws: CheckpointError.self) { try twice.requireDistinctTargets(in: architecture) }
    #expect(error?.explanation.contains("\"query\" and \"attention.q_proj\"") == true)
    let once = LoRAConfiguration(rank: 1, alpha: 1, targets: ["query", "fc1"])
    #expect(throws: Never.self) { try once.requireDistinctTargets(in: architecture) }
  }

  @Test("A rank above the smaller side of any adapted layer is refused with the layer's name and size")
  func rankAboveLayer() throws {
    let architecture = ModelConfiguration.vit(tiny).architecture
    let sizes = [("query", 12), ("fc1", 12), ("fc2", 12)]
    for (target, side) in sizes {
      let fitting = LoRAConfiguration(rank: side, alpha: 1, targets: [target])
      #expect(throws: Never.self) { try fitting.requireLowRank(in: architecture) }
      let above = LoRAConfiguration(rank: side + 1, alpha: 1, targets: [target])
      let error = #expect(throws: CheckpointError.self) { try above.requireLowRank(in: architecture) }
      #expect(error?.explanation.contains("rank 13") == true && error?.explanation.contains("12") == true)
    }
  }

  @Test("Adapters of no rank, on no target or on layers that do not exist are refused")
  func senseless() throws {
    let methods = [
      lora(["query"], rank: 0), lora([]), lora(["query"], layers: .listed([])), lora(["query"], layers: .listed([3])),
      lora(["query"], layers: .listed([-1])), lora(["query"], layers: .first(0)), lora(["query"], layers: .last(4)),
      .lora(LoRAConfiguration(rank: 1, alpha: .nan, targets: ["query"])),
      .lora(LoRAConfiguration(rank: 1, alpha: 1, targets: ["query"], dropout: 1)),
    ]
    for method in methods {
      #expect(throws: CheckpointError.self) { try layout(method) }
    }
    #expect(throws: CheckpointError.self) { try layout(.head, labels: 0) }
  }
}
