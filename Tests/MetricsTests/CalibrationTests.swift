import Foundation
import Metrics
import Statistics
import Support
import TestSupport
import Testing

@Suite struct CalibrationTests {
  @Test("Bins are right-closed, and neither 0 nor 1 falls out")
  func edges() {
    #expect(isClose(CalibrationBins(confidences: [0.5, 0.625], outcomes: [0, 1], count: 2).expectedError, 0.4375))
    #expect(isClose(CalibrationBins(confidences: [0.95, 1], outcomes: [1, 0], count: 15).expectedError, 0.475))
    #expect(CalibrationBins.number(of: 0, count: 15) == 0)
    #expect(CalibrationBins.number(of: 1, count: 15) == 14)
    for bin in 1..<15 {
      #expect(CalibrationBins.number(of: Double(bin) / 15, count: 15) == bin - 1)
      #expect(CalibrationBins.number(of: (Double(bin) / 15).nextUp, count: 15) == bin)
    }
  }

  @Test("Mean, root mean square and largest error agree with published values")
  func norms() {
    let bins = CalibrationBins(confidences: [0.25, 0.25, 0.55, 0.75, 0.75], outcomes: [0, 0, 1, 1, 1], count: 2)
    #expect(isClose(bins.expectedError, 0.29))
    #expect(isClose(bins.rootMeanSquareError, 0.291833, 1e-6))
    #expect(isClose(bins.maximumError, 0.316667, 1e-6))
  }

