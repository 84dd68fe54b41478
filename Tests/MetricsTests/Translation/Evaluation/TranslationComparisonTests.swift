import Metrics
import Statistics
import Support
import Testing

@Suite struct TranslationComparisonTests {
  private let groups = [
    Subgroup(column: "half", value: "first", items: Array(0..<60)),
    Subgroup(column: "half", value: "second", items: Array(60..<120)),
  ]

  @Test("Arms that translate alike differ by exactly nothing, on the same resamples, and lie within the margin")
  func alike() throws {
    let items = TranslationFixture.items(families: 60, groups: groups)
    let full = TranslationFixture.arm("full", items, damage: 0.2, swaps: 0.3)
    let found = try TranslationFixture.evaluate(items, [full, ArmTranslations(arm: "lora", runs: full.runs)])
    #expect(found.differences.count == 3 && found.familySize == 2)
    for difference in found.differences {
      for figure in [difference.bleu, difference.rougeL, difference.deltaG, difference.deltaS] {
        let estimate = try #require(figure.value).estimate
        #expect(estimate == Estimate(value: 0, interval: .value(Interval(lower: 0, upper: 0))))
      }
    }
    #expect(found.comparisons.map(\.estimate) == [0, 0, 0])
  }

  @Test("A difference is the difference of the arms' figures, and narrower than unpaired intervals where arms agree")
  func paired() throws {
    let items = TranslationFixture.items(families: 60, groups: groups)
    let full = TranslationFixture.arm("full", items, damage: 0.25, swaps: 0.3)
    // Equal but for an article that is dropped here and there.
    let lora = ArmTranslations(
      arm: "lora",
      runs: full.runs.map { run in
        TranslationRun(
          seed: run.seed,
          translations: run.translations.enumerated().map { $0 % 7 == 0 ? $1.replacing("The ", with: "") : $1 })
      })
    let found = try TranslationFixture.evaluate(items, [full, lora])
    for (number, difference) in found.differences.enumerated() {
      let own = ([found.arms[1].overall] + found.arms[1].groups)[number]
      let other = ([found.arms[0].overall] + found.arms[0].groups)[number]
      for (figure, first, second) in [
        (difference.bleu, own.bleu, other.bleu), (difference.rougeL, own.rougeL, other.rougeL),
        (difference.deltaS, own.deltaS, other.deltaS),
      ] {
        let (first, second) = (try #require(first.value), try #require(second.value))
        let difference = try #require(figure.value)
        #expect(abs(difference.estimate.value - (first.estimate.value - second.estimate.value)) < 1e-9)
        let width = try #require(difference.estimate.interval.value).width
        #expect(width < 0.5 * (try #require(first.estimate.interval.value)).width)
      }
      let comparison = found.comparisons[number]
      #expect(comparison.group == difference.group && comparison.n == difference.n)
      #expect(abs(comparison.estimate - (try #require(difference.rougeL.value)).estimate.value) < 1e-8)
      #expect(
        abs(comparison.seedSpread.values[1] - (try #require(difference.rougeL.value)).seedSpread.values[1]) < 1e-8)
    }
  }

  @Test("Verdicts on ROUGE-L: a little worse is within the margin, much worse is confirmed in each group")
  func verdicts() throws {
    let items = TranslationFixture.items(families: 60, groups: groups)
    let full = TranslationFixture.arm("full", items, damage: 0.1, swaps: 0)
    let worse = TranslationFixture.arm("worse", items, damage: 0.4, swaps: 0)
    // One sentence in ten loses its first word: about half a point.
    let little = ArmTranslations(
      arm: "little",
      runs: full.runs.map { run in
        TranslationRun(
          seed: run.seed,
          translations: run.translations.enumerated().map { item, text in
            item % 10 == 0 ? text.split(separator: " ").dropFirst().joined(separator: " ") : text
          })
      })
    let found = try TranslationFixture.evaluate(items, [full, worse, little])
    #expect(found.familySize == 4)
    #expect(found.comparisons.prefix(3).allSatisfy { $0.verdict == .differenceConfirmed && $0.estimate < -0.05 })
    #expect(found.comparisons.map(\.isInFamily) == [false, true, true, false, true, true])
    #expect(found.comparisons.allSatisfy { $0.test != .exactMcNemar })
    #expect(found.comparisons[3].verdict == .withinMargin)
    #expect(found.comparisons[3].estimate < 0 && found.comparisons[3].interval.lower > -0.03)
    let small = DecisionRule(metric: .rougeL, margin: 0.03, minimumGroupSize: 61)
    let undecided = try TranslationFixture.evaluate(items, [full, worse], rule: small).comparisons
    #expect(undecided[0].verdict == .differenceConfirmed)
    guard case .notEnoughData(because: .belowMinimumSize(minimum: 61), _) = undecided[1].verdict else {
      Issue.record("a verdict on a group below the minimum size")
      return
    }
  }

  @Test("A model that no seed changes stands beside each seed of the other, in whatever order these are given")
  func fixedModel() throws {
    let items = TranslationFixture.items(families: 30)
    let base = TranslationFixture.arm("base", items, seeds: [nil], damage: 0.3, swaps: 0.2)
    let lora = TranslationFixture.arm("lora", items, damage: 0.1, swaps: 0.2)
    let found = try TranslationFixture.evaluate(items, [base, lora])
    #expect(try #require(found.differences[0].bleu.value).seedSpread.values.count == 3)
    let full = TranslationFixture.arm("full", items, damage: 0.2, swaps: 0.2)
    let reversed = ArmTranslations(arm: "full", runs: full.runs.reversed())
    let (first, second) = (
      try TranslationFixture.evaluate(items, [full, lora]), try TranslationFixture.evaluate(items, [reversed, lora])
    )
    #expect(
      first.differences[0].rougeL.value?.seedSpread.values == second.differences[0].rougeL.value?.seedSpread.values)
    #expect(first.comparisons == second.comparisons)
  }

  @Test("Exploratory comparisons are outside the family")
  func exploratory() throws {
    let items = TranslationFixture.items(
      families: 30, groups: [Subgroup(column: "a", value: "b", items: Array(0..<30))])
    let arms = ["full", "lora", "base"].map { TranslationFixture.arm($0, items, damage: 0.1, swaps: 0.1) }
    let found = try TranslationEvaluation.evaluate(
      items: items, arms: arms, comparisons: [ArmComparison(arm: "lora", reference: "full")],
      exploratory: [ArmComparison(arm: "base", reference: "full")], rule: TranslationFixture.rule, resamples: 100,
      key: RandomKey(seed: 1))
    #expect(found.familySize == 1)
    #expect(found.exploratoryComparisons.map(\.arm) == ["base", "base"])
    #expect(found.exploratoryComparisons.allSatisfy { !$0.isInFamily })
    #expect(found.differences.map(\.arm) == ["lora", "lora", "base", "base"])
  }
}
