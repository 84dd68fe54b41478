import Foundation
import Metrics
import Statistics
import Support
import TestSupport
import Testing

/// What scikit-learn, fairlearn, statsmodels and scipy say about one data set (`scripts/oracles/fairness.py`).
struct Golden: Decodable {
  struct Items: Decodable {
    struct Group: Decodable {
      var column: String
      var value: String
      var members: [Int]
    }
    var clusters: [Int]
    var labels: [Int]
    var groups: [Group]
  }

  struct Share: Decodable {
    var n: Int
    var effectiveN: Double
    var value: Double
    var lower: Double
    var upper: Double
  }

  struct Rates: Decodable {
    var accuracy: Share
    var truePositiveRate: Share?
    var falsePositiveRate: Share?
    var selectionRate: Share
    var precision: Share?
    var f1: [Double]?
  }

  struct ProbabilityScores: Decodable {
    var logits: [Float]
    var labels: [Int]
    var negativeLogLikelihood: Double
    var brier: Double
    var multiclassBrier: Double
    var equalMassError: Double
    var classwiseError: Double
    var temperature: Double
    var lossAtTemperature: Double
  }

  struct Seed: Decodable {
    var rates: [Rates]
    var gaps: [Double]
  }

  struct Arm: Decodable {
    var overSeeds: [Rates]
    var seeds: [Seed]
    var calibration: [[Double]]
    var seedIntervals: [[Double]]
  }

  struct Family: Decodable {
    var given: [Double]
    var adjusted: [Double]

    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      given = try container.decode([Double].self)
      adjusted = try container.decode([Double].self)
    }
  }

  struct ClosedForms: Decodable {
    var power: [[Double]]
    var mcNemar: [[Double]]
    var wilson: [[Double]]
    var clopperPearson: [[Double]]
    var holm: [Family]
    var beta: [[Double]]
    var t: [[Double]]
    var normal: [[Double]]
    var logGamma: [[Double]]
  }

  var items: Items
  var logits: [String: [[Float]]]
  var arms: [String: Arm]
  var probabilityScores: ProbabilityScores
  var closedForms: ClosedForms

  static func load() throws -> Golden {
    let file = Repository.root.appending(path: "Tests/MetricsTests/Golden/fairness.json")
    return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
  }

  var evaluationItems: EvaluationItems {
    Fixture.items(
      labels: items.labels, clusters: items.clusters,
      groups: items.groups.map { Subgroup(column: $0.column, value: $0.value, items: $0.members) })
  }

  func predictions() throws -> [ArmPredictions] {
    try ["full", "lora"].map { name in
      let runs = try #require(logits[name])
      return ArmPredictions(
        arm: name,
        runs: try runs.enumerated().map {
          RunPredictions(seed: $0, logits: try Logits(values: $1, count: items.labels.count, classes: 2))
        })
    }
  }

  func evaluate() throws -> FairnessEvaluation { try Fixture.evaluate(evaluationItems, predictions()) }
}

@Suite struct GoldenTests {
  private func agree(_ found: Proportion?, _ expected: Golden.Share?) -> Bool {
    guard let found, let expected else { return found == nil && expected == nil }
    return found.n == expected.n && isClose(found.effectiveN, expected.effectiveN)
      && isClose(found.value, expected.value) && isClose(found.interval.lower, expected.lower)
      && isClose(found.interval.upper, expected.upper)
  }

  private func agree(_ found: GroupRates, _ expected: Golden.Rates) -> Bool {
    agree(found.accuracy, expected.accuracy) && agree(found.truePositiveRate.value, expected.truePositiveRate)
      && agree(found.falsePositiveRate.value, expected.falsePositiveRate)
      && agree(found.selectionRate.value, expected.selectionRate)
      && agree(found.precision.value, expected.precision) && agree(found.f1.value, expected.f1)
  }

  private func agree(_ found: Estimate?, _ expected: [Double]?) -> Bool {
    guard let found, let expected, let interval = found.interval.value else { return found == nil && expected == nil }
    return isClose(found.value, expected[0]) && isClose(interval.lower, expected[1])
      && isClose(interval.upper, expected[2])
  }

