import Planning
import Specification
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
      - head
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
    #expect(specification.arms.map(\.name) == ["head", "lora-r8", "full"])
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
    #expect(lora.dropout == 0 && !lora.isRankStabilized)
    #expect(specification.training.precision == .float32)
  }

  @Test("LoRA's dropout and scaling, external adapters and the precision are read")
  func readsArms() throws {
    let text = Self.valid.replacing("layers: {last: 2}", with: "dropout: 0.05, rank_stabilized: true, name: stable")
      .replacing("  - full", with: "  - adapter: ../peft/somebodys\n  - adapter: {path: /far/away/, name: far}")
      .replacing("epochs: 3,", with: "epochs: 3, precision: bf16,")
    let specification = try Specification(yaml: text, file: "audit.yaml")
    guard case .lora(let lora) = specification.arms[1] else {
      Issue.record("the second arm is not LoRA")
      return
    }
    #expect(lora.dropout == 0.05 && lora.isRankStabilized && lora.name == "stable")
    #expect(
      specification.arms.dropFirst(2) == [
        .adapter(AdapterSettings(path: "../peft/somebodys", name: "somebodys")),
        .adapter(AdapterSettings(path: "/far/away/", name: "far")),
      ])
    #expect(specification.training.precision == .bfloat16)
  }

  @Test("What only the data or the checkpoint show to be wrong still has its line")
  func locations() throws {
    let locations = try Specification(yaml: Self.valid, file: "audit.yaml").locations
    #expect(
      locations.failure(at: "arms[1].lora.targets[0]", "no such target").description
        == "audit.yaml:12: arms[1].lora.targets[0]: no such target")
    #expect(locations.failure(at: "data.groups[1]", "empty").line == 7)
  }

  @Test(
    "What is wrong is named with its line and key",
    arguments: [
      ("  label: smiling", "  lable: smiling", 6, "data.lable", "unknown key"),
      ("training: {epochs: 3", "training: {epochs: three", 14, "training.epochs", "whole number"),
      ("  - full", "  - everything", 13, "arms[2]", "expected head, full, lora"),
      ("  - full", "  - full\n  - full", 14, "arms[3]", "two arms are called"),
      ("  - full", "  - full\n  - lora: {rank: 8}", 14, "arms[3]", "two arms are called \"lora-r8\""),
      ("  - full", "  - adapter: {name: x}", 13, "arms[2].adapter", "\"path\" is missing"),
      ("  - full", "  - adapter: a/my adapter", 13, "arms[2].adapter", "ASCII letters"),
      ("  - full", "  - {adapter: a, lora: {rank: 2}}", 13, "arms[2]", "expected one of lora"),
      ("layers: {last: 2}", "dropout: 1", 12, "arms[1].lora.dropout", "below 1"),
      ("layers: {last: 2}", "dropout: -0.1", 12, "arms[1].lora.dropout", "from 0"),
      ("layers: {last: 2}", "rank_stabilized: yes", 12, "arms[1].lora.rank_stabilized", "true or false"),
      ("layers: {last: 2}", "layers: [0, 1, 0]", 12, "arms[1].lora.layers[2]", "listed twice"),
      ("[query, value]", "[query, query]", 12, "arms[1].lora.targets[1]", "listed twice"),
      ("attacks: [lira]", "attacks: [lira, loss, lira]", 16, "privacy.attacks[2]", "listed twice"),
      ("[tone, {", "[tone, tone, {", 7, "data.groups[1]", "listed twice"),
      (
        "layers: {last: 2}", "name: \(String(repeating: "n", count: 65))", 12, "arms[1].lora.name",
        "65 characters long"
      ),
      ("epochs: 3,", "epochs: 3, precision: fp16,", 14, "training.precision", "fp32, bf16"),
      ("name: smile", "name: ~", 1, "name", "expected a text, found nothing"),
      ("base: models/vit", "base: null", 2, "base", "expected a text, found nothing"),
      ("rank: 8", "rank: 0", 12, "arms[1].lora.rank", "from 1"),
      ("models: 8", "models: 7", 16, "privacy.models", "must be even"),
      ("attacks: [lira]", "attacks: [guess]", 16, "privacy.attacks[0]", "expected one of loss, lira"),
      ("attacks: [lira]", "attacks: ['lira:center=middle']", 16, "privacy.attacks[0]", "expected one of mean, median"),
      (
        "attacks: [lira]", "design: released, attacks: [loss-trace]", 16, "privacy.attacks[0]",
        "which is unknown for a released model"
      ),
      (
        "privacy: {",
        "search: {rates: [0.001], full: {epochs: [1, 4]}}\nprivacy: {by_arm: {full: {attacks: [loss-trace]}}, ", 16,
        "search",
        "arm full may be trained, as search has it, for 1"
      ),
      ("attacks: [lira]", "attacks: []", 16, "privacy.attacks", "the list is empty"),
      ("pool: 100", "by_arm: {lora-r16: {models: 6}}", 16, "privacy.by_arm.lora-r16", "unknown key"),
      ("pool: 100", "by_arm: {full: {models: 5}}", 16, "privacy.by_arm.full.models", "from 6"),
      ("pool: 100", "packed: 0", 16, "privacy.packed", "from 1"),
      ("pool: 100", "early_stopping: {analyses: [6]}", 16, "privacy.early_stopping", "either half_width"),
      (
        "pool: 100", "early_stopping: {analyses: [6], limit: 0.6, half_width: 0.1}", 16, "privacy.early_stopping",
        "either half_width"
      ),
      (
        "pool: 100", "early_stopping: {analyses: [8], limit: 0.6}", 16, "privacy.early_stopping.analyses",
        "smallest number of any arm, 8"
      ),
      (
        "pool: 100", "early_stopping: {analyses: [7], limit: 0.6}", 16, "privacy.early_stopping.analyses",
        "an even number"
      ),
      (
        "models: 8", "models: 16, early_stopping: {analyses: [8, 8], limit: 0.6}", 16,
        "privacy.early_stopping.analyses", "ascending"
      ),
      (
        "pool: 100", "early_stopping: {analyses: [6], spending: evenly, limit: 0.6}", 16,
        "privacy.early_stopping.spending", "pocock"
      ),
      ("pool: 100", "shadow_items: 9", 16, "privacy.shadow_items", "design: released"),
      ("attacks: [lira]", "design: released, attacks: [lira]", 16, "privacy.attacks[0]", "use lira-offline"),
      ("pool: 100", "design: unreleased", 16, "privacy.design", "symmetric, released"),
      ("seeds: [13, 42]", "seeds: [13, 13]", 15, "seeds[1]", "listed twice"),
      ("microbatch: 8", "microbatch: 7", 14, "training", "multiple of microbatch"),
      ("train: 0.7", "train: 0.5", 9, "data.split", "must sum to 1"),
      ("task: image-classification", "task: singing", 3, "task", "image-classification"),
      ("{last: 2}", "{last: 2, first: 1}", 12, "arms[1].lora.layers", "expected one of"),
      ("base: models/vit\n", "", 1, "", "\"base\" is missing"),
      ("  - full", "  - [", 14, "", "not valid YAML"),
      ("name: smile", "name: smile\nname: again", 1, "", "\"name\" occurs twice"),
      ("  label: smiling", "  label: smiling\n  label: age", 6, "", "\"label\" occurs twice"),
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

  @Test(
    "A key of a former version is refused with its line and what it is called now",
    arguments: [
      ("  - head", "  - base", 11, "arms[0]", "head"),
      ("epochs: 3,", "epochs: 3, composition: by-length,", 14, "training.composition", "group_by_length: true"),
      ("epochs: 3,", "epochs: 3, emphasis: [],", 14, "training.emphasis", "oversample"),
      ("epochs: 3,", "epochs: 3, base: {rate: 1e-3},", 14, "training.base", "head"),
      ("pool: 100", "early: {looks: [6], limit: 0.6}", 16, "privacy.early", "early_stopping"),
      ("pool: 100", "early_stopping: {looks: [6]}", 16, "privacy.early_stopping.looks", "analyses"),
      ("pool: 100", "by_arm: {base: {models: 6}}", 16, "privacy.by_arm.base", "head"),
      ("  label: smiling", "  label: smiling\n  wordings: []", 7, "data.wordings", "prompts"),
      ("  label: smiling", "  label: smiling\n  generated: 64", 7, "data.generated", "max_new_tokens"),
      ("seeds: [13, 42]", "cluster: {state_cache: 16}", 15, "cluster.state_cache", "activation_cache"),
      ("seeds: [13, 42]", "search: {rates: [0.1], base: {rates: [0.1]}}", 15, "search.base", "head"),
    ])
  func moved(old: String, new: String, line: Int, key: String, name: String) throws {
    let error = #expect(throws: SpecificationError.self) {
      try Specification(yaml: Self.valid.replacing(old, with: new), file: "audit.yaml")
    }
    #expect(error?.line == line && error?.key == key)
    #expect(error?.problem.contains("now called \(name)") == true)
  }

  @Test("Every key that moved is a key no more, and what it is called now is one")
  func movedKeys() {
    for section in SpecificationSection.allCases {
      for (old, new) in section.movedKeys {
        #expect(!section.keys.contains(old), "\(section) \(old)")
        #expect(section.keys.contains { new.hasPrefix($0) }, "\(section) \(new)")
      }
    }
  }

  @Test("The arm base is for tasks without a new head, and head for those with one")
  func headAndBase() throws {
    let text = """
      name: words
      base: models/llama
      task: language-modelling
      data: {manifest: t.csv, groups: [a], split: {train: 0.5, test: 0.5}}
      arms: [base]
      """
    #expect(try Specification(yaml: text, file: "s.yaml").arms == [.base])
    let error = #expect(throws: SpecificationError.self) {
      try Specification(yaml: text.replacing("[base]", with: "[head]"), file: "s.yaml")
    }
    #expect(error?.description.hasPrefix("s.yaml:5: arms[0]: the task language-modelling needs no new head") == true)
  }

  @Test("Privacy without an arm that is trained here is refused with its line")
  func nothingToAttack() throws {
    let text = Self.valid.replacing("  - head\n", with: "").replacing("  - full\n", with: "")
      .replacing("lora: {rank: 8, alpha: 16, targets: [query, value], layers: {last: 2}}", with: "adapter: theirs")
    let error = #expect(throws: SpecificationError.self) { try Specification(yaml: text, file: "audit.yaml") }
    #expect(error?.line == 14 && error?.key == "privacy")
  }

  @Test("A quoted tilde is a text, as any quoted word is")
  func quotedTilde() throws {
    let text = Self.valid.replacing("name: smile", with: "name: '~'")
    #expect(try Specification(yaml: text, file: "audit.yaml").name == "~")
  }

  @Test("An empty file and a file that is a list are refused")
  func refusesOtherShapes() {
    for text in ["", "- a", "just words"] {
      #expect(throws: SpecificationError.self) { try Specification(yaml: text, file: "audit.yaml") }
    }
  }

  @Test("Settings of a head are refused in a task that trains none", arguments: ["language-modelling", "translation"])
  func headless(task: String) throws {
    let prompt = task == "translation" ? ", source: a, target: b, prompt: \"{source}:\"" : ", text: a"
    let yaml = """
      name: a
      base: b
      task: \(task)
      data: {manifest: c.csv\(prompt), groups: [g], split: {train: 0.5, test: 0.5}}
      arms: [full]
      training: {epochs: 1, HEAD}
      """
    let plain = yaml.replacing(", HEAD", with: "")
    #expect(throws: Never.self) { try Specification(yaml: plain, file: "a.yaml") }
    let error = try #require(throws: SpecificationError.self) {
      try Specification(yaml: yaml.replacing("HEAD", with: "head: {rate: 0.1}"), file: "a.yaml")
    }
    #expect(error.key == "training.head" && error.line == 6 && error.problem.contains(task))
  }
}
