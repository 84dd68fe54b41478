import Metrics
import Statistics
import TestSupport
import Testing

@Suite struct TokenBiasTests {
  private let count = 400

  /// Preferences for options with a preference for the first label planted on top.
  private func planted(_ strength: Double, seed: Int = 5) throws -> (task: ChoiceTask, run: RunScores) {
    let task = try ChoiceFixture.plain(ChoiceFixture.questions(count))
    let preferences = ChoiceFixture.preferences(seed, questions: count)
    return (
      task,
      ChoiceFixture.run(task, { preferences[$0.question][$0.option] + ($0.position == 0 ? strength : 0) - 20 })
    )
  }

  @Test("Without a preference for labels every choice follows the content and every label is chosen equally often")
  func none() throws {
    let (task, run) = try planted(0)
    let bias = try #require(try ChoiceFixture.overall(task, [run]).tokenBias.value)
    #expect(bias.followsContent.value == 1)
    #expect(bias.labelBias.value == 0)
    #expect(bias.labels.map(\.label) == ["A", "B", "C"])
    for label in bias.labels {
      #expect(isClose(label.share.value, 1.0 / 3))
      #expect(isClose(label.uniform, 1.0 / 3))
    }
    let measures = try ChoiceFixture.overall(task, [run])
    // An answer in one place is as easy as in another.
    #expect(isClose(try #require(bias.singleOrderAccuracy.value).value, try #require(measures.accuracy.value).value))
  }

  @Test("A planted preference for a label is found, and is gone after averaging over the orders")
  func plantedPreference() throws {
    let clean = try planted(0)
    let cleanMeasures = try ChoiceFixture.overall(clean.task, [clean.run])
    var found: [Double] = []
    for strength in [0.5, 2, 50] {
      let (task, run) = try planted(strength)
      let measures = try ChoiceFixture.overall(task, [run])
      let bias = try #require(measures.tokenBias.value)
      found.append(bias.labelBias.value)
      #expect(bias.labels[0].share.interval.lower > 1.0 / 3)
      #expect(try #require(bias.labels[0].accuracy.value).value > (try #require(bias.labels[1].accuracy.value).value))
      #expect(isClose(bias.followsContent.value + bias.labelBias.value + bias.mixed.value, 1))
      // What is averaged does not know of it.
      #expect(measures.accuracy == cleanMeasures.accuracy)
      #expect(measures.disambiguatedBias == cleanMeasures.disambiguatedBias)
      #expect(measures.ambiguousBias == cleanMeasures.ambiguousBias)
      #expect(measures.kinds == cleanMeasures.kinds)
    }
    #expect(found[0] < found[1])
    #expect(found[1] < found[2])
    #expect(found[2] == 1)
  }

  @Test("With more than four options, and cyclic orders, it is gone as well")
  func cyclic() throws {
    let questions = (0..<50).map {
      ChoiceQuestion(
        identifier: "q\($0)", row: $0, question: "Which?", options: ["a", "b", "c", "d", "e", "f"], answer: $0 % 6)
    }
    let task = try ChoiceFixture.plain(questions)
    let preferences = ChoiceFixture.preferences(6, questions: 50, options: 6)
    func measures(_ strength: Double) throws -> ChoiceMeasures {
      try ChoiceFixture.overall(
        task,
        [ChoiceFixture.run(task, { preferences[$0.question][$0.option] + ($0.position == 4 ? strength : 0) - 60 })])
    }
    let (clean, planted) = (try measures(0), try measures(50))
    #expect(clean.accuracy == planted.accuracy)
    #expect(clean.options == planted.options)
    #expect(planted.tokenBias.value?.labelBias.value == 1)
    #expect(planted.tokenBias.value?.labels[4].share.value == 1)
    #expect(clean.tokenBias.value?.labelBias.value == 0)
  }

  @Test("Of a hundred questions that follow a label, in ten templates, the interval is that of ten clusters")
  func clustered() throws {
    let task = try ChoiceFixture.plain(ChoiceFixture.questions(100))
    let run = ChoiceFixture.run(task, { $0.position == 0 ? -1 : -2 })
    let bias = try #require(try ChoiceFixture.overall(task, [run], clusters: (0..<100).map { $0 / 10 }).tokenBias.value)
    #expect(bias.labelBias.n == 100)
    // Nothing shows the correlation, which is taken to be a half: 100 / (1 + 9 / 2); t(.975, 9) is 2.262157.
    #expect(isClose(bias.labelBias.effectiveN, 100 / 5.5))
    let expected = Interval.wilson(proportion: 1, n: 100 / 5.5, reach: 2.262157)
    #expect(isClose(bias.labelBias.interval.lower, expected.lower, 1e-5))
  }

  @Test("Orders without reordering have no token bias, and neither have several wordings together")
  func undefined() throws {
    let hidden = try PromptVariant(
      name: "hidden", template: PromptTemplate("{context} {question}"), scoring: .optionText)
    let task = try ChoiceTask(questions: ChoiceFixture.questions(8), prompts: [hidden, PromptVariant(name: "letters")])
    let evaluation = try ChoiceFixture.evaluate(
      task, [ArmScores(arm: "base", runs: [ChoiceFixture.run(task, { _ in -1 })])])
    let prompts = evaluation.arms[0].prompts
    #expect(prompts.map(\.prompt) == ["hidden", "letters", nil])
    #expect(
      prompts[0].overall.tokenBias == .undefined(reason: "options are not reordered in this wording", n: 8))
    #expect(prompts[1].overall.tokenBias.value?.tiedOrders == 48)
    #expect(prompts[2].overall.tokenBias == .undefined(reason: "labels differ from wording to wording", n: 8))
  }

  @Test("Options without labels are counted by their position")
  func unlabelled() throws {
    let prompt = try PromptVariant(name: "listed", labels: nil, scoring: .optionText)
    let task = try ChoiceTask(questions: ChoiceFixture.questions(8), prompts: [prompt])
    let bias = try #require(
      try ChoiceFixture.overall(task, [ChoiceFixture.run(task, { $0.position == 1 ? -1 : -2 })]).tokenBias.value)
    #expect(bias.labels.map(\.label) == ["position 1", "position 2", "position 3"])
    #expect(bias.labels.map(\.share.value) == [0, 1, 0])
    #expect(bias.labelBias.value == 1)
  }

  @Test("A label is compared with the questions that have it")
  func unequalOptionCounts() throws {
    var questions = ChoiceFixture.questions(4)
    for index in [0, 1] {
      questions[index].options.removeLast()
      (questions[index].answer, questions[index].bias) = (0, nil)
    }
    let task = try ChoiceFixture.plain(questions)
    let bias = try #require(
      try ChoiceFixture.overall(task, [ChoiceFixture.run(task, { $0.position == 0 ? -1 : -2 })]).tokenBias.value)
    #expect(bias.labels.map(\.share.n) == [4, 4, 2])
    #expect(isClose(bias.labels[0].uniform, (0.5 + 1.0 / 3) / 2))
    #expect(isClose(bias.labels[2].uniform, 1.0 / 3))
  }
}
