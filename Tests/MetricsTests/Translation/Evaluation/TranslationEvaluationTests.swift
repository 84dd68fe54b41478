import Foundation
import Metrics
import Statistics
import Support
import Testing

@Suite struct TranslationEvaluationTests {
  private let groups = [
    Subgroup(column: "half", value: "first", items: Array(0..<40)),
    Subgroup(column: "half", value: "second", items: Array(40..<80)),
    Subgroup(column: "tag", value: "some", items: Array(stride(from: 0, to: 80, by: 5))),
  ]

  @Test("A figure is the mean over seeds of each seed's own, in every group")
  func meanOverSeeds() throws {
    let items = TranslationFixture.items(families: 40, groups: groups)
    let arm = TranslationFixture.arm("full", items, damage: 0.2, swaps: 0.3)
    let found = try #require(try TranslationFixture.evaluate(items, [arm]).arms.first)
    for (quality, members) in zip([found.overall] + found.groups, [Array(0..<80)] + groups.map(\.items)) {
      let bleu = try #require(quality.bleu.value)
      let rouge = try #require(quality.rougeL.value)
      let deltaS = try #require(quality.deltaS.value)
      for (seed, run) in arm.runs.enumerated() {
        var statistics = BLEUStatistics()
        var tally = PronounTally()
        var total = 0.0
        for item in members {
          let text = run.translations[item]
          statistics = statistics + BLEUReferences(items.references[item]).statistics(of: text)
          total += RougeLReferences(items.references[item]).score(of: text)
          tally =
            tally
            + PronounTally(
              PronounClass(of: text), gold: items.goldGenders[item], stereotype: items.stereotypes[item])
        }
        #expect(statistics.score == .value(bleu.seedSpread.values[seed]))
        #expect(abs(total / Double(members.count) - rouge.seedSpread.values[seed]) < 1e-12)
        #expect(tally.deltaS == .value(deltaS.seedSpread.values[seed]))
      }
      #expect(abs(bleu.estimate.value - bleu.seedSpread.values.reduce(0, +) / 3) < 1e-12)
      #expect(try #require(bleu.estimate.interval.value).contains(bleu.estimate.value))
      #expect(try #require(rouge.estimate.interval.value).contains(rouge.estimate.value))
    }
  }

  @Test("The order of the sentences does not matter")
  func orderOfItems() throws {
    let items = TranslationFixture.items(families: 40, groups: groups)
    let order = RandomKey(seed: 9).permutation(count: 80)
    let shuffled = TranslationItems(
      identifiers: order.map { items.identifiers[$0] }, references: order.map { items.references[$0] },
      stereotypes: order.map { items.stereotypes[$0] }, goldGenders: order.map { items.goldGenders[$0] },
      clusters: order.map { items.clusters[$0] },
      groups: groups.map { group in
        Subgroup(
          column: group.column, value: group.value, items: order.indices.filter { group.items.contains(order[$0]) })
      })
    func evaluate(_ items: TranslationItems) throws -> TranslationEvaluation {
      try TranslationFixture.evaluate(
        items,
        [
          TranslationFixture.arm("full", items, damage: 0.1, swaps: 0.2),
          TranslationFixture.arm("lora", items, damage: 0.2, swaps: 0.3),
        ])
    }
    #expect(try evaluate(items) == evaluate(shuffled))
  }

  @Test("A family counts once, however often its sentences are repeated")
  func repeatedWithinClusters() throws {
    let items = TranslationFixture.items(families: 30)
    let arm = TranslationFixture.arm("full", items, damage: 0.2, swaps: 0.3)
    let twice = (0..<120).map { $0 / 2 }
    let repeated = TranslationItems(
      identifiers: (0..<120).map { TranslationFixture.identifier($0 / 2) + ($0 % 2 == 0 ? "a" : "b") },
      references: twice.map { items.references[$0] }, stereotypes: twice.map { items.stereotypes[$0] },
      goldGenders: twice.map { items.goldGenders[$0] }, clusters: twice.map { items.clusters[$0] })
    let same = ArmTranslations(
      arm: "full",
      runs: arm.runs.map { run in
        TranslationRun(seed: run.seed, translations: twice.map { run.translations[$0] })
      })
    let once = try TranslationFixture.evaluate(items, [arm]).arms[0].overall
    let again = try TranslationFixture.evaluate(repeated, [same]).arms[0].overall
    #expect(again.n == 2 * once.n && again.clusters == once.clusters)
    for (first, second) in [(once.bleu, again.bleu), (once.rougeL, again.rougeL), (once.deltaS, again.deltaS)] {
      let interval = try #require(first.value?.estimate.interval.value)
      let other = try #require(second.value?.estimate.interval.value)
      #expect(abs(interval.lower - other.lower) < 1e-9 && abs(interval.upper - other.upper) < 1e-9)
    }
  }

  @Test("The interval of ROUGE-L is as wide as the variation between families says")
  func width() throws {
    let items = TranslationFixture.items(families: 200)
    let arm = TranslationFixture.arm("full", items, seeds: [1], damage: 0.25, swaps: 0.3)
    let found = try TranslationFixture.evaluate(items, [arm], resamples: 4_000).arms[0].overall
    let scores = zip(arm.runs[0].translations, items.references).map { RougeLReferences($1).score(of: $0) }
    let means = stride(from: 0, to: 400, by: 2).map { first -> Double in
      let sum: Double = scores[first] + scores[first + 1]
      return sum / 2
    }
    let mean = means.reduce(0, +) / 200
    let squares = means.reduce(0.0) { sum, family in sum + (family - mean) * (family - mean) }
    let error = (squares / 199 / 200).squareRoot()
    let interval = try #require(found.rougeL.value?.estimate.interval.value)
    #expect(abs(interval.width / (2 * 1.96 * error) - 1) < 0.08)
    let narrower = try TranslationFixture.evaluate(items, [arm], confidence: 0.8, resamples: 4_000).arms[0].overall
    let narrow = try #require(narrower.rougeL.value?.estimate.interval.value)
    #expect(abs(narrow.width / (2 * 1.2816 * error) - 1) < 0.08)
    let share = try #require(found.pronouns.value?.female)
    let narrowShare = try #require(narrower.pronouns.value?.female)
    #expect(narrowShare.value == share.value && narrowShare.interval.width < share.interval.width)
  }

