import Metrics
import Statistics
import Support
import TestSupport
import Testing

@Suite struct PositionBiasTests {
  private func variation(
    _ questions: [ChoiceQuestion], clusters: [Int]? = nil, resamples: Int = 999, seed: Int = 1,
    _ score: (ContinuationKey) -> Double
  ) throws -> PositionBias {
    let task = try ChoiceFixture.plain(questions)
    let evaluation = try ChoiceFixture.evaluate(
      task, [ArmScores(arm: "base", runs: [ChoiceFixture.run(task, score)])], clusters: clusters, resamples: resamples,
      seed: seed)
    return try #require(evaluation.arms[0].prompts[0].overall.tokenBias.value).positionBias
  }

  @Test("Where every choice follows one of three labels it is two thirds, and no turn comes near")
  func allFollowOne() throws {
    let found = try variation(ChoiceFixture.questions(60)) { $0.position == 2 ? -1 : -2 }
    #expect(isClose(found.value, 2.0 / 3))
    #expect(found.expected < 0.15)
    #expect(isClose(found.pValue, 1.0 / 1_000))
  }

  @Test("Where every choice follows the content it is 0 however labels are turned")
  func allFollowContent() throws {
    let preferences = ChoiceFixture.preferences(2, questions: 60)
    let found = try variation(ChoiceFixture.questions(60)) { preferences[$0.question][$0.option] - 9 }
    #expect(abs(found.value) < 1e-12)
    #expect(abs(found.expected) < 1e-12)
    #expect(found.pValue == 1)
  }

  @Test("By hand: of two questions with two options, one choosing the first label always and one by content")
  func byHand() throws {
    let questions = (0..<2).map { ChoiceQuestion(identifier: "q\($0)", row: 1, question: "Who?", options: ["a", "b"]) }
    // The first label has 2 + 1 of 4 choices: ½(|3/4 − 1/2| + |1/4 − 1/2|) = 1/4, however its question is turned.
    let found = try variation(questions) { key in
      key.question == 0 ? (key.position == 0 ? -1 : -2) : (key.option == 1 ? -1 : -2)
    }
    #expect(isClose(found.value, 0.25))
    #expect(isClose(found.expected, 0.25))
    #expect(found.pValue == 1)
  }

  @Test("Questions of one template count as one, and of one template alone nothing can be told")
  func clusters() throws {
    let questions = ChoiceFixture.questions(60)
    func follow(_ key: ContinuationKey) -> Double { key.position == 0 ? -1 : -2 }
    let three = try variation(questions, clusters: (0..<60).map { $0 / 20 }, follow)
    // Turns of three templates agree in one of nine.
    #expect(abs(three.pValue - 1.0 / 9) < 0.03)
    let one = try variation(questions, clusters: Array(repeating: 7, count: 60), follow)
    #expect(one.pValue == 1)
    #expect(isClose(one.expected, one.value))
  }

  @Test("Questions with fewer options add to the labels that they have")
  func unequalOptions() throws {
    var questions = ChoiceFixture.questions(4)
    for index in [0, 1] {
      questions[index].options.removeLast()
      (questions[index].answer, questions[index].bias) = (0, nil)
    }
    // Uniform is 1/2·1/2 + 1/2·1/3 of the first label; it has all choices.
    let found = try variation(questions) { $0.position == 0 ? -1 : -2 }
    #expect(isClose(found.value, 1 - 5.0 / 12))
  }

  @Test("Without a preference it is as large as expected, and rarely called unexpected, also where templates err alike")
  func noPreference() throws {
    var (values, expected, rejected) = (0.0, 0.0, 0)
    let trials = 120
    for trial in 0..<trials {
      let key = RandomKey(seed: 31)[trial]
      // Whole templates lean to an order of their own, each to another.
      let found = try variation(
        ChoiceFixture.questions(32), clusters: (0..<32).map { $0 / 4 }, resamples: 100, seed: trial
      ) { continuation in
        var generator = key[continuation.question / 4][continuation.position].generator
        return generator.normal() - 9
      }
      values += found.value
      expected += found.expected
      rejected += found.pValue <= 0.05 ? 1 : 0
    }
    #expect(abs(values / expected - 1) < 0.08)
    // 5 % of 120 is 6, give or take 2.4.
    #expect((1...14).contains(rejected))
  }
}
