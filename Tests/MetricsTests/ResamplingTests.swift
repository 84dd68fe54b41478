import Foundation
import Metrics
import Statistics
import Support
import TestSupport
import Testing

@Suite struct ResamplingTests {
  /// Two-class logits with a true probability each, in clusters of `size` that share part of it.
  private func predictions(_ clusters: Int, size: Int, seed: Int) throws -> (EvaluationItems, Logits) {
    var generator = RandomKey(seed: seed)["predictions"].generator
    var (values, labels, numbers): ([Float], [Int], [Int]) = ([], [], [])
    for cluster in 0..<clusters {
      let shared = generator.normal()
      for _ in 0..<size {
        let score = 0.8 * shared + 0.6 * generator.normal()
        labels.append(generator.uniform() < 1 / (1 + exp(-score)) ? 1 : 0)
        values += [0, Float(1.5 * score)]
        numbers.append(cluster)
      }
    }
    return (
      Fixture.items(labels: labels, clusters: numbers), try Logits(values: values, count: labels.count, classes: 2)
    )
  }

  @Test("Blocks of very many clusters vary as the clusters do")
  func blocks() throws {
    let (items, logits) = try predictions(12_000, size: 2, seed: 1)
    let found = try #require(
      try FigureResamples.all(items: items, runs: [logits], resamples: 2_000, key: RandomKey(seed: 2)).first)
    let replicates = try #require(found.replicates[.accuracy])
    let mean = replicates.reduce(0, +) / Double(replicates.count)
    let deviation =
      (replicates.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(replicates.count - 1)).squareRoot()
    // The linearized standard error of a mean over clusters of two.
    let rule = PredictionRule(items)
    let correct = items.labels.indices.map { rule.prediction(logits, item: $0) == items.labels[$0] ? 1.0 : 0 }
    let accuracy = correct.reduce(0, +) / Double(correct.count)
    let residuals = stride(from: 0, to: correct.count, by: 2).map { correct[$0] + correct[$0 + 1] - 2 * accuracy }
    let expected = residuals.reduce(0) { $0 + $1 * $1 }.squareRoot() / Double(correct.count)
    #expect(abs(deviation / expected - 1) < 0.1, "\(deviation) against \(expected)")
    #expect(abs(mean - accuracy) < 0.2 * expected)
  }

  @Test("All figures that can be resampled agree with those of the evaluation")
  func observed() throws {
    let (items, logits) = try predictions(80, size: 3, seed: 3)
    let found = try #require(
      try FigureResamples.all(items: items, runs: [logits], resamples: 200, key: RandomKey(seed: 2)).first)
    let arm = try Fixture.evaluate(
      items, [ArmPredictions(arm: "full", runs: [RunPredictions(seed: 1, logits: logits)])]
    ).arms[0]
    let (rates, calibration) = (arm.overSeeds.overall, arm.calibration.overall)
    let expected: [ResampledFigure: Double?] = [
      .accuracy: rates.accuracy.value, .truePositiveRate: rates.truePositiveRate.value?.value,
      .falsePositiveRate: rates.falsePositiveRate.value?.value, .selectionRate: rates.selectionRate.value?.value,
      .precision: rates.precision.value?.value, .f1: rates.f1.value?.value,
      .expectedCalibrationError: calibration.expectedCalibrationError.value,
      .debiasedSquaredError: calibration.debiasedSquaredError.value?.value, .signedGap: calibration.signedGap.value,
      .equalMassError: calibration.equalMassError.value, .classwiseError: calibration.classwiseError.value,
      .negativeLogLikelihood: calibration.negativeLogLikelihood.value?.value, .brier: calibration.brier.parts.score,
      .multiclassBrier: calibration.multiclassBrier.value,
    ]
    #expect(expected.count == ResampledFigure.allCases.count)
    for figure in ResampledFigure.allCases {
      let value = try #require(expected[figure] ?? nil)
      #expect(isClose(try #require(found.observed[figure]), value), "\(figure)")
      let interval = try #require(found.interval(figure).value)
      #expect(interval.lower < interval.upper, "\(figure)")
    }
  }

  @Test("A figure without a positive class, and one of a single cluster, has no interval and says why")
  func undefined() throws {
    var (items, logits) = try predictions(30, size: 2, seed: 5)
    items.positiveClass = nil
    let found = try FigureResamples.all(items: items, runs: [logits], resamples: 50, key: RandomKey(seed: 2))[0]
    #expect(found.observed[.precision] == nil)
    #expect(
      found.interval(.precision)
        == .undefined(reason: "the figure is undefined in 50 of 50 resamples", n: 60))
    items.clusters = items.clusters.map { _ in 7 }
    let one = try FigureResamples.all(items: items, runs: [logits], resamples: 50, key: RandomKey(seed: 2))[0]
    #expect(one.interval(.accuracy) == .undefined(reason: "one cluster says nothing about variation", n: 60))
  }

  @Test(
    "The interval of a binned error covers the truth, of a calibrated model and of one that is not",
    arguments: [0, 0.1])
  func binnedError(harm: Double) throws {
    var generator = RandomKey(seed: 13)["binned"][Int(harm * 100)].generator
    var covered = 0
    for _ in 0..<150 {
      // Two levels; where one is over-confident by .1 the true error is .05.
      let levels = (0..<300).map { $0 % 2 == 0 ? 0.7 : 0.9 }
      let values = levels.flatMap { level -> [Float] in
        let logit = Float(log(level / (1 - level)))
        return generator.uniform() < (level == 0.7 ? 0.7 - harm : 0.9) ? [0, logit] : [logit, 0]
      }
      let items = Fixture.items(labels: Array(repeating: 1, count: levels.count))
      let found = try FigureResamples.all(
        items: items, runs: [try Logits(values: values, count: levels.count, classes: 2)], resamples: 400,
        key: RandomKey(seed: 3))
      let interval = try #require(found[0].intervalOfBinnedError(.expectedCalibrationError).value)
      if interval.contains(harm / 2) { covered += 1 }
    }
    #expect(covered >= 138, "\(covered) of 150")
  }

  @Test("The expected error under perfect calibration is that of simulated outcomes", arguments: [30, 400, 9_000])
  func perfectCalibration(count: Int) {
    var generator = RandomKey(seed: 21)["perfect"][count].generator
    let stated = (0..<count).map { _ in 0.5 + 0.5 * generator.uniform().squareRoot() }
    var total = 0.0
    let simulations = 14_000_000 / count
    for _ in 0..<simulations {
      let outcomes = stated.map { generator.uniform() < $0 ? 1.0 : 0 }
      total += CalibrationBins(confidences: stated, outcomes: outcomes, count: 15).expectedError
    }
    let expected = total / Double(simulations)
    let found = PerfectCalibration.expectedError(confidences: stated, binCount: 15)
    #expect(abs(found / expected - 1) < 0.03, "\(found) against \(expected)")
  }

  @Test("The mean absolute deviation is exact for few trials, and meets its approximation where both can be had")
  func deviation() {
    #expect(isClose(PerfectCalibration.meanAbsoluteDeviation([0.5, 0.5]), 0.5))
    #expect(PerfectCalibration.meanAbsoluteDeviation([1, 1, 0]) == 0)
    for probability in [0.02, 0.3, 0.5, 0.9] {
      let exact = PerfectCalibration.meanAbsoluteDeviation(Array(repeating: probability, count: 500))
      let near = PerfectCalibration.meanAbsoluteDeviation(Array(repeating: probability, count: 501))
      #expect(abs(near / exact - 1) < 0.006, "\(probability): \(exact), \(near)")
    }
    #expect(PerfectCalibration.meanAbsoluteDeviation(Array(repeating: 1, count: 600)) == 0)
  }
}