  @Test("Shares of pronouns by stereotype, with Wilson's interval where sentences stand alone")
  func shares() throws {
    var items = TranslationFixture.items(families: 10)
    items.clusters = Array(0..<20)
    items.stereotypes = (0..<20).map { $0 < 10 ? .male : nil }
    let texts = (0..<20).map { $0 < 8 ? "He left." : $0 == 8 ? "They left." : $0 == 9 ? "Left." : "She left." }
    let arm = ArmTranslations(arm: "base", runs: [TranslationRun(seed: nil, translations: texts)])
    let found = try TranslationFixture.evaluate(items, [arm]).arms[0].overall
    let stereotyped = try #require(found.pronounsOfMaleStereotype.value)
    #expect(PronounClass.allCases.map { stereotyped[$0].value } == [0, 0.8, 0.1, 0.1])
    // Wilson's interval of 8 in 10.
    #expect(abs(stereotyped.male.interval.lower - 0.490162) < 1e-6)
    #expect(abs(stereotyped.male.interval.upper - 0.943318) < 1e-6)
    #expect(try #require(found.pronouns.value).female.successes == 10)
    #expect(
      found.pronounsOfFemaleStereotype == .undefined(reason: "no sentence is stereotyped female", n: 20))
  }

  @Test("What one seed leaves undefined is undefined for the arm, and the seed is named")
  func undefinedForOneSeed() throws {
    let items = TranslationFixture.items(families: 20)
    let he = TranslationRun(seed: 7, translations: items.identifiers.map { _ in "He is late." })
    let runs = [TranslationFixture.run(items, seed: 1, damage: 0, swaps: 0.2, key: "a"), he]
    let arms = [
      ArmTranslations(arm: "full", runs: runs),
      TranslationFixture.arm("lora", items, seeds: [1, 7], damage: 0.1, swaps: 0.2),
    ]
    let found = try TranslationFixture.evaluate(items, arms)
    #expect(found.arms[0].overall.deltaG == .undefined(reason: "seed 7: female is never predicted", n: 40))
    #expect(found.arms[0].overall.deltaS == .undefined(reason: "seed 7: female is never predicted", n: 40))
    #expect(found.differences[0].deltaS == found.arms[0].overall.deltaS)
    #expect(found.arms[0].overall.maleF1.value != nil)
    #expect(found.arms[0].overall.antiStereotypicalAccuracy.value != nil)
    #expect(found.arms[1].overall.deltaS.value != nil)
  }

  @Test("A figure that many resamples lack has a value and no interval")
  func undefinedInResamples() throws {
    let items = TranslationFixture.items(families: 20)
    var texts = items.references.map { $0[0].replacing(" she ", with: " he ") }
    texts[1] = items.references[1][0]
    let arm = ArmTranslations(arm: "full", runs: [TranslationRun(seed: 1, translations: texts)])
    let deltaG = try #require(try TranslationFixture.evaluate(items, [arm]).arms[0].overall.deltaG.value)
    // One she of twenty: 2·1/(20 + 1); he: 2·20/(20 + 39).
    #expect(abs(deltaG.estimate.value - (40.0 / 59 - 2.0 / 21)) < 1e-12)
    guard case .undefined(let reason, 40) = deltaG.estimate.interval else {
      Issue.record("an interval of resamples of which a third have no such figure")
      return
    }
    #expect(reason.contains("of 400 resamples"))
  }

  @Test("One family says nothing about variation, and nothing is said about facts that are not there")
  func tooLittle() throws {
    var items = TranslationFixture.items(families: 4)
    items.clusters = items.clusters.map { _ in 1 }
    items.stereotypes = items.stereotypes.map { _ in nil }
    items.goldGenders = items.goldGenders.map { _ in nil }
    let found = try TranslationFixture.evaluate(items, [TranslationFixture.arm("full", items, damage: 0.1, swaps: 0)])
      .arms[0].overall
    let bleu = try #require(found.bleu.value)
    #expect(bleu.estimate.interval == .undefined(reason: "one cluster says nothing about variation", n: 8))
    #expect(found.deltaG == .undefined(reason: "seed 1: no sentence is of gold gender female", n: 0))
    #expect(found.deltaS == .undefined(reason: "seed 1: no pro-stereotypical sentences", n: 0))
    #expect(found.proStereotypicalAccuracy == .undefined(reason: "no pro-stereotypical sentences", n: 8))
  }

  @Test("Empty translations are bad ones: BLEU and ROUGE-L are 0, pronouns unknown")
  func emptyTranslations() throws {
    let items = TranslationFixture.items(families: 12)
    let arm = ArmTranslations(
      arm: "full", runs: [TranslationRun(seed: 1, translations: items.identifiers.map { _ in "" })])
    let found = try TranslationFixture.evaluate(items, [arm]).arms[0].overall
    #expect(found.bleu.value?.estimate.value == 0 && found.rougeL.value?.estimate.value == 0)
    #expect(found.pronouns.value?.unknown.value == 1)
    #expect(found.deltaG == .undefined(reason: "seed 1: female is never predicted", n: 24))
  }
}
