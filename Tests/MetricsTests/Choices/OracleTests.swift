import Foundation
import Metrics
import Statistics
import Support
import TestSupport
import Testing

/// What `scripts/oracles/choices.py` says about the same scores.
private struct Oracle: Decodable {
  struct Measures: Decodable {
    var averaged: [[Double]]
    /// In the order of `ChoiceFigure.allCases`.
    var figures: [Double]
    var bounds: [[Double]]
    var follows: [String: Double]?
    var labels: [Double]?
    /// The value, what is expected, and the p-value.
    var variation: [Double]?
    var wilson: [Double]?
  }

  struct Difference: Decodable {
    var figures: [Double]
    var bounds: [[Double]]
  }

  var base: [String: Measures]
  var lora: [String: Measures]
  var differences: [String: Difference]
}

@Suite(.timeLimit(.minutes(45))) struct OracleTests {
  private static let root = Repository.root
  private static let python = root.appending(path: ".python/bin/python")
  private static let isAvailable = FileManager.default.isExecutableFile(atPath: python.path)

  private static let count = 240

  private static func task() throws -> ChoiceTask {
    try ChoiceTask(
      questions: ChoiceFixture.questions(count),
      prompts: [
        PromptVariant(name: "letters"), PromptVariant(name: "text", labels: .digits, scoring: .optionText),
        PromptVariant(name: "pmi", labels: .symbols, scoring: .optionText, subtractsBlank: true),
      ])
  }

  /// Preferences for options and labels, and noise in every order; templates lean one way together.
  private static func run(_ task: ChoiceTask, arm: String, seed: Int?) -> RunScores {
    let key = RandomKey(seed: 9)[arm][seed ?? 0]
    let preferences = ChoiceFixture.preferences(11, questions: count)
    let leans = ChoiceFixture.preferences(12, questions: count / 4)
    return RunScores(
      seed: seed,
      scores: task.continuations.map { continuation in
        let place = continuation.key
        var generator =
          key[place.prompt][place.question][place.order][place.option][place.isBlank ? 1 : 0].generator
        let bias = task.questions[place.question].bias
        let lean = bias?.isBiased(place.option) == true ? leans[place.question / 4][0] + 0.4 : 0
        let noise = (arm == "lora" ? 0.9 : 0.5) * generator.normal()
        let score = preferences[place.question][place.option] + lean + noise + (place.position == 1 ? 0.6 : 0)
        let tokens = 1 + (place.question + place.option) % 3
        // A label is scored by all its tokens, so that their number must not decide.
        let scale = place.prompt == "letters" ? 1 : Double(tokens)
        return AnswerScore(
          logLikelihood: min(0, (place.isBlank ? noise : score) - 12) * scale, tokens: tokens)
      })
  }

  private static func input(_ task: ChoiceTask, _ arms: [ArmScores]) throws -> Data {
    let questions: [[String: Any]] = task.questions.enumerated().map { number, question in
      [
        "answer": question.answer ?? -1, "target": question.bias?.target ?? -1, "unknown": question.bias?.unknown ?? -1,
        "polarity": question.bias?.polarity.rawValue ?? "", "condition": question.condition?.rawValue ?? "",
        "cluster": number / 4,
      ]
    }
    let prompts: [[String: Any]] = task.prompts.map {
      ["name": $0.name, "scoring": $0.scoring.rawValue, "subtractsBlank": $0.subtractsBlank]
    }
    let keys = task.continuations.map(\.key)
    var runs: [String: [[[Any]]]] = [:]
    for arm in arms {
      runs[arm.arm] = arm.runs.map { run in
        zip(keys, run.scores).map { key, score in
          [
            key.question, key.prompt, key.order, key.position, key.option, key.isBlank, score.logLikelihood,
            score.tokens,
          ]
        }
      }
    }
    return try JSONSerialization.data(
      withJSONObject: ["questions": questions, "wordings": prompts, "arms": runs, "comparison": ["lora", "base"]])
  }

  private static func oracle(_ task: ChoiceTask, _ arms: [ArmScores]) throws -> Oracle {
    let folder = try TemporaryFolder()
    let input = try folder.write(Array(input(task, arms)), to: "in.json")
    let output = folder.path + "/out.json"
    let process = Process()
    process.executableURL = python
    process.arguments = [root.appending(path: "scripts/oracles/choices.py").path, input, output]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "the oracle failed; what it wrote is above")
    return try JSONDecoder().decode(Oracle.self, from: Data(contentsOf: URL(filePath: output)))
  }

  private func figures(_ measures: ChoiceMeasures) -> [Double?] {
    [
      measures.accuracy.value?.value, measures.ambiguousAccuracy.value?.value,
      measures.disambiguatedAccuracy.value?.value, measures.disambiguatedBias.value?.value,
      measures.ambiguousBias.value?.value,
    ]
  }

  /// Both are of some thousand random resamples, whose bounds differ by a few hundredths.
  private func agree(_ interval: Interval?, _ bounds: [Double], _ name: String) throws {
    let interval = try #require(interval, "\(name)")
    #expect(abs(interval.lower - bounds[0]) < 0.03, "\(name)")
    #expect(abs(interval.upper - bounds[1]) < 0.03, "\(name)")
  }

  @Test(
    "Choices, bias scores, token bias and intervals agree with an independent implementation",
    .enabled(if: isAvailable, "needs .python; run scripts/setup --tests"))
  func agreesWithPython() throws {
    let task = try Self.task()
    let arms = [
      ArmScores(arm: "base", runs: [Self.run(task, arm: "base", seed: nil)]),
      ArmScores(arm: "lora", runs: [13, 42].map { Self.run(task, arm: "lora", seed: $0) }),
    ]
    let oracle = try Self.oracle(task, arms)
    let clusters = (0..<Self.count).map { $0 / 4 }
    let evaluation = try ChoiceFixture.evaluate(
      task, arms, comparisons: [ArmComparison(arm: "lora", reference: "base")], clusters: clusters, resamples: 4_000)
    // Wilson's interval is compared where items count one by one.
    let unclustered = try ChoiceFixture.evaluate(task, Array(arms.prefix(1)))
    for (arm, expected) in zip(evaluation.arms, [oracle.base, oracle.lora]) {
      for (number, prompt) in arm.prompts.enumerated() {
        let name = prompt.prompt ?? "all"
        let measures = try #require(expected[name])
        for (found, expected) in zip(figures(prompt.overall), measures.figures) {
          #expect(isClose(try #require(found), expected), "\(name)")
        }
        try agree(prompt.overall.disambiguatedBias.value?.interval.value, measures.bounds[3], name)
        try agree(prompt.overall.ambiguousBias.value?.interval.value, measures.bounds[4], name)
        if let follows = measures.follows, let labels = measures.labels, let variation = measures.variation {
          let bias = try #require(prompt.overall.tokenBias.value)
          #expect(isClose(bias.followsContent.value, try #require(follows["content"])))
          #expect(isClose(bias.labelBias.value, try #require(follows["label"])))
          #expect(isClose(bias.mixed.value, try #require(follows["mixed"])))
          #expect(zip(bias.labels, labels).allSatisfy { isClose($0.share.value, $1) })
          #expect(isClose(bias.positionBias.value, variation[0]))
          #expect(abs(bias.positionBias.expected / variation[1] - 1) < 0.06, "\(name)")
          #expect(abs(bias.positionBias.pValue - variation[2]) < 0.03, "\(name)")
        }
        if let wilson = measures.wilson {
          let interval = try #require(unclustered.arms[0].prompts[number].overall.accuracy.value?.interval)
          #expect(isClose(interval.lower, wilson[0]))
          #expect(isClose(interval.upper, wilson[1]))
        }
      }
    }
    for (arm, expected) in zip(arms, [oracle.base, oracle.lora]) {
      let averaged = try #require(expected["all"]).averaged
      let found = try task.logProbabilities(arm.runs[0], arm: arm.arm)
      #expect(zip(found, averaged).allSatisfy { zip($0, $1).allSatisfy { isClose($0, $1) } })
    }
    for comparison in evaluation.comparisons {
      let expected = try #require(oracle.differences[comparison.prompt ?? "all"])
      let place = try #require(ChoiceFigure.allCases.firstIndex(of: comparison.figure))
      let difference = try #require(comparison.difference.value)
      #expect(isClose(difference.value, expected.figures[place]))
      try agree(difference.interval.value, expected.bounds[place], "\(comparison.figure)")
    }
    #expect(evaluation.comparisons.count == 4 * ChoiceFigure.allCases.count)
  }
}
