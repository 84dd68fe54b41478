import Foundation
import Planning
import Support
import Testing

/// When the loss of the validation items is measured, and how it follows from outputs.
@Suite struct ValidationCurvePlanTests {
  @Test("The points before the last are the tenths of the steps, each once")
  func tenths() {
    for steps in 0...200 {
      let found = RunSchedule.validationSteps(of: steps)
      #expect(found == Set((1..<10).map { steps * $0 / 10 }.filter { $0 > 0 }).sorted())
      #expect(found.allSatisfy { $0 > 0 && $0 < steps })
      #expect(found.count == max(0, min(steps, 10) - 1), "\(steps) steps have \(found)")
    }
    #expect(RunSchedule.validationSteps(of: 100) == [10, 20, 30, 40, 50, 60, 70, 80, 90])
  }

  @Test("Task runs have a curve on the validation split; shadow models and untrained arms have none")
  func runs() throws {
    let plan = try PlanTests.plan()
    for run in plan.runs {
      guard case .task = run.purpose else {
        #expect(run.validation == nil && run.schedule.validationPositions.isEmpty)
        continue
      }
      #expect(run.schedule.earlierEvaluations == .validation(items: plan.validationPositions))
      #expect(run.validation == .labels(plan.splits.validation.map { plan.input.labels[$0] }, classes: 2))
      #expect(run.schedule.validationBlocks.flatMap(\.self) == plan.splits.validation)
      #expect(run.schedule.earlierEvaluationSteps == RunSchedule.validationSteps(of: run.schedule.steps))
      let stops = sequence(first: 0) { step in step < run.schedule.steps ? run.schedule.stop(after: step) : nil }
      #expect(Array(stops) == [0] + run.schedule.earlierEvaluationSteps + [run.schedule.steps])
      for (count, step) in run.schedule.earlierEvaluationSteps.enumerated() {
        #expect(run.schedule.earlierEvaluationCount(upTo: step - 1) == count)
        #expect(run.schedule.earlierEvaluationCount(upTo: step) == count + 1)
      }
    }
  }

  @Test("The curve can be turned off, is part of the plan's hash, and is missing without validation items")
  func absent() throws {
    let plan = try PlanTests.plan()
    let off = try PlanTests.plan { $0.training.recordsValidationCurve = false }
    #expect(off.hash != plan.hash)
    let unsplit = try PlanTests.plan {
      $0.split = .fractions(train: 0.8, validation: 0, test: 0.2, seed: 13, stratify: ["smiling", "tone"])
    }
    for run in off.runs + unsplit.runs { #expect(run.validation == nil && run.schedule.earlierEvaluations == .none) }
  }

  @Test("The loss of labels is the mean of log Σ exp(z) − z of the label, also of logits that Float32 cannot sum")
  func labels() throws {
    let answers = ValidationAnswers.labels([0, 2], classes: 3)
    let loss = try #require(answers.loss(of: [1, 2, 3, -200, 0, 200] as [Float]))
    let expected = (log(exp(1.0) + exp(2) + exp(3)) - 1) / 2
    #expect(abs(loss - expected) < 1e-15)
    #expect(ValidationAnswers.labels([0], classes: 2).loss(of: [0, 1e30] as [Float]) == Double(Float(1e30)))
    #expect(answers.loss(of: [1, 2, 3] as [Float]) == nil)
    #expect(ValidationAnswers.labels([], classes: 2).loss(of: [] as [Float]) == nil)
  }

  @Test("The loss of texts is the mean over texts of what a target token costs on average")
  func tokens() {
    #expect(ValidationAnswers.tokens([4, 1]).loss(of: [-8, -3] as [Float]) == 2.5)
  }

  @Test("The last point comes from the last evaluation, of which further queries and generated tokens are left out")
  func last() {
    func run(_ outputs: OutputCounts, _ answers: ValidationAnswers) -> PlannedRun {
      PlannedRun(
        identifier: RunIdentifier("a"), arm: 0, purpose: .task(seed: 1),
        schedule: RunSchedule(
          trainingItems: [0], evaluatedItems: [1, 2, 3, 4], key: RandomKey(seed: 1), epochs: 1, rate: 1, batch: 1,
          microBatch: 1, earlierEvaluations: .validation(items: 1..<3)), outputs: outputs, validation: answers)
    }
    let texts = run(.each([2, 3, 1, 1]), .tokens([1, 2]))
    #expect(texts.validationLoss(ofLast: [-9, 7, -1, 7, 7, -4, -9]) == 1.5)
    let asked = run(.uniform(4), .labels([1, 0], classes: 2))
    let outputs: [Float] = [9, 9, 9, 9] + [0, 0, 5, 0] + [0, 0, 0, 5] + [9, 9, 9, 9]
    #expect(abs((asked.validationLoss(ofLast: outputs) ?? 0) - log(2)) < 1e-15)
    #expect(asked.validationSteps(count: 1, last: 1) == [1] && asked.validationSteps(count: 0, last: 1).isEmpty)
  }
}
