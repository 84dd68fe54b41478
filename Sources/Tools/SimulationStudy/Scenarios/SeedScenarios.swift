internal import Metrics
internal import Statistics
internal import Support

extension PlantedTruths {
  static var seedScenarios: [TruthScenario] {
    [100, 1_000].map { seedScenario(SeedModel(items: $0, seeds: 5)) }
  }

  /// The coverage of the t interval over seeds, which is about the same items and further seeds; and, without a promise,
  /// of both intervals for further items and further seeds at once, which neither is about.
  static func seedScenario(_ model: SeedModel) -> TruthScenario {
    let planted = "n = \(model.items), accuracies of \(model.seeds) seeds drawn from .86 to .94"
    return TruthScenario(.seeds, planted, auditShare: 5) { simulation throws(PlantedTruthsError) in
      let numbers = Array(0..<model.items)
      let findings = try simulation.run { key throws(PlantedTruthsError) in
        let draw = model.draw(key: key)
        let spread = SeedSpread(values: draw.correct.map { $0.reduce(0, +) / Double(model.items) })
        guard let interval = spread.interval.value else { throw .undefinedFigure("The spread over seeds") }
        let values = numbers.map { item in draw.correct.reduce(0) { $0 + $1[item] } }
        let accuracy = Proportion(values: values, clusters: numbers, clusterCount: model.items, runs: model.seeds)
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
          .seeds, planted, of: "t interval over seeds covers the accuracy of further seeds on these items",
          findings.map(\.seeds)),
        .coverage(
          .seeds, planted, of: "t interval over seeds covers the accuracy of further seeds on further items",
          findings.map(\.seedsForBoth), bound: .none),
        .coverage(
          .seeds, planted, of: "interval of accuracy covers the accuracy of further seeds on further items",
          findings.map(\.itemsForBoth), bound: .none),
      ]
    }
  }
}
