import Foundation
import Metrics
import Statistics
import Support
import TestSupport
import Testing

@Suite struct ClozeTests {
  private func read(_ lines: String...) throws -> [ClozeFrame] {
    try ClozeReader.frames(bytes: Array(lines.joined(separator: "\n").utf8), file: "c.jsonl")
  }

  private func frame(_ text: String, _ candidates: [String] = ["male", "female"]) throws -> ClozeFrame {
    try ClozeFrame(identifier: "c", row: 1, frame: text, candidates: candidates)
  }

  @Test("The text before the slot is the prompt; what follows it is not scored")
  func frames() throws {
    let frame = try #require(
      try read(#"{"frame": "\"Good!\", says a _ from here.", "candidates": ["male", "female"], "tone": "warm"}"#).first)
    #expect(frame.prompt == "\"Good!\", says a")
    #expect(frame.remainder == " from here.")
    #expect(frame.continuations.map(\.prompt) == ["\"Good!\", says a", "\"Good!\", says a"])
    #expect(frame.continuations.map(\.continuation) == [" male", " female"])
    #expect(frame.attributes == ["tone": ["warm"]])
    #expect(frame.identifier == "row 1")
  }

  @Test("A slot is named, or one or more underscores; beside a named one underscores are text")
  func slots() throws {
    #expect(try frame("says a ____.").continuations.map(\.continuation) == [" male", " female"])
    let named = try frame("my_name says \"{slot}\"")
    #expect(named.prompt == "my_name says \"")
    // No space stands before the slot, so that none is scored.
    #expect(named.continuations.map(\.continuation) == ["male", "female"])
  }

  @Test(
    "Every bad frame is named with what is wrong about it",
    arguments: [
      (#"{"frame": "says a", "candidates": ["a", "b"]}"#, RowError.Problem.noSlot),
      (#"{"frame": "says _ and _", "candidates": ["a", "b"]}"#, .severalSlots(found: 2)),
      (#"{"frame": "says {slot}{slot}", "candidates": ["a", "b"]}"#, .severalSlots(found: 2)),
      (#"{"frame": " _ says", "candidates": ["a", "b"]}"#, .nothingBeforeSlot),
      (#"{"frame": "says _", "candidates": ["a"]}"#, .tooFew(noun: "candidate", found: 1)),
      (#"{"frame": "says _", "candidates": ["a", ""]}"#, .empty(noun: "candidate", position: 1)),
      (#"{"frame": "says _", "candidates": ["a", "b", "a "]}"#, .equal(noun: "candidate", first: 0, second: 2)),
      (#"{"frame": "says _"}"#, .missing(key: "candidates")),
      (#"{"candidates": ["a", "b"]}"#, .missing(key: "frame")),
      (#"{"id": "x", "frame": "says _", "candidates": ["a", "b"]}"#, .repeatedIdentifier("x", firstRow: 1)),
    ])
  func badFrames(line: String, problem: RowError.Problem) {
    #expect(throws: RowError(file: "c.jsonl", row: 2, problem: problem)) {
      try read(#"{"id": "x", "frame": "says _", "candidates": ["a", "b"]}"#, line)
    }
  }

  private func task(_ count: Int) throws -> ClozeTask {
    try ClozeTask(
      frames: (0..<count).map {
        try ClozeFrame(
          identifier: "c\($0)", row: $0 + 1, frame: "\($0) says a _",
          candidates: $0 % 3 == 2 ? ["female", "child"] : ["male", "female"])
      })
  }

  private func evaluate(
    _ task: ClozeTask, _ arms: [ArmScores], comparisons: [ArmComparison] = [], groups: [Subgroup] = [],
    resamples: Int = 400
  ) throws -> ClozeEvaluation {
    try ClozeEvaluation.evaluate(
      task: task, arms: arms, comparisons: comparisons, groups: groups, clusters: Array(task.frames.indices),
      resamples: resamples, key: RandomKey(seed: 1))
  }

  private func run(_ scores: [Double], seed: Int? = nil) -> RunScores {
    RunScores(seed: seed, scores: scores.map { AnswerScore(logLikelihood: $0, tokens: 2) })
  }

  @Test("Shares count the likeliest candidate and masses its normalized probability, over the frames that offer it")
  func byHand() throws {
    // male .2 against female .6; male .3 against .1; female .1 against child .1.
    let scores = [0.2, 0.6, 0.3, 0.1, 0.1, 0.1].map { log($0) }
    let groups = [Subgroup(column: "tone", value: "warm", items: [0, 1])]
    let found = try evaluate(task(3), [ArmScores(arm: "base", runs: [run(scores)])], groups: groups).arms[0]
    let candidates = found.overall.candidates
    #expect(candidates.map(\.candidate) == ["male", "female", "child"])
    #expect(candidates.map(\.n) == [2, 3, 1])
    #expect(candidates.map { $0.share.value?.value } == [0.5, 2.0 / 3, 0])
    #expect(isClose(try #require(candidates[0].mass.value).value, (0.25 + 0.75) / 2))
    #expect(isClose(try #require(candidates[1].mass.value).value, (0.75 + 0.25 + 0.5) / 3))
    #expect(isClose(try #require(candidates[2].mass.value).value, 0.5))
    #expect(found.overall.ties == 1)
    // One frame says nothing about variation, and one that is not there nothing at all.
    #expect(candidates[2].mass.value?.interval.value == nil)
    #expect(found.groups[0].candidates[2].share == .undefined(reason: "no frame offers it", n: 2))
    #expect(found.groups[0].candidates[2].mass == .undefined(reason: "no frame offers it", n: 2))
  }

  @Test("Masses of the same candidates add up to one, and exchanging candidates exchanges them")
  func symmetry() throws {
    let count = 100
    let frames = try (0..<count).map {
      try ClozeFrame(identifier: "c\($0)", row: $0, frame: "\($0) says a _", candidates: ["male", "female"])
    }
    let preferences = ChoiceFixture.preferences(2, questions: count, options: 2)
    let exchanged = preferences.flatMap { [$0[1], $0[0]] }.map { $0 - 9 }
    let task = try ClozeTask(frames: frames)
    let own = try evaluate(task, [ArmScores(arm: "base", runs: [run(preferences.flatMap { $0 }.map { $0 - 9 })])])
    let other = try evaluate(task, [ArmScores(arm: "base", runs: [run(exchanged)])])
    let (first, second) = (own.arms[0].overall.candidates, other.arms[0].overall.candidates)
    #expect(first[0].share == second[1].share)
    #expect(first[0].mass.value?.value == second[1].mass.value?.value)
    #expect(isClose((first[0].mass.value?.value ?? 0) + (first[1].mass.value?.value ?? 0), 1))
    let (low, high) = (
      try #require(first[0].mass.value?.interval.value), try #require(first[1].mass.value?.interval.value)
    )
    #expect(isClose(low.lower, 1 - high.upper))
    // The deviation of the mean of a hundred masses, with Student's quantile at 99 degrees of freedom.
    let masses = preferences.map { 1 / (1 + exp($0[1] - $0[0])) }
    let mean = masses.reduce(0, +) / 100
    let deviation = (masses.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 99).squareRoot() / 10
    #expect(abs(low.width / (2 * 1.984 * deviation) - 1) < 0.15)
  }

  @Test("Two arms are compared on the same resamples, a fixed one beside every seed")
  func comparison() throws {
    let task = try task(60)
    let preferences = ChoiceFixture.preferences(7, questions: 60, options: 2).flatMap { $0 }.map { $0 - 9 }
    let more = preferences.enumerated().map { $0 % 2 == 0 ? $1 + 0.5 : $1 }
    let evaluation = try evaluate(
      task,
      [
        ArmScores(arm: "base", runs: [run(preferences)]),
        ArmScores(arm: "lora", runs: [run(more, seed: 1), run(preferences, seed: 2)]),
      ], comparisons: [ArmComparison(arm: "lora", reference: "base")])
    #expect(evaluation.comparisons.map(\.candidate) == ["male", "female", "child"])
    let male = try #require(evaluation.comparisons[0].mass.value)
    #expect(male.value > 0.02)
    #expect(try #require(male.interval.value).lower > 0)
    #expect(male.seedSpread.values.count == 2)
    #expect(male.seedSpread.values[1] == 0)
    #expect(try #require(evaluation.comparisons[2].mass.value).value < 0)
  }

  @Test("Tasks and scores that cannot be evaluated are refused by name")
  func errors() throws {
    #expect(throws: ChoiceError.noQuestions) { try ClozeTask(frames: []) }
    let frame = try frame("says _")
    #expect(throws: ChoiceError.repeatedQuestion("c")) { try ClozeTask(frames: [frame, frame]) }
    let many = try (0..<501).map {
      try ClozeFrame(identifier: "\($0)", row: $0, frame: "says _", candidates: ["a\($0)", "b\($0)"])
    }
    #expect(throws: ChoiceError.tooManyCandidates(found: 1_002, most: 1_000)) { try ClozeTask(frames: many) }
    let task = try ClozeTask(frames: [frame])
    #expect(throws: ChoiceError.scoreCount(arm: "base", seed: nil, expected: 2, found: 1)) {
      try evaluate(task, [ArmScores(arm: "base", runs: [run([-1])])])
    }
    #expect(
      throws: ChoiceError.badLogLikelihood(arm: "base", seed: 3, location: "frame c, candidate 1", found: -.infinity)
    ) {
      try evaluate(task, [ArmScores(arm: "base", runs: [run([-1, -.infinity], seed: 3)])])
    }
  }
}
