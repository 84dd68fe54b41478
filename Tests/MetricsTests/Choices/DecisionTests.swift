import Foundation
import Metrics
import Statistics
import Support
import TestSupport
import Testing

@Suite struct DecisionTests {
  private let question = ChoiceQuestion(identifier: "q", row: 1, question: "Who?", options: ["a", "b"], answer: 1)

  private func choices(
    _ prompt: PromptVariant, _ scores: [(Double, Int)], of question: ChoiceQuestion? = nil
  ) throws -> QuestionChoices {
    let task = try ChoiceTask(questions: [question ?? self.question], prompts: [prompt])
    let run = RunScores(seed: nil, scores: scores.map { AnswerScore(logLikelihood: $0.0, tokens: $0.1) })
    return try task.choices(run, arm: "base")[0][0]
  }

  @Test("Log-probabilities are normalized over the options in each order and then averaged")
  func averaged() throws {
    // In order a b: P = (e⁻¹, e⁻²); in order b a: P(b) : P(a) = e⁻¹ : e⁻¹.
    let found = try choices(PromptVariant(name: "letters"), [(-1, 1), (-2, 1), (-1, 1), (-1, 1)])
    let first = -log(1 + exp(-1.0))
    #expect(isClose(found.logProbabilities[0], (first - log(2)) / 2))
    #expect(isClose(found.logProbabilities[1], (first - 1 - log(2)) / 2))
    #expect(found.choice == 0)
    #expect(!found.isTied)
    #expect(found.orders.map(\.option) == [0, 0])
    #expect(found.orders.map(\.position) == [0, 1])
    #expect(found.orders.map(\.isTied) == [false, true])
    #expect(found.follows == .content)
  }

  @Test("By its text an option scores its log-likelihood divided by its tokens, by its label all of it")
  func lengths() throws {
    let scores = [(-6.0, 3), (-3.0, 1), (-3.0, 1), (-6.0, 3)]
    #expect(try choices(PromptVariant(name: "text", scoring: .optionText), scores).choice == 0)
    #expect(try choices(PromptVariant(name: "label"), scores).choice == 1)
  }

  @Test("What an answer scores without the question is taken off, whatever its length")
  func blank() throws {
    let prompt = try PromptVariant(name: "pmi", scoring: .optionText, subtractsBlank: true)
    // a: −6 − (−9) = 3; b: −3 − (−4) = 1.
    let found = try choices(
      prompt, [(-6, 3), (-9, 3), (-3, 1), (-4, 1), (-3, 1), (-4, 1), (-6, 3), (-9, 3)])
    #expect(found.choice == 0)
    #expect(isClose(found.logProbabilities[0] - found.logProbabilities[1], 2))
  }

  @Test("A choice follows the content, the label or neither")
  func follows() throws {
    let letters = try PromptVariant(name: "letters")
    #expect(try choices(letters, [(-1, 1), (-2, 1), (-2, 1), (-1, 1)]).follows == .content)
    #expect(try choices(letters, [(-1, 1), (-2, 1), (-1, 1), (-2, 1)]).follows == .label)
    let three = ChoiceQuestion(identifier: "q", row: 1, question: "Who?", options: ["a", "b", "c"])
    // a in the first order, c in all others.
    let mixed = OptionOrders.orders(of: 3).enumerated().flatMap { number, order in
      order.map { option in (option == (number == 0 ? 0 : 2) ? -1.0 : -3.0, 1) }
    }
    #expect(try choices(letters, mixed, of: three).follows == .mixed)
    let hidden = try PromptVariant(name: "hidden", template: PromptTemplate("{question}"), scoring: .optionText)
    #expect(try choices(hidden, [(-1, 1), (-2, 1)]).follows == nil)
  }

  @Test("Of options that tie the first in the question's own order is chosen, and it is told")
  func ties() throws {
    // A label preference that the orders cancel leaves both options equal, up to rounding.
    let found = try choices(PromptVariant(name: "letters"), [(-0.1, 1), (-2.3, 1), (-0.1, 1), (-2.3, 1)])
    #expect(found.choice == 0)
    #expect(found.isTied)
    #expect(found.follows == .label)
    let measures = try ChoiceFixture.overall(
      ChoiceFixture.plain([question]),
      [
        RunScores(seed: nil, scores: [-0.1, -2.3, -0.1, -2.3].map { AnswerScore(logLikelihood: $0, tokens: 1) })
      ])
    #expect(measures.ties == 1)
  }

