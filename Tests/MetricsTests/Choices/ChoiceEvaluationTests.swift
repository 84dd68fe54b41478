import Metrics
import Statistics
import TestSupport
import Testing

@Suite struct ChoiceEvaluationTests {
  private let count = 120

  private func noise(_ task: ChoiceTask, _ seed: Int, run: Int? = nil) -> RunScores {
    let preferences = ChoiceFixture.preferences(seed, questions: task.questions.count)
    return ChoiceFixture.run(task, seed: run, { preferences[$0.question][$0.option] - 9 })
  }

  private var groups: [Subgroup] {
    (0..<3).map { group in
      Subgroup(column: "tone", value: "\(group)", items: Array(stride(from: group, to: count, by: 3)))
    }
  }

  @Test("A group's figures are those of its questions alone")
  func groupsAlone() throws {
    let questions = ChoiceFixture.questions(count)
    let task = try ChoiceFixture.plain(questions)
    let evaluation = try ChoiceFixture.evaluate(
      task, [ArmScores(arm: "base", runs: [noise(task, 1)])], groups: groups)
    let measures = evaluation.arms[0].prompts[0].groups
    #expect(measures.map(\.group) == groups.map(\.name))
    for (group, found) in zip(groups, measures) {
      let ownTask = try ChoiceFixture.plain(group.items.map { questions[$0] })
      let preferences = ChoiceFixture.preferences(1, questions: count)
      let run = ChoiceFixture.run(ownTask, { preferences[group.items[$0.question]][$0.option] - 9 })
      let alone = try ChoiceFixture.overall(ownTask, [run])
      #expect(found.n == 40)
      #expect(found.accuracy == alone.accuracy)
      #expect(found.kinds == alone.kinds)
      let (bias, own) = (try #require(found.tokenBias.value), try #require(alone.tokenBias.value))
      #expect(bias.labelBias == own.labelBias)
      #expect(bias.labels == own.labels)
      #expect(bias.positionBias.value == own.positionBias.value)
      #expect(bias.singleOrderAccuracy == own.singleOrderAccuracy)
      #expect(found.disambiguatedBias.value?.value == alone.disambiguatedBias.value?.value)
    }
  }

  @Test("Figures are averaged over the seeds, whose spread is shown")
  func seeds() throws {
    let task = try ChoiceFixture.plain(ChoiceFixture.questions(count))
    let runs = [noise(task, 1, run: 13), noise(task, 2, run: 42), noise(task, 3, run: 666)]
    let each = try runs.map { try ChoiceFixture.overall(task, [$0]) }
    let together = try ChoiceFixture.overall(task, runs)
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    #expect(
      isClose(try #require(together.accuracy.value).value, mean(each.compactMap { $0.accuracy.value?.value })))
    #expect(
      isClose(
        try #require(together.ambiguousBias.value).value, mean(each.compactMap { $0.ambiguousBias.value?.value })))
    let spread = try #require(together.seedSpreads.first { $0.figure == .ambiguousBias }?.spread.value)
    #expect(spread.values == each.compactMap { $0.ambiguousBias.value?.value })
    #expect(spread.interval.value != nil)
    #expect(
      isClose(
        try #require(together.tokenBias.value).followsContent.value,
        mean(each.compactMap { $0.tokenBias.value?.followsContent.value })))
  }

  @Test("An arm against itself differs by nothing in every figure, and exchanging arms flips differences")
  func comparisons() throws {
    let task = try ChoiceFixture.plain(ChoiceFixture.questions(count))
    let arms = [
      ArmScores(arm: "base", runs: [noise(task, 1)]), ArmScores(arm: "same", runs: [noise(task, 1)]),
      ArmScores(arm: "lora", runs: [noise(task, 2, run: 13), noise(task, 3, run: 42)]),
    ]
    let evaluation = try ChoiceFixture.evaluate(
      task, arms,
      comparisons: [
        ArmComparison(arm: "same", reference: "base"), ArmComparison(arm: "lora", reference: "base"),
        ArmComparison(arm: "base", reference: "lora"),
      ], groups: groups)
    func found(_ arm: String, _ reference: String) -> [ChoiceComparison] {
      evaluation.comparisons.filter { $0.arm == arm && $0.reference == reference }
    }
    #expect(found("same", "base").count == 4 * ChoiceFigure.allCases.count)
    for comparison in found("same", "base") {
      let difference = try #require(comparison.difference.value)
      #expect(difference.value == 0)
      // So many clusters without a difference do not show that there is none.
      let interval = try #require(difference.interval.value)
      #expect(interval.lower < 0 && interval.upper > 0)
      #expect(isClose(interval.lower, -interval.upper))
    }
    for (first, second) in zip(found("lora", "base"), found("base", "lora")) {
      let (one, other) = (try #require(first.difference.value), try #require(second.difference.value))
      #expect(isClose(one.value, -other.value))
      #expect(isClose(try #require(one.interval.value).lower, -(try #require(other.interval.value).upper)))
      #expect(one.seedSpread.values.count == 2)
      #expect(zip(one.seedSpread.values, other.seedSpread.values).allSatisfy { isClose($0, -$1) })
      #expect(isClose(one.seedSpread.mean, one.value))
    }
  }

  @Test("The difference of two arms that err alike is known better than either arm alone")
  func paired() throws {
    let task = try ChoiceFixture.plain(ChoiceFixture.questions(count))
    let preferences = ChoiceFixture.preferences(1, questions: count)
    var slightly = preferences
    for question in stride(from: 0, to: count, by: 12) { slightly[question].swapAt(0, 1) }
    let arms = [("base", preferences), ("lora", slightly)].map { name, values in
      ArmScores(arm: name, runs: [ChoiceFixture.run(task, { values[$0.question][$0.option] - 9 })])
    }
    let evaluation = try ChoiceFixture.evaluate(
      task, arms, comparisons: [ArmComparison(arm: "lora", reference: "base")], resamples: 1_000)
    let accuracy = try #require(evaluation.comparisons.first { $0.figure == .accuracy }?.difference.value)
    let alone = try #require(evaluation.arms[0].prompts[0].overall.accuracy.value).interval
    #expect(try #require(accuracy.interval.value).width < alone.width)
  }

  @Test("The difference is undefined where one arm's figure is, and says whose")
  func undefinedDifference() throws {
    let task = try ChoiceFixture.plain(ChoiceFixture.questions(8))
    let unknown = task.questions.map { $0.bias?.unknown ?? 0 }
    let target = task.questions.map { $0.bias?.target ?? 0 }
    let evaluation = try ChoiceFixture.evaluate(
      task,
      [
        ArmScores(
          arm: "lora",
          runs: [ChoiceFixture.choosing(task, seed: 1, target), ChoiceFixture.choosing(task, seed: 2, unknown)]),
        ArmScores(arm: "base", runs: [ChoiceFixture.choosing(task, target)]),
      ], comparisons: [ArmComparison(arm: "lora", reference: "base")])
    let difference = try #require(evaluation.comparisons.first { $0.figure == .disambiguatedBias }?.difference)
    #expect(
      difference
        == .undefined(reason: "lora: no choice in a disambiguated context names a group (1 of 2 runs)", n: 8))
  }

  @Test("Questions without answers have shares and no accuracy")
  func noAnswers() throws {
    let questions = (0..<6).map { number in
      // The same options in turning order.
      ChoiceQuestion(
        identifier: "q\(number)", row: number + 1, question: "Who wrote it?",
        options: [["male", "female", "neutral"], ["neutral", "male", "female"]][number % 2])
    }
    let task = try ChoiceFixture.plain(questions)
    let found = try ChoiceFixture.overall(task, [ChoiceFixture.choosing(task, [0, 1, 0, 2, 2, 0])])
    #expect(found.accuracy == .undefined(reason: "no question has a right answer", n: 6))
    #expect(found.kinds == .undefined(reason: "no question says what its options mean", n: 6))
    #expect(found.options.value?.map(\.option) == ["male", "female", "neutral"])
    #expect(found.options.value?.map(\.share.successes) == [3, 1, 2])
    #expect(found.tokenBias.value?.singleOrderAccuracy.value == nil)
    let mixed = try ChoiceFixture.overall(
      ChoiceFixture.plain(ChoiceFixture.questions(4)),
      [ChoiceFixture.choosing(ChoiceFixture.plain(ChoiceFixture.questions(4)), [0, 0, 0, 0])])
    #expect(mixed.options == .undefined(reason: "questions have different options", n: 4))
  }

  @Test("More confidence gives wider intervals of every kind")
  func confidence() throws {
    let task = try ChoiceFixture.plain(ChoiceFixture.questions(count))
    let arms = [ArmScores(arm: "lora", runs: [noise(task, 1, run: 13), noise(task, 2, run: 42)])]
    func measures(_ confidence: Double) throws -> ChoiceMeasures {
      try ChoiceFixture.evaluate(task, arms, confidence: confidence).arms[0].prompts[0].overall
    }
    let (low, high) = (try measures(0.8), try measures(0.99))
    #expect(try #require(low.accuracy.value).interval.width < (try #require(high.accuracy.value).interval.width))
    #expect(
      try #require(low.ambiguousBias.value?.interval.value).width
        < (try #require(high.ambiguousBias.value?.interval.value).width))
    func seedWidth(_ measures: ChoiceMeasures) throws -> Double {
      let spread = try #require(measures.seedSpreads.first { $0.figure == .accuracy }?.spread.value)
      return try #require(spread.interval.value).width
    }
    // Of one degree of freedom, the quantiles at .995 and at .9.
    #expect(isClose(try seedWidth(high) / seedWidth(low), 63.65674 / 3.077684, 1e-5))
    let found = try #require(try measures(0.95).accuracy.value)
    #expect(isClose(found.interval.lower, Interval.wilson(proportion: found.value, n: found.effectiveN).lower))
  }

  @Test("The same arguments give the same results, and neither arms nor groups beside an arm change its own")
  func pure() throws {
    let task = try ChoiceFixture.plain(ChoiceFixture.questions(count))
    let (base, lora) = (
      ArmScores(arm: "base", runs: [noise(task, 1)]), ArmScores(arm: "lora", runs: [noise(task, 2)])
    )
    let alone = try ChoiceFixture.evaluate(task, [base])
    #expect(try ChoiceFixture.evaluate(task, [base]) == alone)
    let both = try ChoiceFixture.evaluate(task, [lora, base], groups: groups)
    #expect(both.arms[1].prompts[0].overall == alone.arms[0].prompts[0].overall)
  }
}
