import Plan
import Testing

@Suite struct SpecificationTests {
  static let valid = """
    name: smile
    base: models/vit
    task: image-classification
    data:
      manifest: faces.csv
      label: smiling
      groups: [tone, {name: religion, tags: [muslim, jewish]}]
      cluster: person
      split: {train: 0.7, validation: 0.1, test: 0.2, seed: 13, stratify: [smiling, tone]}
    arms:
      - base
      - lora: {rank: 8, alpha: 16, targets: [query, value], layers: {last: 2}}
      - full
    training: {epochs: 3, batch: 32, microbatch: 8, lora: {rate: 1e-3, epochs: 6}}
    seeds: [13, 42]
    privacy: {attacks: [lira], models: 8, pool: 100}
    decision: {metric: accuracy, margin: 0.05, min_group: 20}

    """

  @Test("A specification is read with every default filled in")
  func reads() throws {
    let specification = try Specification(yaml: Self.valid, file: "audit.yaml")
    #expect(specification.arms.map(\.name) == ["base", "lora-r8", "full"])
    #expect(specification.training.lora.rate == 1e-3 && specification.training.lora.epochs == 6)
    #expect(specification.training.full.rate == 1e-4 && specification.training.full.epochs == 3)
    #expect(specification.data.groups[1].tags == ["muslim", "jewish"])
    #expect(specification.cluster.workers == 2 && specification.cluster.threads == 1)
    #expect(specification.report.samples == 0)
    guard case .lora(let lora) = specification.arms[1] else {
      Issue.record("the second arm is not LoRA")
      return
    }
    #expect(lora.layers == .last(2))
  }

  @Test(
    "What is wrong is named with its line and key",
    arguments: [
      ("  label: smiling", "  lable: smiling", 6, "data.lable", "unknown key"),
      ("training: {epochs: 3", "training: {epochs: three", 14, "training.epochs", "whole number"),
      ("  - full", "  - everything", 13, "arms[2]", "expected base, full or lora"),
      ("  - full", "  - full\n  - full", 11, "arms", "two arms are called"),
      ("rank: 8", "rank: 0", 12, "arms[1].lora.rank", "from 1"),
      ("models: 8", "models: 7", 16, "privacy", "must be even"),
      ("seeds: [13, 42]", "seeds: [13, 13]", 15, "seeds[1]", "listed twice"),
      ("microbatch: 8", "microbatch: 7", 14, "training", "multiple of microbatch"),
      ("train: 0.7", "train: 0.5", 9, "data.split", "must sum to 1"),
      ("task: image-classification", "task: singing", 3, "task", "image-classification"),
      ("{last: 2}", "{last: 2, first: 1}", 12, "arms[1].lora.layers", "expected one of"),
      ("base: models/vit\n", "", 1, "", "\"base\" is missing"),
      ("  - full", "  - [", 14, "", "not valid YAML"),
      ("name: smile", "name: smile\nname: again", 1, "", "not valid YAML"),
    ])
  func names(old: String, new: String, line: Int, key: String, problem: String) throws {
    let text = Self.valid.replacing(old, with: new)
    try #require(text != Self.valid)
    do {
      _ = try Specification(yaml: text, file: "audit.yaml")
      Issue.record("nothing was thrown")
    } catch {
      #expect(error.key == key)
      #expect(error.line == line || key.isEmpty && problem == "not valid YAML")
      #expect(error.problem.contains(problem))
      #expect(error.description.hasPrefix("audit.yaml"))
    }
  }

  @Test("An empty file and a file that is a list are refused")
  func refusesOtherShapes() {
    for text in ["", "- a", "just words"] {
      #expect(throws: SpecificationError.self) { try Specification(yaml: text, file: "audit.yaml") }
    }
  }
}
