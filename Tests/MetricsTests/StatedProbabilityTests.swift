import Foundation
import Metrics
import Statistics
import Support
import TestSupport
import Testing

/// Models that state probabilities, whose logits nobody has.
@Suite struct StatedProbabilityTests {
  private func evaluation(
    _ rows: [[Double]], labels: [Int], validation: ValidationPredictions? = nil, positiveClass: Int? = nil
  ) throws -> ArmEvaluation {
    let classes = rows[0].count
    let logits = try Logits(probabilities: rows.flatMap(\.self), count: rows.count, classes: classes)
    return try FairnessEvaluation.evaluate(
      items: Fixture.items(labels: labels, classes: classes, positiveClass: positiveClass),
      arms: [ArmPredictions(arm: "model", runs: [RunPredictions(seed: nil, logits: logits)])], comparisons: [],
      rule: Fixture.rule, validation: validation, key: RandomKey(seed: 1)
    ).arms[0]
  }

  private func predictions(_ rows: [[Double]]) throws -> [ArmPredictions] {
    let logits = try Logits(probabilities: rows.flatMap(\.self), count: rows.count, classes: rows[0].count)
    return [ArmPredictions(arm: "model", runs: [RunPredictions(seed: nil, logits: logits)])]
  }

  @Test("The log loss of stated probabilities is exact, and not what Float32 makes of their logarithms")
  func exact() throws {
    let rows = (1...200).map { item -> [Double] in
      let first = Double(item) / 211
      return [first, (1 - first) / 3, (1 - first) * 2 / 3]
    }
    let labels = rows.indices.map { $0 % 3 }
    let expected = zip(rows, labels).reduce(0) { $0 - log($1.0[$1.1]) } / Double(rows.count)
    let loss = try #require(evaluation(rows, labels: labels).calibration.overall.negativeLogLikelihood.value)
    #expect(abs(loss.value - expected) < 1e-12, "\(loss.value - expected)")
    let tiny = try evaluation([[1e-50, 1 - 1e-50], [0.5, 0.5]], labels: [0, 1]).calibration.overall
    #expect(isClose(try #require(tiny.negativeLogLikelihood.value).value, (50 * log(10) + log(2)) / 2, 1e-12))
  }

  @Test("A probability of 0 for the class that an item is of leaves the log loss undefined, and nothing else")
  func ruledOut() throws {
    let rows = (0..<40).map { $0 < 5 ? [0.0, 1.0] : [0.7, 0.3] }
    let labels = (0..<40).map { $0 < 5 || $0 % 4 != 0 ? 0 : 1 }
    let found = try evaluation(rows, labels: labels, positiveClass: 1).calibration.overall
    #expect(
      found.negativeLogLikelihood == .undefined(reason: "5 items had probability 0 for their class", n: 40))
    #expect(found.expectedCalibrationError.interval.value != nil && found.multiclassBrier.interval.value != nil)
    #expect(isClose(found.meanConfidence, (5 + 35 * 0.7) / 40))
    // What no item is of may have a probability of 0.
    let others = try evaluation([[1, 0], [0, 1], [0.4, 0.6]], labels: [0, 1, 1]).calibration.overall
    #expect(isClose(try #require(others.negativeLogLikelihood.value).value, -log(0.6) / 3, 1e-12))
  }

  @Test("No temperature is fitted to validation items whose class had probability 0, and one is where they had not")
  func temperature() throws {
    let rows = (0..<40).map { $0 % 4 == 0 ? [0.95, 0.05] : [0.05, 0.95] }
    let labels = (0..<40).map { $0 % 3 == 0 ? 0 : 1 }
    let fitted = try evaluation(
      rows, labels: labels,
      validation: ValidationPredictions(labels: labels, arms: try predictions(rows)))
    #expect(fitted.temperature.value != nil)
    var impossible = rows
    (impossible[0], impossible[3]) = ([0, 1], [0, 1])
    let none = try evaluation(
      rows, labels: labels,
      validation: ValidationPredictions(labels: labels, arms: try predictions(impossible)))
    #expect(
      none.temperature == .undefined(reason: "2 validation items had probability 0 for their class", n: 40))
    // On test items alone a temperature leaves all but the log loss defined.
    let shown = try #require(
      evaluation(
        impossible, labels: labels, validation: ValidationPredictions(labels: labels, arms: try predictions(rows))
      ).temperature.value)
    #expect(shown.overall.negativeLogLikelihood.value == nil && shown.overall.expectedCalibrationError > 0)
  }

  @Test("Of two classes the probability of the positive one is held against the share of items that are of it")
  func positiveClass() throws {
    // P(y = 1) of .25 where a quarter is positive and of .75 where all are: only the second is off, by .25.
    let rows = (0..<80).map { $0 < 40 ? [0.75, 0.25] : [0.25, 0.75] }
    let labels = (0..<80).map { $0 < 40 ? ($0 % 4 == 0 ? 1 : 0) : 1 }
    let calibration = try evaluation(rows, labels: labels, positiveClass: 1).calibration.overall
    let positive = try #require(calibration.positive.value)
    #expect(isClose(positive.meanProbability, 0.5) && isClose(positive.baseRate, 0.625))
    #expect(isClose(positive.signedGap.value, -0.125))
    #expect(isClose(positive.expectedCalibrationError.value, 0.125))
    #expect(isClose(positive.equalMassError.value, 0.125))
    // (1/2)·(.25² − 0) + (1/2)·(0 − .25·.75/39)
    let debiased = try #require(positive.debiasedSquaredError.value)
    #expect(isClose(debiased.value, 0.5 * 0.0625 - 0.5 * 0.1875 / 39))
    #expect(try #require(positive.signedGap.interval.value).contains(-0.125))
    #expect(try #require(positive.expectedCalibrationError.interval.value).lower > 0.02)
    // The top label's own gap is another: .75 stated, .875 right.
    #expect(isClose(calibration.signedGap.value, -0.125) && isClose(calibration.meanConfidence, 0.75))
    let three = try evaluation([[0.2, 0.3, 0.5], [0.1, 0.8, 0.1]], labels: [2, 1]).calibration.overall
    #expect(three.positive == .undefined(reason: "it is of two classes, one of them positive", n: 2))
  }
}
