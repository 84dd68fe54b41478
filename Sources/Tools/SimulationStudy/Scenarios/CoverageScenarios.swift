import Foundation
import Metrics
import Statistics
import Support

extension Study {
  /// Wilson's interval of accuracy at the effective number of items.
  static var accuracyScenarios: [Scenario] {
    let schemes: [(seeds: Int, clusterSize: Int, correlation: Double)] = [
      (1, 4, 0.3), (1, 4, 0.6), (5, 1, 0), (5, 4, 0.3),
    ]
    let sizes = [50, 200, 1_000]
    let accuracies = [0.7, 0.9, 0.98]
    let plain = sizes.flatMap { items in accuracies.map { plainAccuracyScenario(items: items, accuracy: $0) } }
    let drawn = schemes.flatMap { scheme in
      sizes.flatMap { items in
        accuracies.map { accuracy in
          accuracyScenario(
            items: items, accuracy: accuracy, seeds: scheme.seeds, clusterSize: scheme.clusterSize,
            correlation: scheme.correlation)
        }
      }
    }
    return plain + drawn
  }

  /// The coverage with one seed and without clusters, by summing over the numbers of right answers.
  package static func plainAccuracyScenario(items: Int, accuracy: Double) -> Scenario {
    let data = accuracyWords(items, accuracy, seeds: 1, clusterSize: 1, correlation: 0)
    return Scenario(.accuracy, data) { _ in
      let clusters = Array(0..<items)
      var (covered, width) = (0.0, 0.0)
      for right in 0...items {
        let values = clusters.map { $0 < right ? 1.0 : 0 }
        let interval = Proportion(values: values, clusters: clusters, clusterCount: items).interval
        let mass = binomialMass(right, of: items, probability: accuracy)
        covered += interval.contains(accuracy) ? mass : 0
        width += mass * interval.width
      }
      return [
        StudyRow(
          section: .accuracy, data: data, measured: "accuracy covered", audits: 0, share: covered,
          bound: .atLeast(0.93), meanWidth: width, oracleWidth: binomialOracleWidth(items, share: accuracy))
      ]
    }
  }

  private static func accuracyWords(
    _ items: Int, _ accuracy: Double, seeds: Int, clusterSize: Int, correlation: Double
  ) -> String {
    "n = \(items), accuracy \(shareWords(accuracy)), \(seedWords(seeds)), \(clusterWords(clusterSize, correlation))"
  }

  /// The coverage of the interval of one arm's accuracy, on data drawn from `CorrectnessModel`; correctness under
  /// models of different seeds correlates by .6 on the same item.
  package static func accuracyScenario(
    items: Int, accuracy: Double, seeds: Int, clusterSize: Int, correlation: Double
  ) -> Scenario {
    let data = accuracyWords(
      items, accuracy, seeds: seeds, clusterSize: clusterSize, correlation: correlation)
    return Scenario(.accuracy, data) { simulation throws(StudyError) in
      let model = try CorrectnessModel.single(
        accuracy: accuracy, seeds: seeds, clusterSize: clusterSize, intraCluster: correlation, betweenSeeds: 0.6)
      let clusters = ClusterIndex((0..<items).map { $0 / clusterSize })
      let findings = try simulation.run { key in
        let runs = model.draw(items: items, key: key)[0]
        let found = Proportion(runs: runs, clusters: clusters.ofItem, clusterCount: clusters.count)
        return IntervalFinding(estimate: found.value, interval: found.interval, truth: accuracy)
      }
      return [.coverage(.accuracy, data, of: "accuracy covered", findings)]
    }
  }
}

