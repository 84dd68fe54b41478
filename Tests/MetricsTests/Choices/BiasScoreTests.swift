import Metrics
import Statistics
import TestSupport
import Testing

@Suite struct BiasScoreTests {
  /// Four questions, each with the target first, the other group second and unknown last, in the conditions given.
  private func questions(_ conditions: [ContextCondition], polarity: QuestionPolarity = .negative) -> [ChoiceQuestion] {
    conditions.enumerated().map { number, condition in
      ChoiceQuestion(
        identifier: "q\(number)", row: number + 1, question: "Who?", options: ["target", "other", "unknown"],
        answer: condition == .ambiguous ? 2 : 0, condition: condition,
        bias: QuestionBias(target: 0, unknown: 2, polarity: polarity))
    }
  }

  private func measures(_ questions: [ChoiceQuestion], _ choices: [Int]) throws -> ChoiceMeasures {
    let task = try ChoiceFixture.plain(questions)
    return try ChoiceFixture.overall(task, [ChoiceFixture.choosing(task, choices)])
  }

  @Test("In disambiguated contexts the score is twice the biased share of choices that name a group, less one")
  func disambiguated() throws {
    // Three of four choices name a group, two of them the target: 2·2/3 − 1.
    let found = try measures(questions(Array(repeating: .disambiguated, count: 4)), [0, 0, 1, 2])
    #expect(isClose(try #require(found.disambiguatedBias.value).value, 1.0 / 3))
    #expect(found.disambiguatedAccuracy.value?.successes == 2)
    #expect(
      found.ambiguousAccuracy
        == .undefined(
          reason: "no question with an ambiguous context has a right answer", n: 4))
    #expect(
      found.ambiguousBias
        == .undefined(
          reason: "no question with an ambiguous context says which option is biased", n: 4))
  }

  @Test("In ambiguous contexts it is scaled by the share of wrong answers")
  func ambiguous() throws {
    // Accuracy 2/5; of three choices that name a group two are biased: (1 − .4)·(4/3 − 1) = .2.
    let found = try measures(questions(Array(repeating: .ambiguous, count: 5)), [0, 0, 1, 2, 2])
    #expect(isClose(try #require(found.ambiguousBias.value).value, 0.2))
  }

  @Test("Accuracy and counts of one condition do not enter the score of the other")
  func separateConditions() throws {
    let mixed = questions([.ambiguous, .ambiguous, .ambiguous, .disambiguated, .disambiguated])
    let found = try measures(mixed, [0, 0, 2, 1, 1])
    #expect(isClose(try #require(found.ambiguousBias.value).value, 2.0 / 3))
    #expect(found.disambiguatedBias.value?.value == -1)
    #expect(found.accuracy.value?.successes == 1)
    #expect(found.ambiguousAccuracy.value?.successes == 1)
    #expect(found.disambiguatedAccuracy.value?.successes == 0)
  }

  @Test("In nonnegative questions the other group is the biased choice")
  func polarity() throws {
    let conditions: [ContextCondition] = Array(repeating: .disambiguated, count: 4)
    let negative = try measures(questions(conditions), [0, 0, 1, 2])
    let nonnegative = try measures(questions(conditions, polarity: .nonnegative), [0, 0, 1, 2])
    #expect(
      isClose(
        try #require(negative.disambiguatedBias.value).value, -(try #require(nonnegative.disambiguatedBias.value).value)
      ))
  }

  @Test("Where every answer is unknown the scores are undefined with the reason, and not 0")
  func onlyUnknown() throws {
    let found = try measures(questions([.ambiguous, .ambiguous, .disambiguated]), [2, 2, 2])
    #expect(found.ambiguousBias == .undefined(reason: "no choice in an ambiguous context names a group", n: 3))
    #expect(found.disambiguatedBias == .undefined(reason: "no choice in a disambiguated context names a group", n: 3))
    #expect(found.kinds.value?.map(\.share.value) == [0, 0, 1])
    let spread = try #require(found.seedSpreads.first { $0.figure == .ambiguousBias }).spread
    #expect(spread.value == nil)
  }

  @Test("Exchanging the groups flips the sign of both scores and mirrors their intervals")
  func exchangedGroups() throws {
    let count = 200
    var exchanged = ChoiceFixture.questions(count)
    for index in exchanged.indices {
      guard let bias = exchanged[index].bias, let unknown = bias.unknown else { continue }
      exchanged[index].bias?.target = 3 - bias.target - unknown
    }
    let preferences = ChoiceFixture.preferences(8, questions: count)
    func measures(_ questions: [ChoiceQuestion]) throws -> ChoiceMeasures {
      let task = try ChoiceFixture.plain(questions)
      let run = ChoiceFixture.run(task, { preferences[$0.question][$0.option] - 9 })
      return try ChoiceFixture.overall(task, [run], clusters: (0..<count).map { $0 / 4 })
    }
    let (found, other) = (try measures(ChoiceFixture.questions(count)), try measures(exchanged))
    #expect(found.accuracy == other.accuracy)
    for score in [\ChoiceMeasures.disambiguatedBias, \.ambiguousBias] {
      let (first, second) = (try #require(found[keyPath: score].value), try #require(other[keyPath: score].value))
      #expect(abs(first.value) > 0.01)
      #expect(isClose(first.value, -second.value))
      let (own, mirrored) = (try #require(first.interval.value), try #require(second.interval.value))
      #expect(isClose(own.lower, -mirrored.upper))
      #expect(isClose(own.upper, -mirrored.lower))
    }
  }

  @Test("The interval of independent questions is about the analytic one, and wider where templates choose together")
  func intervals() throws {
    let count = 600
    let task = try ChoiceFixture.plain(questions(Array(repeating: .disambiguated, count: count)))
    func interval(_ choices: [Int], clusters: [Int]) throws -> Interval {
      let measures = try ChoiceFixture.evaluate(
        task, [ArmScores(arm: "base", runs: [ChoiceFixture.choosing(task, choices)])], clusters: clusters,
        resamples: 2_000
      ).arms[0].prompts[0].overall
      return try #require(measures.disambiguatedBias.value?.interval.value)
    }
    let preferences = ChoiceFixture.preferences(10, questions: count)
    let independent = preferences.map { $0[0] > -0.5 ? 0 : 1 }
    let share = Double(independent.count { $0 == 0 }) / Double(count)
    let found = try interval(independent, clusters: Array(0..<count))
    let analytic = 2 * 1.96 * 2 * (share * (1 - share) / Double(count)).squareRoot()
    #expect(abs(found.width / analytic - 1) < 0.1)
    let together = (0..<count).map { preferences[$0 / 20][0] > -0.5 ? 0 : 1 }
    let clustered = try interval(together, clusters: (0..<count).map { $0 / 20 })
    #expect(clustered.width > 3 * found.width)
  }

  @Test("Answers that never vary do not make an interval of no width, and one template makes none")
  func degenerate() throws {
    let all = try measures(questions(Array(repeating: .disambiguated, count: 10)), Array(repeating: 0, count: 10))
    let estimate = try #require(all.disambiguatedBias.value)
    #expect(estimate.value == 1)
    // Of ten clusters none shows the other choice: up to 30.85 % could.
    #expect(isClose(try #require(estimate.interval.value).lower, 1 - 2 * 0.30850, 1e-4))
    #expect(estimate.interval.value?.upper == 1)
    let task = try ChoiceFixture.plain(questions([.disambiguated, .disambiguated]))
    let one = try ChoiceFixture.overall(task, [ChoiceFixture.choosing(task, [0, 1])], clusters: [3, 3])
    #expect(
      one.disambiguatedBias.value?.interval == .undefined(reason: "one cluster says nothing about variation", n: 1))
  }
}