  @Test("The Brier score is the sum of Murphy's parts, and of two terms within bins where a bin's probabilities differ")
  func brier() {
    let (stated, outcomes) = ([0.1, 0.1, 0.1, 0.8, 0.8, 0.8, 0.8, 0.3], [0.0, 0, 1, 1, 1, 0, 1, 0])
    let exact = BrierScore(probabilities: stated, outcomes: outcomes, bins: [0, 0, 0, 2, 2, 2, 2, 1], binCount: 3)
    #expect(isClose(exact.score, 0.21))
    #expect(isClose(exact.reliability, 0.0329167, 1e-7))
    #expect(isClose(exact.resolution, 0.0729167, 1e-7))
    #expect(exact.uncertainty == 0.25)
    #expect(isClose(exact.withinBinVariance, 0) && isClose(exact.withinBinCovariance, 0))
    for binCount in 1...4 {
      let bins = stated.map { CalibrationBins.number(of: $0, count: binCount) }
      let coarse = BrierScore(probabilities: stated, outcomes: outcomes, bins: bins, binCount: binCount)
      let sum =
        coarse.reliability - coarse.resolution + coarse.uncertainty + coarse.withinBinVariance
        - coarse.withinBinCovariance
      #expect(isClose(coarse.score, sum))
      if binCount == 1 { #expect(coarse.withinBinVariance > 0 && coarse.withinBinCovariance > 0) }
    }
  }

  @Test("Bins of equal mass keep ties together, and hold everything once")
  func equalMass() {
    let tied = EqualMassBins(confidences: [0.5, 0.5, 0.5, 0.5, 0.9], outcomes: [1, 0, 1, 0, 1], count: 5)
    #expect(tied.bins.map(\.count) == [4, 1])
    #expect(isClose(tied.expectedError, 0.02))
    let apart = EqualMassBins(confidences: [0.4, 0.1, 0.3, 0.2], outcomes: [1, 0, 1, 0], count: 2)
    #expect(apart.bins.map(\.count) == [2, 2])
    #expect(isClose(apart.bins[0].confidence, 0.3) && isClose(apart.bins[1].outcome, 2))
    #expect(EqualMassBins(confidences: [], outcomes: [], count: 5).expectedError == 0)
  }

  @Test("Temperature scaling finds the planted temperature, and changes no prediction")
  func temperature() throws {
    var generator = RandomKey(seed: 5)["temperature"].generator
    var values: [Float] = []
    var labels: [Int] = []
    for _ in 0..<20_000 {
      let truth = (0..<3).map { _ in 2 * generator.normal() }
      let weights = truth.map { exp($0) }
      var left = generator.uniform() * weights.reduce(0, +)
      let label =
        weights.firstIndex {
          left -= $0
          return left < 0
        } ?? 2
      labels.append(label)
      values += truth.map { Float(2.5 * $0) }
    }
    let logits = try Logits(values: values, count: labels.count, classes: 3)
    let found = TemperatureScaling.fit([logits], labels: labels)
    #expect(abs(found - 2.5) < 0.08, "\(found)")
    // What is right always has no best temperature, and so has what is wrong always.
    let right = try Logits(values: [5.0, 0, 5, 0], count: 2, classes: 2)
    #expect(TemperatureScaling.fit([right], labels: [0, 0]) == TemperatureScaling.range.lowerBound)
    #expect(TemperatureScaling.fit([right], labels: [1, 1]) == TemperatureScaling.range.upperBound)
  }

  @Test("Bins are merged until each holds two, and a single prediction cannot be debiased")
  func merging() throws {
    let bins = CalibrationBins(confidences: [0.05, 0.3, 0.32, 0.9], outcomes: [0, 1, 0, 1], count: 10)
    let merged = try #require(bins.mergedBins)
    #expect(merged.map(\.count) == [2, 2])
    #expect(CalibrationBins(confidences: [0.9], outcomes: [1], count: 15).squaredError == nil)
    #expect(CalibrationBins(count: 15).expectedError == 0)
  }

  @Test("The debiased squared error of a calibrated model is 0 on average, the plug-in one is not")
  func debiasing() throws {
    var generator = RandomKey(seed: 11)["calibrated"].generator
    var debiased = 0.0
    var plugIn = 0.0
    for _ in 0..<2_000 {
      let confidences = (0..<100).map { _ in 0.5 + generator.uniform() / 2 }
      let outcomes = confidences.map { generator.uniform() < $0 ? 1.0 : 0 }
      let error = try #require(CalibrationBins(confidences: confidences, outcomes: outcomes, count: 15).squaredError)
      debiased += error.debiased / 2_000
      plugIn += error.plugIn / 2_000
    }
    #expect(abs(debiased) < 0.0006)
    #expect(plugIn > 0.01)
  }

  /// Confidences of two-class logits, `stated`, for items that are right with probability `truth`.
  private func evaluation(stated: [Double], correct: [Double], clusters: [Int]? = nil) throws -> CalibrationEvaluation {
    let values = zip(stated, correct).flatMap { confidence, isCorrect -> [Float] in
      let logit = Float(log(confidence / (1 - confidence)))
      return isCorrect == 1 ? [0, logit] : [logit, 0]
    }
    let logits = try Logits(values: values, count: stated.count, classes: 2)
    let items = Fixture.items(labels: Array(repeating: 1, count: stated.count), clusters: clusters)
    let arm = ArmPredictions(arm: "full", runs: [RunPredictions(seed: 1, logits: logits)])
    return try Fixture.evaluate(items, [arm]).arms[0].calibration.overall
  }

  @Test("The error of a calibrated model is close to its stated expectation, that of an over-confident one is above")
  func expectation() throws {
    var generator = RandomKey(seed: 12)["confidence"].generator
    let stated = (0..<600).map { _ in 0.55 + 0.4 * generator.uniform() }
    let draws = stated.map { _ in generator.uniform() }
    let calibrated = try evaluation(stated: stated, correct: zip(stated, draws).map { $1 < $0 ? 1 : 0 })
    #expect(abs(calibrated.expectedCalibrationError.value - calibrated.expectedUnderPerfectCalibration) < 0.02)
    #expect(try #require(calibrated.signedGap.interval.value).contains(0))
    #expect(try #require(calibrated.debiasedSquaredError.value?.interval.value).contains(0))
    let confident = try evaluation(stated: stated, correct: zip(stated, draws).map { $1 < $0 - 0.15 ? 1 : 0 })
    #expect(confident.expectedCalibrationError.value > confident.expectedUnderPerfectCalibration + 0.08)
    #expect(try #require(confident.signedGap.interval.value).lower > 0.1)
    #expect(try #require(confident.debiasedSquaredError.value?.interval.value).lower > 0)
  }

  @Test("A reliability curve counts every prediction once and leaves empty bins undefined")
  func reliability() throws {
    let found = try evaluation(stated: [0.55, 0.6, 0.9, 0.97], correct: [0, 1, 1, 1])
    #expect(found.reliability.count == 15)
    #expect(found.reliability.reduce(0) { $0 + $1.count } == 4)
    #expect(found.reliability[0].accuracy.value == nil)
    #expect(isClose(found.signedGap.value, found.meanConfidence - 0.75))
  }

  @Test("All correct does not make the gap certain, and one cluster has no interval")
  func degenerate() throws {
    let allRight = try evaluation(stated: Array(repeating: 0.9, count: 30), correct: Array(repeating: 1, count: 30))
    #expect(try #require(allRight.signedGap.interval.value).contains(0))
    let one = try evaluation(stated: [0.9, 0.8], correct: [1, 0], clusters: [4, 4])
    #expect(one.signedGap.interval == .undefined(reason: "one cluster says nothing about variation", n: 2))
    #expect(one.debiasedSquaredError.value?.interval.value == nil)
  }

  @Test("The interval of the debiased squared error covers the truth")
  func coverage() throws {
    var generator = RandomKey(seed: 13)["coverage"].generator
    var covered = 0
    for _ in 0..<150 {
      // Two levels, over-confident by .1 at one: the true squared error is .005.
      let stated = (0..<200).map { $0 % 2 == 0 ? 0.7 : 0.9 }
      let correct = stated.map { generator.uniform() < ($0 == 0.7 ? 0.6 : 0.9) ? 1.0 : 0 }
      let interval = try evaluation(stated: stated, correct: correct).debiasedSquaredError.value?.interval.value
      if try #require(interval).contains(0.005) { covered += 1 }
    }
    #expect(covered >= 132)
  }
}