  @Test("Relabelling or reordering the options of a question does not change which of them is chosen")
  func invariance() throws {
    let count = 60
    let questions = ChoiceFixture.questions(count)
    let prompts = try [PromptVariant(name: "letters"), PromptVariant(name: "symbols", labels: .symbols)]
    let task = try ChoiceTask(questions: questions, prompts: prompts)
    let preferences = ChoiceFixture.preferences(3, questions: count)
    let labelBias = [0.0, -1.5, -0.4]
    let run = ChoiceFixture.run(task, { preferences[$0.question][$0.option] + labelBias[$0.position] - 9 })
    // The same questions with their options turned by one.
    var turned = questions
    for index in turned.indices { turned[index].options = [1, 2, 0].map { questions[index].options[$0] } }
    let turnedTask = try ChoiceTask(questions: turned, prompts: prompts)
    let turnedRun = ChoiceFixture.run(
      turnedTask, { preferences[$0.question][($0.option + 1) % 3] + labelBias[$0.position] - 9 })
    let found = try task.choices(run, arm: "base")
    let foundTurned = try turnedTask.choices(turnedRun, arm: "base")
    for question in questions.indices {
      #expect(found[0][question].choice == found[1][question].choice)
      #expect(found[0][question].choice == (foundTurned[0][question].choice + 1) % 3)
      #expect(!found[0][question].isTied)
    }
  }

  @Test("As logits the averaged log-probabilities give Fairness the same predictions, also where options tie")
  func logits() throws {
    let count = 200
    let questions = ChoiceFixture.questions(count)
    let task = try ChoiceTask(
      questions: questions, prompts: [PromptVariant(name: "letters"), PromptVariant(name: "digits", labels: .digits)])
    let preferences = ChoiceFixture.preferences(4, questions: count)
    let run = ChoiceFixture.run(
      task,
      { key in
        // Every third question knows no preference but for labels, and so ties over the orders.
        (key.question % 3 == 0 ? 0 : preferences[key.question][key.option]) + 0.3 * Double(key.position) - 9
      })
    let logits = try task.logits(run, arm: "base")
    let averaged = try task.logProbabilities(run, arm: "base")
    let items = EvaluationItems(
      identifiers: questions.map(\.identifier), labels: questions.compactMap(\.answer), classNames: ["0", "1", "2"],
      clusters: Array(0..<count), groups: [], positiveClass: nil)
    let fairness = try FairnessEvaluation.evaluate(
      items: items, arms: [ArmPredictions(arm: "base", runs: [RunPredictions(seed: nil, logits: logits)])],
      comparisons: [], rule: DecisionRule(metric: .accuracy, margin: 0.03, minimumGroupSize: 1), key: RandomKey(seed: 1)
    )
    let choices = try ChoiceFixture.evaluate(task, [ArmScores(arm: "base", runs: [run])]).arms[0].prompts[2].overall
    #expect(choices.accuracy.value == fairness.arms[0].overSeeds.overall.accuracy)
    #expect(choices.ties > 50)
    let rule = PredictionRule(items)
    for question in 0..<count {
      #expect(averaged[question][rule.prediction(logits, item: question)] >= (averaged[question].max() ?? 0) - 1e-9)
    }
  }

  @Test("Questions with different numbers of options have no logits")
  func unequalOptions() throws {
    var questions = ChoiceFixture.questions(2)
    questions[1].options.removeLast()
    (questions[1].answer, questions[1].bias) = (0, nil)
    let task = try ChoiceFixture.plain(questions)
    let run = ChoiceFixture.run(task, { _ in -1 })
    #expect(throws: ChoiceError.unequalOptionCounts(question: "q1", expected: 3, found: 2)) {
      try task.logits(run, arm: "base")
    }
  }
}