extension Study {
  /// Clopper and Pearson's interval, by summing over all outcomes instead of drawing some.
  static var exactScenarios: [Scenario] {
    [10, 20, 50, 200, 1_000].map { exactScenario(trials: $0) }
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
          audits: 0, share: min(1, lowest ?? 0), bound: .atLeast(0.95), meanWidth: mean(0.8, \.width),
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
  static var seedScenarios: [Scenario] {
    [100, 1_000].map { seedScenario(SeedModel(items: $0, seeds: 5)) }
  }

  /// The coverage of the t interval over seeds, which is about the same items and further seeds; and, without a
  /// promise, of both intervals for further items and further seeds at once, which neither is about.
  static func seedScenario(_ model: SeedModel) -> Scenario {
    let data = "n = \(model.items), accuracies of \(model.seeds) seeds drawn from .86 to .94"
    return Scenario(.seeds, data, auditShare: 5) { simulation throws(StudyError) in
      let numbers = Array(0..<model.items)
      let findings = try simulation.run { key throws(StudyError) in
        let draw = model.draw(key: key)
        let spread = SeedSpread(values: draw.correct.map { $0.reduce(0, +) / Double(model.items) })
        guard let interval = spread.interval.value else { throw .undefinedFigure("The spread over seeds") }
        let accuracy = Proportion(runs: draw.correct, clusters: numbers, clusterCount: model.items)
        func finding(_ interval: Interval, _ truth: Double) -> IntervalFinding {
          IntervalFinding(estimate: spread.mean, interval: interval, truth: truth)
        }
        return (
          seeds: finding(interval, draw.accuracyOnItems), seedsForBoth: finding(interval, SeedModel.accuracy),
          itemsForBoth: finding(accuracy.interval, SeedModel.accuracy)
        )
      }
      return [
        .coverage(
          .seeds, data, of: "t interval over seeds covers the accuracy of further seeds on these items",
          findings.map(\.seeds)),
        .coverage(
          .seeds, data, of: "t interval over seeds covers the accuracy of further seeds on further items",
          findings.map(\.seedsForBoth), bound: .none),
        .coverage(
          .seeds, data, of: "interval of accuracy covers the accuracy of further seeds on further items",
          findings.map(\.itemsForBoth), bound: .none),
      ]
    }
  }
}

extension Study {
  static var rateScenarios: [Scenario] {
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
  ) -> Scenario {
    let (prevalence, accuracy) = (0.3, 0.85)
    let data =
      "n = \(items), 30 % positive, accuracy .85, \(seedWords(seeds)), \(clusterWords(clusterSize, correlation))"
    let found = prevalence * accuracy
    let selected = found + (1 - prevalence) * (1 - accuracy)
    let share = found / (prevalence + (1 - prevalence) * (1 - accuracy))
    let truths = RateTruths(
      truePositiveRate: accuracy, falsePositiveRate: 1 - accuracy, precision: found / selected,
      f1: 2 * share / (1 + share))
    return Scenario(.rates, data, auditShare: 0.5) { simulation throws(StudyError) in
      let model = try CorrectnessModel.single(
        accuracy: accuracy, seeds: seeds, clusterSize: clusterSize, intraCluster: correlation, betweenSeeds: 0.6)
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

extension Study {
  static var calibrationScenarios: [Scenario] {
    let schemes: [(seeds: Int, clusterSize: Int, correlation: Double)] = [
      (1, 1, 0), (5, 1, 0), (1, 4, 0.3), (5, 4, 0.3),
    ]
    return schemes.flatMap { scheme in
      [0, 0.06].flatMap { gap in
        [300, 1_000].map { items in
          calibrationScenario(
            CalibratedPredictions(
              items: items, gap: gap, seeds: scheme.seeds, clusterSize: scheme.clusterSize,
              correlation: scheme.correlation))
        }
      }
    }
  }

  /// The coverage of the intervals of the signed gap and of the squared calibration error.
  static func calibrationScenario(_ model: CalibratedPredictions) -> Scenario {
    let gap = model.gap == 0 ? "perfectly calibrated" : "over-confident by \(shareWords(model.gap))"
    let data =
      "n = \(model.items), \(gap), \(seedWords(model.seeds)), \(clusterWords(model.clusterSize, model.correlation))"
    // The bootstrap of many predictions is expensive.
    let share = model.items * model.seeds >= 5_000 ? 0.25 : 0.4
    return Scenario(.calibration, data, auditShare: share) { simulation throws(StudyError) in
      let findings = try simulation.run { key throws(StudyError) in
        let arm = try evaluatedArm(model.draw(key: key[.data]), key: key[.audit])
        guard let calibration = arm?.calibration.overall, let gap = calibration.signedGap.interval.value,
          let error = calibration.debiasedSquaredError.value, let squared = error.interval.value
        else { throw StudyError.undefinedFigure("The calibration error") }
        return (
          gap: IntervalFinding(estimate: calibration.signedGap.value, interval: gap, truth: model.gap),
          squared: IntervalFinding(estimate: error.value, interval: squared, truth: model.gap * model.gap)
        )
      }
      return [
        .coverage(.calibration, data, of: "signed gap covered", findings.map(\.gap)),
        .coverage(.calibration, data, of: "squared calibration error covered", findings.map(\.squared)),
      ]
    }
  }

  /// The evaluation of the first of an audit's arms, which are compared with nothing.
  static func evaluatedArm(
    _ data: (items: EvaluationItems, arm: ArmPredictions), key: RandomKey
  ) throws(StudyError) -> ArmEvaluation? {
    do throws(EvaluationError) {
      return try FairnessEvaluation.evaluate(
        items: data.items, arms: [data.arm], comparisons: [], rule: PairedAudit.rule, key: key
      ).arms.first
    } catch {
      throw .evaluation(error)
    }
  }
}

extension Study {
  /// The accuracy of full fine-tuning in simulated audits.
  static let accuracy = 0.9
  /// The non-inferiority margin of simulated audits.
  package static let margin = 0.03

  /// How pairs are drawn: one seed from `PairedCells`, several from `CorrectnessModel`.
  package struct PairedScheme: Sendable {
    var seeds: Int
    var clusterSize: Int
    var correlation: Double
    var discordance: Double

    package static let plain = PairedScheme(seeds: 1, clusterSize: 1, correlation: 0, discordance: 0.08)
    package static let seeds = PairedScheme(seeds: 5, clusterSize: 1, correlation: 0, discordance: 0.08)
    package static let clusters = PairedScheme(seeds: 5, clusterSize: 4, correlation: 0.3, discordance: 0.08)

    func with(discordance: Double) -> PairedScheme {
      var scheme = self
      scheme.discordance = discordance
      return scheme
    }

    var words: String {
      "\(seedWords(seeds)), \(clusterWords(clusterSize, correlation)), discordance \(shareWords(discordance))"
    }

    /// - Parameter differences: Of every arm's accuracy to full fine-tuning's; one arm where there is one seed.
    func draw(_ differences: [Double]) throws(StudyError) -> PairedDraw {
      if seeds == 1, differences.count == 1, let difference = differences.first {
        return .cells(
          PairedCells(
            accuracy: Study.accuracy, difference: difference, discordance: discordance,
            clusterSize: clusterSize, correlation: correlation))
      }
      return .model(
        try .paired(
          accuracy: Study.accuracy, differences: differences, discordance: discordance, seeds: seeds,
          clusterSize: clusterSize, intraCluster: correlation))
    }
  }

  static var differenceScenarios: [Scenario] {
    let schemes = [PairedScheme.plain, .seeds, .clusters, .plain.with(discordance: 0.03)]
    let inGroup = schemes.flatMap { scheme in
      [100, 300, 1_000].flatMap { items in
        [0, -0.03].map { differenceScenario(items: items, difference: $0, scheme: scheme) }
      }
    }
    return inGroup + [overallScenario(scheme: .plain), overallScenario(scheme: .clusters)]
  }

  /// The coverage of the interval of the difference in one group.
  package static func differenceScenario(items: Int, difference: Double, scheme: PairedScheme) -> Scenario {
    let data = "n = \(items), difference \(shareWords(difference)), \(scheme.words)"
    return Scenario(.difference, data) { simulation throws(StudyError) in
      let audit = PairedAudit(groups: [try scheme.draw([difference])], size: items)
      let findings = try simulation.run { key throws(StudyError) in
        try audit.comparisons(key: key).map {
          IntervalFinding(estimate: $0.estimate, interval: $0.interval, truth: difference)
        }
      }
      return [.coverage(.difference, data, of: "difference covered", findings.flatMap(\.self))]
    }
  }

  /// The coverage over all items, which are resampled within their groups.
  package static func overallScenario(scheme: PairedScheme) -> Scenario {
    let differences = [0, 0, -0.03, -0.05]
    let data = "4 groups of n = 100, differences 0, 0, −.03 and −.05, \(scheme.words)"
    return Scenario(.difference, data) { simulation throws(StudyError) in
      var groups: [PairedDraw] = []
      for difference in differences { groups.append(try scheme.draw([difference])) }
      let audit = PairedAudit(groups: groups, size: 100)
      let truth = differences.reduce(0, +) / Double(differences.count)
      let findings = try simulation.run { key throws(StudyError) in
        try audit.comparisons(key: key, isOverallIncluded: true).prefix(1).map {
          IntervalFinding(estimate: $0.estimate, interval: $0.interval, truth: truth)
        }
      }
      return [.coverage(.difference, data, of: "difference over all items covered", findings.flatMap(\.self))]
    }
  }
}
