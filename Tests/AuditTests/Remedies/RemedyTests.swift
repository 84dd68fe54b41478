import Audit
import Checkpoints
import Foundation
import Ledger
import Planning
import Report
import Specification
import Support
import TestSupport
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
    training: {epochs: 2, oversample: [{group: age=old, repeat: 2}]}
    privacy: {models: 8}
    policy: {rules: [{metric: accuracy, group: all, at_least: 0.5}]}

    """

  /// Ten people at dusk for every fifty at noon.
  ///
  /// - Parameters:
  ///   - split: in place of the specification's.
  ///   - isCombined: the groups are combinations of columns.
  private func specification(split: String? = nil) throws -> Specification {
    let own = "{train: 0.5, validation: 0.1, test: 0.4}"
    return try Specification(
      yaml: Self.text.replacing(", oversample: [{group: age=old, repeat: 2}]", with: "").replacing(
        "policy: {rules: [{metric: accuracy, group: all, at_least: 0.5}]}\n", with: ""
      ).replacing(own, with: split ?? own), file: "s.yaml")
  }

  private func plan(_ specification: Specification, isCombined: Bool = false) throws -> Plan {
    let values = (0..<600).map { $0 % 6 == 0 ? "dusk" : "noon" }
    return try Plan(
      specification: specification,
      input: PlanInput(
        labels: (0..<600).map { $0 % 2 }, classes: ["no", "yes"], clusters: (0..<600).map { "\($0)" }, strata: [],
        givenSplit: nil, contents: (0..<600).map { ContentHash(of: [UInt8($0 % 256), UInt8($0 / 256)]) },
        groups: ["dusk", "noon"].map { value in
          PlanInput.Group(
            column: "lighting", value: value, members: values.indices.filter { values[$0] == value },
            isCombined: isCombined)
        }, base: ContentHash(of: [])))
  }

  private func remedies(
    arm: String? = nil, for group: String, split: String? = nil, isCombined: Bool = false
  ) throws -> RemedyList {
    let specification = try specification(split: split)
    return try RemedyList(
      arm: arm, group: GroupInNeed(group), specification: specification,
      plan: plan(specification, isCombined: isCombined), architecture: architecture)
  }

  private let architecture = ViTConfiguration(
    hiddenSize: 24, layerCount: 2, headCount: 2, intermediateSize: 48, imageSize: ImageExtent(side: 16),
    patchSize: ImageExtent(side: 4), labels: ["no", "yes"])

  @Test("A rare group is given about the weight of the largest, and shapes that the base can take are tried")
  func list() throws {
    let list = try remedies(for: "lighting=dusk")
    #expect(list.remedies.map(\.name) == ["oversampling", "rank-16", "all-layers", "full", "temperature", "threshold"])
    guard case .training(let variant)? = list.remedies.first?.means else {
      Issue.record("no training")
      return
    }
    #expect(variant.oversampling?.column == "lighting" && variant.oversampling?.value == "dusk")
    #expect((4...6).contains(try #require(variant.oversampling).repetitions))
    guard case .training(let higher) = list.remedies[1].means, case .lora(let settings) = higher.arm else {
      Issue.record("no rank")
      return
    }
    // The update keeps its scale.
    #expect(settings.rank == 16 && settings.alpha == 32 && settings.layers == .last(1))
    #expect(throws: RemedyError.self) {
      try remedies(arm: "full", for: "lighting=dusk")
    }
    for text in ["dusk", "=dusk", "lighting="] { #expect(throws: RemedyError.self) { try GroupInNeed(text) } }
  }

  @Test("A remedy that cannot be tried on these data is left out with its reason, and a pooled group is refused")
  func leftOut() throws {
    let without = try remedies(for: "lighting=dusk", split: "{train: 0.5, validation: 0, test: 0.5}")
    #expect(!without.remedies.contains { ["temperature", "threshold"].contains($0.name) })
    #expect(without.leftOut.map(\.name) == ["temperature", "threshold"])
    #expect(without.leftOut[1].reason == "lighting=dusk has no validation items to choose it on")
    // Some forty items at dusk are tested, and fifty are the minimum.
    #expect {
      try remedies(for: "lighting=dusk", isCombined: true)
    } throws: { error in
      "\(error)".contains("fewer than the 50 of decision.min_group")
    }
    #expect(
      try remedies(for: "lighting=noon", isCombined: true).leftOut.isEmpty)
  }

  @Test("Every arm and group has a folder of its own, whatever its name holds")
  func folders() throws {
    func path(_ arm: String, _ group: String) throws -> String {
      RemedyFolder(path: nil, audit: "a", arm: arm, group: try GroupInNeed(group)).path
    }
    #expect(try path("lora-r8", "lighting=dusk") == "a/remedies/lora-r8/lighting=dusk")
    #expect(try path("lora-r8", "light/../=$x y") == "a/remedies/lora-r8/light%2F..%2F=%24x%20y")
    #expect(try path("lora-r8", "a=b%2F") != path("lora-r8", "a=b/"))
    let given = RemedyFolder(path: "mine", audit: "a", arm: "full", group: try GroupInNeed("a=b"))
    #expect(given.path == "mine")
  }

  @Test("What was audited in a remedy's folder for another group is not taken for this one's, nor written over")
  func otherRemedies() throws {
    let folder = try TemporaryFolder()
    let plan = try plan(specification())
    let plain = Self.text.replacing(", oversample: [{group: age=old, repeat: 2}]", with: "")
    func remedy(_ group: String) throws -> Remedy {
      let list = try remedies(for: group)
      return try #require(list.remedies.first { $0.name == "oversampling" })
    }
    func yaml(_ group: String) throws -> String {
      guard case .training(let variant) = try remedy(group).means else { throw RemedyError("no training") }
      return try variant.yaml(like: plain, file: "/s.yaml", comment: group)
    }
    let place = RemedyFolder(path: "\(folder.path)/r", audit: "a", arm: "lora-r4", group: try GroupInNeed("a=b"))
    let (dusk, noon) = (try remedy("lighting=dusk"), try remedy("lighting=noon"))
    try place.write(yaml("lighting=dusk"), of: dusk, input: plan.input)
    // Nothing was run yet.
    try place.write(yaml("lighting=noon"), of: noon, input: plan.input)
    try FileManager.default.createDirectory(atPath: place.audit(of: noon), withIntermediateDirectories: true)
    let hash = try Plan(specification: Specification(yaml: yaml("lighting=noon"), file: "n.yaml"), input: plan.input)
      .hash
    try Ledger(file: "\(place.audit(of: noon))/ledger.sqlite", plan: hash).endSession()
    try place.write(yaml("lighting=noon"), of: noon, input: plan.input)
    let before = try String(contentsOfFile: place.specification(of: noon), encoding: .utf8)
    #expect {
      try place.write(yaml("lighting=dusk"), of: dusk, input: plan.input)
    } throws: { error in
      "\(error)".contains("was made from another specification") && "\(error)".contains("--output")
    }
    #expect(try String(contentsOfFile: place.specification(of: noon), encoding: .utf8) == before)
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
      name: "smile, more", arm: arm, oversampling: Oversampling(column: "lighting", value: "dusk: late", repetitions: 5)
    ).yaml(like: Self.text, file: "/studies/smile/s.yaml", comment: "Tries something.")
    #expect(yaml.hasPrefix("# Tries something.\n"))
    let (before, after) = try (
      Specification(yaml: Self.text, file: "s.yaml"), Specification(yaml: yaml, file: "v.yaml")
    )
    #expect(after.arms == [arm] && after.name == "smile, more")
    #expect(after.base == "/studies/smile/models/vit" && after.data.manifest == "/studies/smile/data/faces.csv")
    #expect(after.privacy == nil && after.policy == nil)
    #expect(
      after.training.oversampling == before.training.oversampling + [
        Oversampling(column: "lighting", value: "dusk: late", repetitions: 5)
      ])
    #expect(after.seeds == before.seeds && after.data.split == before.data.split)
    #expect(throws: SpecificationError.self) {
      try SpecificationVariant(name: "x", arm: .full).yaml(like: "[1, 2]", file: "/s.yaml", comment: "")
    }
  }
}
