import Foundation
import Metrics
import Statistics
import Support

extension Study {
  /// Clopper and Pearson's interval, by summing over all outcomes instead of drawing some.
  static var exactScenarios: [Scenario] {
    [20, 200].map { exactScenario(trials: $0) }
  }

  /// The lowest coverage over the true shares .001, .002, … .999, and the mean width at a share of .8.
  package static func exactScenario(trials: Int) -> Scenario {
    let data = "n = \(trials), any share from .001 to .999"
    return Scenario(.exact, data) { _ in
      let intervals = (0...trials).map { Interval.clopperPearson(successes: $0, n: trials) }
      func mean(_ share: Double, _ figure: (Interval) -> Double) -> Double {
        intervals.enumerated().reduce(0) {
          $0 + binomialMass($1.offset, of: trials, probability: share) * figure($1.element)
        }
      }
      let lowest = (1...999).map { thousandth in
        let share = Double(thousandth) / 1_000
        return mean(share) { $0.contains(share) ? 1 : 0 }
      }.min()
      return [
        StudyRow(
          section: .exact, data: data, measured: "Clopper and Pearson's covered, at its worst; widths at .8",
          audits: 0, share: min(1, lowest ?? 0), bound: .atLeast(0.95), medianWidth: mean(0.8, \.width),
          oracleWidth: binomialOracleWidth(trials, share: 0.8))
      ]
    }
  }

  /// The width of the interval of one who knows the true standard error of a share.
  static func binomialOracleWidth(_ trials: Int, share: Double) -> Double {
    2 * NormalDistribution.twoSided95 * (share * (1 - share) / Double(trials)).squareRoot()
  }
}

extension Study {
  static var seedScenarios: [Scenario] { [seedScenario(SeedModel(items: 1_000, seeds: 5))] }

  /// The coverage of the t interval over seeds, which is about the same items and further seeds.
  static func seedScenario(_ model: SeedModel) -> Scenario {
    let data = "n = \(model.items), accuracies of \(model.seeds) seeds drawn from .86 to .94"
    return Scenario(.seeds, data) { simulation throws(StudyError) in
      let findings = try simulation.run { key throws(StudyError) in
        let draw = model.draw(key: key)
        let spread = SeedSpread(values: draw.correct.map { $0.reduce(0, +) / Double(model.items) })
        guard let interval = spread.interval.value else { throw .undefinedFigure("The spread over seeds") }
        return IntervalFinding(estimate: spread.mean, interval: interval, truth: draw.accuracyOnItems)
      }
      return [.coverage(.seeds, data, of: "accuracy of further seeds on these items covered", findings)]
    }
  }
}

extension Study {
  static var rateScenarios: [Scenario] {
    [
      rateScenario(items: 200, seeds: 1, deviation: 0, layout: .unclustered, correlation: 0),
      rateScenario(items: 1_000, seeds: 5, deviation: 0.02, layout: .size(4), correlation: 0.3),
    ]
  }

