import MembershipInference
import Planning
import Specification
import Support
import Testing

@Suite struct SpecificationPlanTests {
  /// 120 items of two labels and two tones.
  private static let input = PlanInput(
    labels: (0..<120).map { $0 % 2 }, classes: ["no", "yes"], clusters: (0..<120).map { "p\($0 / 3)" },
    strata: [(0..<120).map { "\($0 % 2)" }], givenSplit: nil,
    contents: (0..<120).map { ContentHash(of: [UInt8($0)]) },
    groups: ["common", "rare"].map { value in
      .init(column: "tone", value: value, members: (0..<120).filter { ($0 / 3 % 5 == 0) == (value == "rare") })
    }, base: ContentHash(of: [7] as [UInt8]))

  private static func hash(_ text: String) throws -> ContentHash {
    try Plan(specification: Specification(yaml: text, file: "audit.yaml"), input: input).hash
  }

  @Test(
    "The plan's hash covers what changes results",
    arguments: [
      ("seeds: [13, 42]", "seeds: [13]"), ("batch: 32", "batch: 64"), ("margin: 0.05", "margin: 0.01"),
      ("min_group: 20", "min_group: 21"), ("models: 8", "models: 10"), ("[lira]", "[loss]"), ("name: smile", "name: s"),
      ("rank: 8", "rank: 4"), ("label: smiling", "label: smile"), ("at_least: 0.5", "at_least: 0.6"),
      ("min_group: 30", "min_group: 31"), ("limit: 0.6", "limit: 0.7"), ("limit: 0.6", "half_width: 0.1"),
      ("[6]", "[6], groups: true"),
    ])
  func covered(old: String, new: String) throws {
    let changed = Self.complete.replacing(old, with: new)
    try #require(changed != Self.complete)
    #expect(try Self.hash(changed) != Self.hash(Self.complete))
  }

  @Test(
    "The plan's hash does not cover where files lie, how the audit is run, nor who answers for a policy",
    arguments: [
      ("base: models/vit", "base: elsewhere"), ("manifest: faces.csv", "manifest: /moved.csv"),
      ("workers: 2", "workers: 7"), ("samples: 1", "samples: 5"), ("owner: Sato", "owner: Suzuki"),
    ])
  func uncovered(old: String, new: String) throws {
    let changed = Self.complete.replacing(old, with: new)
    try #require(changed != Self.complete)
    #expect(try Self.hash(changed) == Self.hash(Self.complete))
  }

  private static let complete =
    SpecificationTests.valid.replacing("pool: 100", with: "pool: 60, early_stopping: {analyses: [6], limit: 0.6}") + """
      policy: {owner: Sato, min_group: 30, rules: [{metric: accuracy, group: all, at_least: 0.5}]}
      report: {samples: 1}
      cluster: {workers: 2}

      """

  @Test("What the data do not suffice for is named with its line and key")
  func insufficientData() throws {
    let text = SpecificationTests.valid.replacing(
      "attacks: [lira], models: 8, pool: 100", with: "design: released, models: 8, pool: 90"
    ).replacing("train: 0.7, validation: 0.1, test: 0.2", with: "train: 0.5, validation: 0.1, test: 0.4")
    let error = #expect(throws: SpecificationError.self) { try Self.hash(text) }
    #expect(
      error?.description.hasPrefix("audit.yaml:16: privacy.design: the released model is trained on") == true)
  }

  @Test("An arm may have a number of shadow models and attacks of its own")
  func byArm() throws {
    let text = SpecificationTests.valid.replacing(
      "pool: 100", with: "pool: 60, by_arm: {full: {models: 6, attacks: [loss, 'rmia:gamma=2']}, head: {models: 10}}")
    let specification = try Specification(yaml: text, file: "audit.yaml")
    #expect(specification.arms.map { specification.privacy?.shadowModels.models(of: $0) } == [10, 8, 6])
    #expect(specification.privacy?.attacks(of: "full").map(\.text) == ["loss", "rmia:gamma=2.0"])
    #expect(specification.privacy?.attacks(of: "head").map(\.text) == ["lira"])
    #expect(try Self.hash(text.replacing("gamma=2", with: "gamma=3")) != Self.hash(text))
  }

  @Test(
    "A policy that nothing can ever meet is refused with its line and key",
    arguments: [
      ("arms: [lora-r9]", "accuracy, at_least: 0.5", "policy.arms[0]: there is no arm lora-r9"),
      ("arms: [head]", "accuracy, margin: 0.05", "policy.rules[0].margin: head is not compared with another arm"),
      (
        "owner: Sato", "accuracy, group: tone=pink, at_least: 0.5", "policy.rules[0].group: there is no group tone=pink"
      ),
      ("owner: Sato", "accuracy, group: tones=rare, at_least: 0.5", "there is no group tones=rare"),
    ])
  func policies(head: String, rule: String, problem: String) throws {
    let text = SpecificationTests.valid + "policy:\n  \(head)\n  rules:\n    - {metric: \(rule)}\n"
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let line = lines.count - (problem.contains("arms[0]") ? 3 : 1)
    #expect {
      _ = try Plan(specification: Specification(yaml: text, file: "audit.yaml"), input: Self.input)
    } throws: { error in
      "\(error)".hasPrefix("audit.yaml:\(line): ") && "\(error)".contains(problem)
    }
  }

  @Test("A policy about attacks needs privacy, and one about a margin an arm to compare with")
  func unmeasured() throws {
    let attack = "policy: {rules: [{metric: attack_area, group: all, at_most: 0.6}]}\n"
    let bare = SpecificationTests.valid.replacing("privacy: {attacks: [lira], models: 8, pool: 100}\n", with: "")
    #expect {
      try Specification(yaml: bare + attack, file: "audit.yaml")
    } throws: { error in
      "\(error)".contains("policy.rules[0].metric: membership inference is measured only where")
    }
    _ = try Specification(yaml: SpecificationTests.valid + attack, file: "audit.yaml")
    let margin = "policy: {rules: [{metric: accuracy, margin: 0.05}]}\n"
    _ = try Specification(yaml: bare + margin, file: "audit.yaml")
    #expect {
      try Specification(yaml: bare.replacing("  - full\n", with: "") + margin, file: "audit.yaml")
    } throws: { error in
      "\(error)".contains("policy.rules[0].margin: no arm is compared with another")
    }
  }

  @Test("An oversampled group that is not there is refused with its line and key")
  func unknownGroup() throws {
    let text = SpecificationTests.valid.replacing(
      "epochs: 3,", with: "epochs: 3, oversample: [{group: tone=pink, repeat: 2}],")
    #expect {
      _ = try Plan(specification: Specification(yaml: text, file: "audit.yaml"), input: Self.input)
    } throws: { error in
      "\(error)".hasPrefix(
        "audit.yaml:14: training.oversample[0].group: there is no group tone=pink; expected one of: ")
    }
  }
}
