import Checkpoints
import Hashing
import Plan
import Remedies
import Testing

@Suite struct RemedyTests {
  private static let text = """
    name: smile
    base: models/vit
    task: image-classification
    data:
      manifest: data/faces.csv
      label: expression
      groups: [lighting]
      split: {train: 0.5, validation: 0.1, test: 0.4}
    arms:
      - lora: {rank: 4, alpha: 8, targets: [query, value], layers: {last: 1}}
    training: {epochs: 2, emphasis: [{group: age=old, repeat: 2}]}
    privacy: {models: 8}
    policy: {rules: [{metric: accuracy, group: all, at_least: 0.5}]}

    """

  /// Ten people at dusk for every fifty at noon.
  private func plan() throws -> Plan {
    let values = (0..<600).map { $0 % 6 == 0 ? "dusk" : "noon" }
    return try Plan(
      specification: Specification(
        yaml: Self.text.replacing(", emphasis: [{group: age=old, repeat: 2}]", with: ""), file: "s.yaml"),
      input: PlanInput(
        labels: (0..<600).map { $0 % 2 }, classes: ["no", "yes"], clusters: (0..<600).map { "\($0)" }, strata: [],
        givenSplit: nil, contents: (0..<600).map { ContentHash(of: [UInt8($0 % 256), UInt8($0 / 256)]) },
        groups: ["dusk", "noon"].map { value in
          PlanInput.Group(column: "lighting", value: value, members: values.indices.filter { values[$0] == value })
        }, base: ContentHash(of: [])))
  }

  private let architecture = ViTConfiguration(
    hiddenSize: 24, layerCount: 2, headCount: 2, intermediateSize: 48, imageSize: ImageExtent(side: 16),
    patchSize: ImageExtent(side: 4), labels: ["no", "yes"])

  @Test("A rare group is given about the weight of the largest, and shapes that the base can take are tried")
  func list() throws {
    let list = try RemedyList(
      arm: nil, group: GroupInNeed("lighting=dusk"), plan: plan(), architecture: architecture)
    #expect(list.remedies.map(\.name) == ["more-weight", "rank-16", "all-layers", "full", "temperature", "threshold"])
    guard case .training(let variant)? = list.remedies.first?.means else {
      Issue.record("no training")
      return
    }
    #expect(variant.emphasis?.column == "lighting" && variant.emphasis?.value == "dusk")
    #expect((4...6).contains(try #require(variant.emphasis).repetitions))
    guard case .training(let higher) = list.remedies[1].means, case .lora(let settings) = higher.arm else {
      Issue.record("no rank")
      return
    }
    // The update keeps its scale.
    #expect(settings.rank == 16 && settings.alpha == 32 && settings.layers == .last(1))
    #expect(throws: RemedyError.self) {
      try RemedyList(arm: "full", group: GroupInNeed("lighting=dusk"), plan: plan(), architecture: architecture)
    }
    for text in ["dusk", "=dusk", "lighting="] { #expect(throws: RemedyError.self) { try GroupInNeed(text) } }
  }

  @Test("A specification's variant reads back as the same one with another arm, and names its files by whole paths")
  func variant() throws {
    guard case .lora(var settings)? = try Specification(yaml: Self.text, file: "s.yaml").arms.first else {
      Issue.record("no arm")
      return
    }
    (settings.targets, settings.layers, settings.name) = (["query", "fc1"], .listed([0, 1]), "all-layers")
    (settings.dropout, settings.isRankStabilized) = (0.1, true)
    let arm = Arm.lora(settings)
    let yaml = try SpecificationVariant(
      name: "smile, more", arm: arm, emphasis: Emphasis(column: "lighting", value: "dusk: late", repetitions: 5)
    ).yaml(like: Self.text, file: "/studies/smile/s.yaml", comment: "Tries something.")
    #expect(yaml.hasPrefix("# Tries something.\n"))
    let (before, after) = try (
      Specification(yaml: Self.text, file: "s.yaml"), Specification(yaml: yaml, file: "v.yaml")
    )
    #expect(after.arms == [arm] && after.name == "smile, more")
    #expect(after.base == "/studies/smile/models/vit" && after.data.manifest == "/studies/smile/data/faces.csv")
    #expect(after.privacy == nil && after.policy == nil)
    #expect(
      after.training.emphasis == before.training.emphasis + [
        Emphasis(column: "lighting", value: "dusk: late", repetitions: 5)
      ])
    #expect(after.seeds == before.seeds && after.data.split == before.data.split)
    #expect(throws: SpecificationError.self) {
      try SpecificationVariant(name: "x", arm: .full).yaml(like: "[1, 2]", file: "/s.yaml", comment: "")
    }
  }
}