  /// The coverage of true and false positive rate, precision and F1.
  ///
  /// A cluster is positive with probability .3, and all its items with it. A model is right about an item, positive or
  /// not, with probability .85: `CorrectnessModel` draws whether it is. So both true rates are known, and with them
  /// precision and F1 of the population that clusters are drawn from.
  package static func rateScenario(
    items: Int, seeds: Int, deviation: Double, layout: ClusterLayout, correlation: Double
  ) -> Scenario {
    let (prevalence, accuracy) = (0.3, 0.85)
    let data =
      ([
        "n = \(items)", "30 % positive", "accuracy .85", layout.words(correlation: correlation),
      ] + seedWords(seeds, deviation: deviation)).joined(separator: ", ")
    let found = prevalence * accuracy
    let selected = found + (1 - prevalence) * (1 - accuracy)
    let share = found / (prevalence + (1 - prevalence) * (1 - accuracy))
    let truths = RateTruths(
      truePositiveRate: accuracy, falsePositiveRate: 1 - accuracy, precision: found / selected,
      f1: 2 * share / (1 + share))
    return Scenario(.rates, data, auditShare: 0.5) { simulation throws(StudyError) in
      let model = try CorrectnessModel.single(
        accuracy: accuracy, seeds: seeds, seedDeviation: deviation, layout: layout, intraCluster: correlation,
        betweenSeeds: 0.6)
      let findings = try simulation.run { key throws(StudyError) in
        let data = try predictions(model, items: items, prevalence: prevalence, key: key[.data])
        guard let rates = try evaluatedArm(data, key: key[.audit])?.overSeeds.overall,
          let all = RateFindings(rates, truths: truths)
        else { throw StudyError.undefinedFigure("A rate") }
        return all
      }
      return [
        .coverage(.rates, data, of: "true positive rate covered", findings.map(\.truePositiveRate)),
        .coverage(.rates, data, of: "false positive rate covered", findings.map(\.falsePositiveRate)),
        .coverage(.rates, data, of: "precision covered", findings.map(\.precision)),
        .coverage(.rates, data, of: "F1 covered", findings.map(\.f1)),
      ]
    }
  }

  private static func predictions(
    _ model: CorrectnessModel, items: Int, prevalence: Double, key: RandomKey
  ) throws(StudyError) -> (items: EvaluationItems, arm: ArmPredictions) {
    var generator = key[.labels].generator
    var labels: [Int] = []
    for size in model.layout.sizes(items: items) {
      let label = generator.uniform() < prevalence ? 1 : 0
      labels += Array(repeating: label, count: size)
    }
    var planted = EvaluationItems.planted(groups: [(items, model.layout)], labels: labels)
    planted.groups = []
    return (planted, try .planted(model.draw(items: items, key: key)[0], labels: labels))
  }
}

extension ArmPredictions {
  /// The predictions of two classes that are right where they are said to be, by seed and item.
  static func planted(_ correct: [[Double]], labels: [Int]) throws(StudyError) -> ArmPredictions {
    do throws(EvaluationError) {
      var runs: [RunPredictions] = []
      for (seed, own) in correct.enumerated() {
        let values = zip(own, labels).flatMap { isRight, label -> [Float] in
          (isRight > 0) == (label == 1) ? [0, 2] : [2, 0]
        }
        runs.append(RunPredictions(seed: seed, logits: try Logits(values: values, count: labels.count, classes: 2)))
      }
      return ArmPredictions(arm: "arm", runs: runs)
    } catch {
      throw .evaluation(error)
    }
  }
}

/// The rates of the population that a scenario draws from.
private struct RateTruths: Sendable {
  var truePositiveRate: Double
  var falsePositiveRate: Double
  var precision: Double
  var f1: Double
}

private struct RateFindings: Sendable {
  var truePositiveRate: IntervalFinding
  var falsePositiveRate: IntervalFinding
  var precision: IntervalFinding
  var f1: IntervalFinding

  /// nil if one is undefined.
  init?(_ rates: GroupRates, truths: RateTruths) {
    func finding(_ proportion: Measured<Proportion>, _ truth: Double) -> IntervalFinding? {
      proportion.value.map { IntervalFinding(estimate: $0.value, interval: $0.interval, truth: truth) }
    }
    guard let truePositiveRate = finding(rates.truePositiveRate, truths.truePositiveRate),
      let falsePositiveRate = finding(rates.falsePositiveRate, truths.falsePositiveRate),
      let precision = finding(rates.precision, truths.precision), let f1 = rates.f1.value,
      let interval = f1.interval.value
    else { return nil }
    self.truePositiveRate = truePositiveRate
    self.falsePositiveRate = falsePositiveRate
    self.precision = precision
    self.f1 = IntervalFinding(estimate: f1.value, interval: interval, truth: truths.f1)
  }
}
