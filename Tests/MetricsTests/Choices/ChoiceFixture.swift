import Foundation
import Metrics
import Support

enum ChoiceFixture {
  /// Questions like those of BBQ: `count` of them, four a template, in all four conditions, the options in turning
  /// positions.
  static func questions(_ count: Int) -> [ChoiceQuestion] {
    (0..<count).map { number in
      let isAmbiguous = number % 2 == 0
      let (target, unknown) = (number % 3, (number + 1) % 3)
      let other = 3 - target - unknown
      return ChoiceQuestion(
        identifier: "q\(number)", row: number + 1, context: "Context \(number).", question: "Who is it?",
        options: ["first \(number)", "second \(number)", "third \(number)"],
        answer: isAmbiguous ? unknown : number % 4 == 1 ? target : other,
        condition: isAmbiguous ? .ambiguous : .disambiguated,
        attributes: ["template": ["\(number / 4)"]],
        bias: QuestionBias(target: target, unknown: unknown, polarity: number / 2 % 2 == 0 ? .negative : .nonnegative))
    }
  }

  /// The scores of one run, made for each continuation.
  static func run(
    _ task: ChoiceTask, seed: Int? = nil, _ score: (ContinuationKey) -> Double,
    tokens: (ContinuationKey) -> Int = { _ in 1 }
  ) -> RunScores {
    RunScores(
      seed: seed,
      scores: task.continuations.map {
        AnswerScore(logLikelihood: min(0, score($0.key)), tokens: tokens($0.key))
      })
  }

  /// A run that prefers, in every order, the option that is given for each question.
  static func choosing(_ task: ChoiceTask, seed: Int? = nil, _ choices: [Int]) -> RunScores {
    run(task, seed: seed, { $0.option == choices[$0.question] ? -1 : -5 })
  }

  /// Normal noise that depends on the question and option alone, so that orders do not change it.
  static func preferences(_ seed: Int, questions: Int, options: Int = 3) -> [[Double]] {
    (0..<questions).map { question in
      var generator = RandomKey(seed: seed)["preference"][question].generator
      return (0..<options).map { _ in generator.normal() }
    }
  }

  static func evaluate(
    _ task: ChoiceTask, _ arms: [ArmScores], comparisons: [ArmComparison] = [], groups: [Subgroup] = [],
    clusters: [Int]? = nil, confidence: Double = 0.95, resamples: Int = 400, seed: Int = 1
  ) throws -> ChoiceEvaluation {
    try ChoiceEvaluation.evaluate(
      task: task, arms: arms, comparisons: comparisons, groups: groups,
      clusters: clusters ?? Array(task.questions.indices), confidence: confidence, resamples: resamples,
      key: RandomKey(seed: seed))
  }

  /// The only wording's figures of the only arm over all questions.
  static func overall(_ task: ChoiceTask, _ runs: [RunScores], clusters: [Int]? = nil) throws -> ChoiceMeasures {
    try evaluate(task, [ArmScores(arm: "base", runs: runs)], clusters: clusters).arms[0].prompts[0].overall
  }

  static func plain(_ questions: [ChoiceQuestion]) throws -> ChoiceTask {
    try ChoiceTask(questions: questions, prompts: [PromptVariant(name: "letters")])
  }
}
