import Metrics
import Support
import Testing

@Suite struct ChoiceErrorTests {
  private let questions = ChoiceFixture.questions(3)

  @Test("A task names the question or prompt variant that it cannot ask")
  func tasks() throws {
    let letters = try PromptVariant(name: "letters")
    #expect(throws: ChoiceError.noQuestions) { try ChoiceTask(questions: [], prompts: [letters]) }
    #expect(throws: ChoiceError.noPromptVariants) { try ChoiceTask(questions: questions, prompts: []) }
    #expect(throws: ChoiceError.repeatedPromptVariant("letters")) {
      try ChoiceTask(questions: questions, prompts: [letters, letters])
    }
    #expect(throws: ChoiceError.repeatedQuestion("q0")) {
      try ChoiceTask(questions: questions + [questions[0]], prompts: [letters])
    }
    #expect(throws: ChoiceError.tooFewLabels(question: "q0", prompt: "two", options: 3, labels: 2)) {
      try ChoiceTask(questions: questions, prompts: [PromptVariant(name: "two", labels: AnswerLabels(["a", "b"]))])
    }
    #expect(throws: ChoiceError.contextNotShown(question: "q0", prompt: "bare")) {
      try ChoiceTask(
        questions: questions, prompts: [PromptVariant(name: "bare", template: PromptTemplate("{question}\n{options}:"))]
      )
    }
    var bad = questions
    bad[1].options = ["a", "a"]
    #expect(throws: ChoiceError.badOptions(question: "q1")) { try ChoiceTask(questions: bad, prompts: [letters]) }
    bad = questions
    bad[1].answer = 3
    #expect(throws: ChoiceError.optionOutside(question: "q1", option: 3, options: 3)) {
      try ChoiceTask(questions: bad, prompts: [letters])
    }
    bad = questions
    bad[1].bias = QuestionBias(target: 1, unknown: 1)
    #expect(throws: ChoiceError.optionOutside(question: "q1", option: 1, options: 3)) {
      try ChoiceTask(questions: bad, prompts: [letters])
    }
  }

  @Test("Scores are refused that are not one finite log-likelihood of some tokens for every continuation")
  func scores() throws {
    let task = try ChoiceTask(
      questions: questions, prompts: [PromptVariant(name: "letters"), PromptVariant(name: "pmi", subtractsBlank: true)])
    let good = ChoiceFixture.run(task, seed: 13, { _ in -1 })
    func error(_ change: (inout RunScores) -> Void) -> ChoiceError? {
      var run = good
      change(&run)
      do { _ = try ChoiceFixture.evaluate(task, [ArmScores(arm: "lora", runs: [run])]) } catch let error as ChoiceError
      {
        return error
      } catch {}
      return nil
    }
    #expect(error { _ in } == nil)
    #expect(error { $0.scores.removeLast() } == .scoreCount(arm: "lora", seed: 13, expected: 162, found: 161))
    // After 18 of letters come 36 of the second wording, a full and a blank one in turn.
    #expect(
      error { $0.scores[54 + 18 + 1].logLikelihood = -.infinity }
        == .badLogLikelihood(
          arm: "lora", seed: 13, location: "question q1, prompt variant pmi, order 0, option 0, blank prompt",
          found: -.infinity))
    #expect(
      error { $0.scores[2].logLikelihood = 0.5 }
        == .badLogLikelihood(
          arm: "lora", seed: 13, location: "question q0, prompt variant letters, order 0, option 2", found: 0.5))
    #expect(error { $0.scores[0].logLikelihood = .nan } != nil)
    #expect(error { $0.scores[0].logLikelihood = 1e-6 } == nil)
    #expect(
      error { $0.scores[1].tokens = 0 }
        == .noTokens(arm: "lora", seed: 13, location: "question q0, prompt variant letters, order 0, option 1"))
  }

  @Test("Arms, seeds, groups, clusters, comparisons and confidence are checked before anything is computed")
  func evaluations() throws {
    let task = try ChoiceFixture.plain(questions)
    func arm(_ name: String, _ seeds: [Int?]) -> ArmScores {
      ArmScores(arm: name, runs: seeds.map { ChoiceFixture.run(task, seed: $0, { _ in -1 }) })
    }
    func expect(
      _ error: ChoiceError, _ arms: [ArmScores]? = nil, comparisons: [ArmComparison] = [], groups: [Subgroup] = [],
      clusters: [Int] = [0, 1, 2], confidence: Double = 0.95, resamples: Int = 200,
      sourceLocation: SourceLocation = #_sourceLocation
    ) {
      #expect(throws: error, sourceLocation: sourceLocation) {
        try ChoiceEvaluation.evaluate(
          task: task, arms: arms ?? [arm("base", [nil])], comparisons: comparisons, groups: groups, clusters: clusters,
          confidence: confidence, resamples: resamples, key: RandomKey(seed: 1))
      }
      #expect(error.description.hasSuffix("."), sourceLocation: sourceLocation)
    }
    expect(.evaluation(.noArms), [])
    expect(.evaluation(.repeatedArm("base")), [arm("base", [nil]), arm("base", [1])])
    expect(.evaluation(.noRuns(arm: "base")), [arm("base", [])])
    expect(.evaluation(.repeatedSeed(arm: "base", seed: 1)), [arm("base", [1, 1])])
    expect(.evaluation(.seedBesideFixedModel(arm: "base")), [arm("base", [1, nil])])
    expect(.evaluation(.unknownArm("x", known: ["base"])), comparisons: [ArmComparison(arm: "base", reference: "x")])
    expect(
      .evaluation(.unequalSeeds(arm: "a", seeds: [1, 2], reference: "b", referenceSeeds: [1, 3])),
      [arm("a", [2, 1]), arm("b", [1, 3])], comparisons: [ArmComparison(arm: "a", reference: "b")])
    expect(.evaluation(.countMismatch(what: "clusters", expected: 3, found: 2)), clusters: [0, 1])
    func group(_ items: [Int]) -> Subgroup { Subgroup(column: "tone", value: "warm", items: items) }
    let name = group([]).name
    expect(.evaluation(.emptyGroup(name)), groups: [group([])])
    expect(.evaluation(.repeatedGroup(name)), groups: [group([0]), group([1])])
    for position in [3, -1] {
      expect(
        .evaluation(.positionOutsideItems(group: name, position: position, items: 3)), groups: [group([position])])
    }
    for members in [[1, 0], [1, 1]] {
      expect(.evaluation(.positionsNotAscending(group: name, position: members[1])), groups: [group(members)])
    }
    for confidence in [0.5, 1, .nan] {
      #expect(throws: ChoiceError.self) {
        try ChoiceFixture.evaluate(task, [arm("base", [nil])], confidence: confidence)
      }
    }
    expect(.confidenceOutsideRange(0.5), confidence: 0.5)
    expect(.tooFewResamples(99), resamples: 99)
  }
}
