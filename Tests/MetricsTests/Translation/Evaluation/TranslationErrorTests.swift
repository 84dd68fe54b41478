import Metrics
import Support
import Testing

@Suite struct TranslationErrorTests {
  private let items = TranslationFixture.items(families: 4)

  private func fails(
    _ items: TranslationItems, _ arms: [ArmTranslations], _ expected: TranslationError,
    rule: DecisionRule = TranslationFixture.rule,
    confidence: Double = 0.95, resamples: Int = 100
  ) {
    #expect(throws: expected) {
      try TranslationFixture.evaluate(items, arms, rule: rule, confidence: confidence, resamples: resamples)
    }
  }

  @Test("Sentences need references, and every list as many entries as there are sentences")
  func wrongItems() {
    let arms = [TranslationFixture.arm("full", items, damage: 0, swaps: 0)]
    var wrong = items
    wrong.references[2] = []
    fails(wrong, arms, .noReferences(item: "sentence-1002"))
    wrong = items
    wrong.stereotypes.removeLast()
    fails(wrong, arms, .evaluation(.countMismatch(what: "stereotypes", expected: 8, found: 7)))
    wrong = items
    wrong.clusters.removeLast()
    fails(wrong, arms, .evaluation(.countMismatch(what: "clusters", expected: 8, found: 7)))
    wrong = items
    wrong.groups = [Subgroup(column: "a", value: "b", items: [8])]
    let group = GroupName(column: "a", value: "b")
    fails(wrong, arms, .evaluation(.positionOutsideItems(group: group, position: 8, items: 8)))
    fails(TranslationItems(identifiers: [], references: [], clusters: []), arms, .evaluation(.noItems))
  }

  @Test("Arms need a translation of every sentence for every seed, once")
  func wrongArms() {
    let full = TranslationFixture.arm("full", items, damage: 0, swaps: 0)
    fails(items, [], .evaluation(.noArms))
    fails(items, [full, full], .evaluation(.repeatedArm("full")))
    fails(items, [ArmTranslations(arm: "full", runs: [])], .evaluation(.noRuns(arm: "full")))
    fails(
      items, [ArmTranslations(arm: "full", runs: full.runs + [full.runs[0]])],
      .evaluation(.repeatedSeed(arm: "full", seed: 1)))
    var short = full
    short.runs[1].translations.removeLast()
    fails(
      items, [short],
      .evaluation(.countMismatch(what: "translations by arm full, seed 2", expected: 8, found: 7)))
    short = full
    short.runs[0].seed = nil
    fails(items, [short], .evaluation(.seedBesideFixedModel(arm: "full")))
    let others = TranslationFixture.arm("lora", items, seeds: [1, 2], damage: 0, swaps: 0)
    fails(
      items, [full, others],
      .evaluation(.unequalSeeds(arm: "lora", seeds: [1, 2], reference: "full", referenceSeeds: [1, 2, 3])))
  }

  @Test("A rule about something else, a confidence that is none and too few resamples are refused")
  func wrongSettings() {
    let arms = [TranslationFixture.arm("full", items, damage: 0, swaps: 0)]
    let accuracy = DecisionRule(metric: .accuracy, margin: 0.03, minimumGroupSize: 0)
    fails(items, arms, .metricIsNotRougeL(.accuracy), rule: accuracy)
    let margin = DecisionRule(metric: .rougeL, margin: 1, minimumGroupSize: 0)
    fails(items, arms, .evaluation(.marginOutsideRange(1)), rule: margin)
    for confidence in [0, 1, -0.5, .nan] as [Double] {
      #expect(throws: TranslationError.self) { try TranslationFixture.evaluate(items, arms, confidence: confidence) }
    }
    fails(items, arms, .tooFewResamples(99), resamples: 99)
    #expect(TranslationError.tooFewResamples(99).description.contains("at least 100"))
  }

  @Test("A comparison with an arm that is not there is refused")
  func unknownReference() {
    #expect(throws: TranslationError.evaluation(.unknownArm("full", known: ["lora"]))) {
      try TranslationEvaluation.evaluate(
        items: items, arms: [TranslationFixture.arm("lora", items, damage: 0, swaps: 0)],
        comparisons: [ArmComparison(arm: "lora", reference: "full")], rule: TranslationFixture.rule,
        key: RandomKey(seed: 1))
    }
  }
}