  @Test("Rates, intervals, gaps, calibration and seed intervals agree with independent libraries")
  func evaluation() throws {
    let golden = try Golden.load()
    for arm in try golden.evaluate().arms {
      let expected = try #require(golden.arms[arm.arm])
      for (found, rates) in zip([arm.overSeeds.overall] + arm.overSeeds.groups, expected.overSeeds) {
        #expect(agree(found, rates))
      }
      for (found, seed) in zip(arm.seeds, expected.seeds) {
        for (found, rates) in zip([found.rates.overall] + found.rates.groups, seed.rates) {
          #expect(agree(found, rates))
        }
        let gaps = found.rates.columns[0]
        #expect(isClose(try #require(gaps.demographicParityDifference.value).value, seed.gaps[0]))
        #expect(isClose(try #require(gaps.equalOpportunityDifference.value).value, seed.gaps[1]))
        #expect(isClose(try #require(gaps.equalizedOddsDifference.value).value, seed.gaps[2]))
      }
      for (found, figures) in zip(arm.calibration.all, expected.calibration) {
        #expect(isClose(found.expectedCalibrationError.value, figures[0]))
        #expect(isClose(try #require(found.debiasedSquaredError.value).value, figures[1]))
        #expect(isClose(found.signedGap.value, figures[2]))
      }
      for (found, bounds) in zip(arm.seedSpread.all, expected.seedIntervals) {
        let interval = try #require(found.accuracy.interval.value)
        #expect(isClose(interval.lower, bounds[0]) && isClose(interval.upper, bounds[1]))
      }
    }
  }

  @Test("Tests and intervals agree with statsmodels")
  func inference() throws {
    let forms = try Golden.load().closedForms
    for row in forms.mcNemar { #expect(isClose(mcNemarExact(Int(row[0]), Int(row[1])), row[2])) }
    for row in forms.wilson {
      let interval = Interval.wilson(proportion: row[0] / row[1], n: row[1])
      #expect(isClose(interval.lower, row[2]) && isClose(interval.upper, row[3]))
    }
    for row in forms.clopperPearson {
      let interval = Interval.clopperPearson(successes: Int(row[0]), n: Int(row[1]))
      #expect(isClose(interval.lower, row[2]) && isClose(interval.upper, row[3]))
    }
    for family in forms.holm {
      for (found, expected) in zip(holmAdjusted(family.given), family.adjusted) { #expect(isClose(found, expected)) }
    }
  }

  @Test("Exact power agrees with sums of scipy's binomials")
  func power() throws {
    for row in try Golden.load().closedForms.power {
      let question = try PairedPower(difference: row[1], discordance: row[2], familySize: Int(row[3]))
      #expect(isClose(question.power(items: Int(row[0])), row[4]), "\(row)")
    }
  }

  @Test("Likelihood, Brier score, adaptive and classwise errors and the temperature agree with scikit-learn and scipy")
  func probabilityScores() throws {
    let golden = try Golden.load().probabilityScores
    let logits = try Logits(values: golden.logits, count: golden.labels.count, classes: 5)
    let scores = ProbabilityScores(logits, labels: golden.labels)
    #expect(isClose(scores.negativeLogLikelihood, golden.negativeLogLikelihood))
    #expect(isClose(scores.topLabelBrier.score, golden.brier))
    #expect(isClose(scores.multiclassBrier, golden.multiclassBrier))
    #expect(isClose(scores.equalMass.expectedError, golden.equalMassError))
    #expect(isClose(scores.classwiseError, golden.classwiseError))
    let temperature = TemperatureScaling.fit([logits], labels: golden.labels)
    #expect(isClose(temperature, golden.temperature, 1e-6))
    let after = ProbabilityScores(logits, labels: golden.labels, temperature: temperature).negativeLogLikelihood
    #expect(isClose(after, golden.lossAtTemperature))
  }

  @Test("Distributions agree with scipy")
  func distributions() throws {
    let forms = try Golden.load().closedForms
    for row in forms.beta { #expect(isClose(BetaDistribution.cumulative(row[0], a: row[1], b: row[2]), row[3])) }
    for row in forms.t { #expect(isClose(StudentT.quantile(row[0], degreesOfFreedom: row[1]), row[2])) }
    for row in forms.normal { #expect(isClose(NormalDistribution.quantile(row[0]), row[1])) }
    for row in forms.logGamma { #expect(isClose(logGamma(row[0]), row[1], 1e-12)) }
  }
}
