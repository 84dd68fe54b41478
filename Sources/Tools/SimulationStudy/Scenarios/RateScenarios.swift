internal import Metrics
internal import Statistics
internal import Support

extension PlantedTruths {
  static var rateScenarios: [TruthScenario] {
    [
      rateScenario(items: 200, seeds: 1, clusterSize: 1, correlation: 0),
      rateScenario(items: 200, seeds: 5, clusterSize: 4, correlation: 0.3),
      rateScenario(items: 1_000, seeds: 5, clusterSize: 4, correlation: 0.3),
    ]
  }

  /// The coverage of true and false positive rate, precision and F1.
  ///
  /// A cluster is positive with probability .3, and all its items with it. A model is right about an item, positive or
  /// not, with probability .85: `CorrectnessModel` draws whether it is. So both true rates are known, and with them
  /// precision and F1 of the population that clusters are drawn from.
  package static func rateScenario(
    items: Int, seeds: Int, clusterSize: Int, correlation: Double
  ) -> TruthScenario {
    let (prevalence, accuracy) = (0.3, 0.85)
    let planted =
      "n = \(items), 30 % positive, accuracy .85, \(seedWords(seeds)), \(clusterWords(clusterSize, correlation))"
    let found = prevalence * accuracy
    let selected = found + (1 - prevalence) * (1 - accuracy)
    let share = found / (prevalence + (1 - prevalence) * (1 - accuracy))
    let truths = RateTruths(
      truePositiveRate: accuracy, falsePositiveRate: 1 - accuracy, precision: found / selected,
      f1: 2 * share / (1 + share))
    return TruthScenario(.rates, planted, auditShare: 0.5) { simulation throws(PlantedTruthsError) in
      let model = try CorrectnessModel.single(
        accuracy: accuracy, seeds: seeds, clusterSize: clusterSize, intraCluster: correlation, betweenSeeds: 0.6)
      let findings = try simulation.run { key throws(PlantedTruthsError) in
        let data = try predictions(model, items: items, prevalence: prevalence, key: key[.data])
        guard let rates = try evaluatedArm(data, key: key[.audit])?.overSeeds.overall,
          let all = RateFindings(rates, truths: truths)
        else { throw PlantedTruthsError.undefinedFigure("A rate") }
        return all
      }
      return [
        .coverage(.rates, planted, of: "true positive rate covered", findings.map(\.truePositiveRate)),
        .coverage(.rates, planted, of: "false positive rate covered", findings.map(\.falsePositiveRate)),
        .coverage(.rates, planted, of: "precision covered", findings.map(\.precision)),
        .coverage(.rates, planted, of: "F1 covered", findings.map(\.f1)),
      ]
    }
  }

  private static func predictions(
    _ model: CorrectnessModel, items: Int, prevalence: Double, key: RandomKey
  ) throws(PlantedTruthsError) -> (items: EvaluationItems, arm: ArmPredictions) {
    var generator = key[.labels].generator
    var labels: [Int] = []
    var label = 0
    for item in 0..<items {
      if item % model.clusterSize == 0 { label = generator.uniform() < prevalence ? 1 : 0 }
      labels.append(label)
    }
    var planted = EvaluationItems.planted(groups: 1, size: items, clusterSize: model.clusterSize, labels: labels)
    planted.groups = []
    return (planted, try .planted(model.draw(items: items, key: key)[0], labels: labels))
  }
}

extension ArmPredictions {
  /// The predictions of two classes that are right where they are said to be, by seed and item.
  static func planted(_ correct: [[Double]], labels: [Int]) throws(PlantedTruthsError) -> ArmPredictions {
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

  /// nil where one is undefined.
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
