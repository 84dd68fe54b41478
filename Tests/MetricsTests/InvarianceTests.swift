import Metrics
import Statistics
import Support
import TestSupport
import Testing

@Suite struct InvarianceTests {
  @Test("An evaluation is the same every time it is made")
  func repeatable() throws {
    let golden = try Golden.load()
    #expect(try golden.evaluate() == golden.evaluate())
  }

  @Test("The order of items and the numbers of clusters change nothing, not even what is drawn")
  func itemOrder() throws {
    let golden = try Golden.load()
    let items = golden.evaluationItems
    let order = RandomKey(seed: 31).permutation(count: items.count)
    var position = [Int](repeating: 0, count: order.count)
    for (new, old) in order.enumerated() { position[old] = new }
    let shuffled = EvaluationItems(
      identifiers: order.map { items.identifiers[$0] }, labels: order.map { items.labels[$0] },
      classNames: items.classNames, clusters: order.map { 1_000 - 7 * items.clusters[$0] },
      groups: items.groups.map {
        Subgroup(column: $0.column, value: $0.value, items: $0.items.map { position[$0] }.sorted())
      }, positiveClass: items.positiveClass)
    var arms = golden
    arms.logits = golden.logits.mapValues { runs in
      runs.map { run in order.flatMap { [run[2 * $0], run[2 * $0 + 1]] } }
    }
    #expect(try Fixture.evaluate(shuffled, arms.predictions()) == golden.evaluate())
  }

