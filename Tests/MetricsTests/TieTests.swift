import Foundation
import Metrics
import Statistics
import Support
import Testing

/// How predictions are decided where classes are equally likely.
@Suite struct TieTests {
  /// Items whose probabilities are shares of ten votes, so that many tie.
  private struct Votes {
    let names: [String]
    let labels: [Int]
    let rows: [[Double]]

    init(classes: Int, items: Int, trial: Int) {
      var generator = RandomKey(seed: 5)["votes"][trial].generator
      names = Array(["b", "a", "d", "c"].prefix(classes))
      labels = (0..<items).map { _ in generator.index(below: classes) }
      rows = (0..<items).map { _ in
        var votes = [Int](repeating: 0, count: classes)
        for _ in 0..<10 { votes[generator.index(below: classes)] += 1 }
        return votes.map { Double($0) / 10 }
      }
    }

    /// The evaluation with the classes in the order `order`.
    func evaluate(
      _ order: [Int], positive: String?, asLogits: Bool = false
    ) throws -> ArmEvaluation {
      let names = order.map { self.names[$0] }
      let values = rows.flatMap { row in order.map { row[$0] } }
      let logits =
        asLogits
        ? try Logits(values: values.map { 3 * $0 }, count: rows.count, classes: names.count)
        : try Logits(probabilities: values, count: rows.count, classes: names.count)
      let arm = ArmPredictions(arm: "votes", runs: [RunPredictions(seed: nil, logits: logits)])
      let position = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
      let labels = labels.map { position[$0] ?? 0 }
      return try FairnessEvaluation.evaluate(
        items: EvaluationItems(
          identifiers: labels.indices.map { "item-\($0)" }, labels: labels, classNames: names,
          clusters: Array(labels.indices), groups: Fixture.groups("g", labels.indices.map { $0 % 3 == 0 ? "x" : "y" }),
          positiveClass: positive.flatMap(names.firstIndex)),
        arms: [arm], comparisons: [], rule: Fixture.rule,
        validation: ValidationPredictions(labels: labels, arms: [arm]), key: RandomKey(seed: 1)
      ).arms[0]
    }

    /// The items whose largest share two classes have.
    var tied: Int { rows.count { row in row.count { $0 == row.max() } > 1 } }
  }

  @Test("The order of the classes changes no rate and no count of ties", arguments: [2, 3, 4])
  func classOrder(classes: Int) throws {
    for trial in 0..<12 {
      let votes = Votes(classes: classes, items: 60, trial: trial)
      let order = RandomKey(seed: 6)["order"][trial].permutation(count: classes)
      for positive in [nil, "a"] {
        for asLogits in [false, true] {
          let plain = try votes.evaluate(Array(0..<classes), positive: positive, asLogits: asLogits)
          let other = try votes.evaluate(order, positive: positive, asLogits: asLogits)
          #expect(plain.overSeeds == other.overSeeds)
          #expect(plain.ties == other.ties)
          #expect(plain.ties.first { $0.group == nil }?.ties ?? 0 == votes.tied)
          #expect(plain.calibration.overall.accuracy == other.calibration.overall.accuracy)
          #expect(abs(plain.calibration.overall.meanConfidence - other.calibration.overall.meanConfidence) < 1e-12)
        }
      }
    }
  }

  @Test("Among several classes that tie the first by name is predicted, of two the positive one")
  func rule() throws {
    let tie = try Logits(probabilities: [0.4, 0.4, 0.2], count: 1, classes: 3)
    for (names, expected) in [(["b", "a", "c"], 1), (["a", "b", "c"], 0), (["10", "9", "8"], 0)] {
      let found = PredictionRule(classNames: names, positiveClass: 2).decision(tie, item: 0)
      #expect(found.label == expected && found.isTied)
    }
    let half = try Logits(values: [-7.25, -7.25], count: 1, classes: 2)
    for positive in 0...1 {
      let found = PredictionRule(classNames: ["a", "b"], positiveClass: positive).decision(half, item: 0)
      #expect(found.label == positive && found.isTied)
    }
    #expect(PredictionRule(classNames: ["b", "a"]).prediction(half, item: 0) == 1)
    let clear = PredictionRule(classNames: ["b", "a", "c"]).decision(
      try Logits(values: [1.0, 2, 1], count: 1, classes: 3), item: 0)
    #expect(clear.label == 1 && !clear.isTied)
  }

  @Test("What the model says is what a threshold of .50 gives")
  func threshold() throws {
    for trial in 0..<8 {
      let votes = Votes(classes: 2, items: 80, trial: trial)
      for asLogits in [false, true] {
        let found = try votes.evaluate([0, 1], positive: "a", asLogits: asLogits)
        let sweeps = try #require(found.thresholds.value).sweeps
        for (sweep, rates) in zip(sweeps, [found.overSeeds.overall] + found.overSeeds.groups) {
          let half = try #require(sweep.points.first { $0.threshold == 0.5 })
          #expect(abs(half.accuracy - rates.accuracy.value) < 1e-12)
          #expect(abs(half.selectionRate - (try #require(rates.selectionRate.value)).value) < 1e-12)
        }
      }
    }
  }

  @Test("Predictions with another threshold are those from this probability on, on the threshold too")
  func thresholded() throws {
    for trial in 0..<8 {
      let votes = Votes(classes: 2, items: 80, trial: trial)
      let logits = try Logits(probabilities: votes.rows.flatMap(\.self), count: 80, classes: 2)
      let arm = ArmPredictions(arm: "votes", runs: [RunPredictions(seed: nil, logits: logits)])
      let rule = PredictionRule(classNames: votes.names, positiveClass: 1)
      for threshold in [0.1, 0.3, 0.5, 0.6, 0.7, 0.9] {
        let changed = try arm.thresholded([threshold], positions: Array(0..<80), positiveClass: 1).runs[0].logits
        for item in 0..<80 {
          #expect((rule.prediction(changed, item: item) == 1) == (votes.rows[item][1] >= threshold))
        }
      }
    }
  }

  @Test("A temperature changes no prediction, ties included")
  func temperature() throws {
    for trial in 0..<8 {
      for (classes, positive) in [(2, 0), (2, nil), (3, nil)] {
        let votes = Votes(classes: classes, items: 80, trial: trial)
        let logits = try Logits(probabilities: votes.rows.flatMap(\.self), count: 80, classes: classes)
        let arm = ArmPredictions(arm: "votes", runs: [RunPredictions(seed: nil, logits: logits)])
        let rule = PredictionRule(classNames: votes.names, positiveClass: positive)
        for temperature in [0.3, 1.7, 12.5] {
          let rescaled = try arm.rescaled(by: [temperature]).runs[0].logits
          #expect(
            (0..<80).map { rule.decision(logits, item: $0).label }
              == (0..<80).map { rule.decision(rescaled, item: $0).label })
        }
      }
    }
  }
}