  @Test(
    "With the classes the other way round, each rate of positives is that of negatives, and calibration is the same")
  func relabelling() throws {
    let golden = try Golden.load()
    let items = golden.evaluationItems
    var other = items
    other.labels = items.labels.map { 1 - $0 }
    other.classNames = items.classNames.reversed()
    var swapped = golden
    swapped.logits = golden.logits.mapValues { runs in
      runs.map { run in stride(from: 0, to: run.count, by: 2).flatMap { [run[$0 + 1], run[$0]] } }
    }
    let (first, second) = try (golden.evaluate(), Fixture.evaluate(other, swapped.predictions()))
    for (before, after) in zip(first.arms, second.arms) {
      for (one, same) in zip(before.overSeeds.groups, after.overSeeds.groups) {
        #expect(one.accuracy == same.accuracy)
        // Selected negatives are the negatives that the other way round are not found.
        let (falsePositive, found) = (
          try #require(one.falsePositiveRate.value), try #require(same.truePositiveRate.value)
        )
        #expect(isClose(falsePositive.value, 1 - found.value) && falsePositive.n == found.n)
        #expect(isClose(falsePositive.interval.lower, 1 - found.interval.upper))
      }
      let calibrations = zip(
        before.calibration.all, after.calibration.all)
      for (one, same) in calibrations {
        // The classes are added up in another order.
        #expect(isClose(one.classwiseError.value, same.classwiseError.value))
        var same = same
        same.classwiseError = one.classwiseError
        // What too much is expected of one of two classes is expected too little of the other.
        let (positive, negative) = (try #require(one.positive.value), try #require(same.positive.value))
        #expect(isClose(positive.signedGap.value, -negative.signedGap.value))
        #expect(isClose(positive.baseRate, 1 - negative.baseRate))
        #expect(isClose(positive.meanProbability, 1 - negative.meanProbability))
        same.positive = one.positive
        let isSame = one == same
        #expect(isSame)
      }
    }
    #expect(first.comparisons == second.comparisons)
  }

  @Test("One more right item never lowers accuracy or its bounds, and one more found positive no rate of positives")
  func monotone() throws {
    var generator = RandomKey(seed: 77)["monotone"].generator
    for _ in 0..<15 {
      let labels = (0..<40).map { _ in generator.index(below: 2) }
      var predictions = labels.map { _ in generator.index(below: 2) }
      var last: GroupRates?
      for item in 0..<40 where predictions[item] != labels[item] {
        predictions[item] = labels[item]
        let rates = try Fixture.evaluate(Fixture.items(labels: labels), [try Fixture.arm("full", [predictions])])
          .arms[0].overSeeds.overall
        if let last {
          #expect(rates.accuracy.value > last.accuracy.value)
          #expect(rates.accuracy.interval.lower >= last.accuracy.interval.lower)
          #expect(rates.accuracy.interval.upper >= last.accuracy.interval.upper)
          for rate in [\GroupRates.truePositiveRate, \.precision] {
            guard let before = last[keyPath: rate].value, let after = rates[keyPath: rate].value else { continue }
            #expect(after.value >= before.value - 1e-12)
          }
          if let before = last.falsePositiveRate.value, let after = rates.falsePositiveRate.value {
            #expect(after.value <= before.value + 1e-12)
          }
        }
        last = rates
      }
    }
  }

  @Test("A group's figures do not depend on which other groups there are")
  func groupsStandAlone() throws {
    let golden = try Golden.load()
    let all = try golden.evaluate()
    var fewer = golden
    fewer.items.groups = Array(golden.items.groups.suffix(2).reversed())
    let two = try fewer.evaluate()
    for (arm, same) in zip(all.arms, two.arms) {
      #expect(arm.overSeeds.groups.last == same.overSeeds.groups.first)
      #expect(arm.calibration.groups.last?.signedGap == same.calibration.groups.first?.signedGap)
    }
    let before = try #require(all.comparisons.last)
    #expect(two.comparisons[1].interval == before.interval && two.comparisons[1].pValue == before.pValue)
  }

  @Test(
    "A group of all items has the figures of all items, and the rates of three classes those of each against the rest")
  func wholes() throws {
    var generator = RandomKey(seed: 78)["classes"].generator
    let labels = (0..<120).map { _ in generator.index(below: 3) }
    let predictions = labels.map { generator.uniform() < 0.6 ? $0 : generator.index(below: 3) }
    let all = [Subgroup(column: "column", value: "all", items: Array(0..<120))]
    let found = try Fixture.evaluate(
      Fixture.items(labels: labels, groups: all, classes: 3, positiveClass: nil),
      [try Fixture.arm("full", [predictions], classes: 3)]
    ).arms[0]
    let classes = try #require(found.classes.value)
    #expect(classes.map(\.name) == Fixture.items(labels: labels, classes: 3).classNames)
    for (label, rates) in classes.enumerated() {
      var whole = rates.overall
      whole.group = all[0].name
      #expect(rates.groups == [whole])
      let binary = try Fixture.evaluate(
        Fixture.items(labels: labels.map { $0 == label ? 1 : 0 }),
        [try Fixture.arm("full", [predictions.map { $0 == label ? 1 : 0 }])]
      ).arms[0].overSeeds.overall
      #expect(rates.overall.truePositiveRate == binary.truePositiveRate)
      #expect(rates.overall.falsePositiveRate == binary.falsePositiveRate)
      #expect(rates.overall.precision == binary.precision && rates.overall.f1 == binary.f1)
    }
    let declared = try Fixture.evaluate(
      Fixture.items(labels: labels, classes: 3, positiveClass: 2),
      [try Fixture.arm("full", [predictions], classes: 3)]
    ).arms[0]
    #expect(declared.classes == .undefined(reason: "one class is declared positive; its rates say it", n: 120))
    #expect(declared.overSeeds.overall.precision == classes[2].overall.precision)
  }

  @Test("Comparisons that were not declared are described as the same figures, outside the family")
  func exploratory() throws {
    let golden = try Golden.load()
    let comparison = ArmComparison(arm: "lora", reference: "full")
    func evaluate(_ declared: [ArmComparison], _ others: [ArmComparison]) throws -> FairnessEvaluation {
      try FairnessEvaluation.evaluate(
        items: golden.evaluationItems, arms: golden.predictions(), comparisons: declared, exploratory: others,
        rule: Fixture.rule, key: RandomKey(seed: 1))
    }
    let (declared, explored) = try (evaluate([comparison], []), evaluate([], [comparison]))
    #expect(explored.comparisons.isEmpty && explored.familySize == 0)
    #expect(explored.exploratoryComparisons.allSatisfy { !$0.isInFamily })
    for (one, other) in zip(declared.comparisons, explored.exploratoryComparisons) {
      #expect(one.estimate == other.estimate && one.interval == other.interval && one.pValue == other.pValue)
    }
    #expect(throws: EvaluationError.repeatedComparison(arm: "lora", reference: "full")) {
      try evaluate([comparison], [comparison])
    }
  }

  @Test("A share's interval lies within 0 and 1 and holds its value, and no effective number exceeds the predictions")
  func bounds() throws {
    for arm in try Golden.load().evaluate().arms {
      for rates in arm.seeds.flatMap({ [$0.rates.overall] + $0.rates.groups }) + arm.overSeeds.groups {
        for share in [
          rates.accuracy, rates.truePositiveRate.value, rates.falsePositiveRate.value, rates.selectionRate.value,
        ].compactMap({ $0 }) {
          #expect(share.interval.lower >= 0 && share.interval.upper <= 1 && share.interval.contains(share.value))
          #expect(share.effectiveN <= Double(share.n * arm.seeds.count) + 1e-9)
        }
      }
    }
  }
}
