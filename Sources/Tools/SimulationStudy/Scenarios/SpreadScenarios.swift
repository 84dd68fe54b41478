internal import Metrics
import Statistics
internal import Support

extension PlantedTruths {
  static var spreadScenarios: [TruthScenario] {
    [
      spreadScenario(seeds: 1, clusterSize: 1, correlation: 0),
      spreadScenario(seeds: 1, clusterSize: 4, correlation: 0.3),
      spreadScenario(seeds: 5, clusterSize: 4, correlation: 0.3),
    ]
  }

  /// How often the permutation test of the accuracy spread finds one between five groups that do not differ.
  package static func spreadScenario(seeds: Int, clusterSize: Int, correlation: Double) -> TruthScenario {
    let (groups, size, accuracy) = (5, 60, 0.85)
    let planted =
      "\(groups) groups of n = \(size), accuracy .85, \(seedWords(seeds)), \(clusterWords(clusterSize, correlation))"
    return TruthScenario(.spread, planted, auditShare: 0.5) { simulation throws(PlantedTruthsError) in
      let model = try CorrectnessModel.single(
        accuracy: accuracy, seeds: seeds, clusterSize: clusterSize, intraCluster: correlation, betweenSeeds: 0.6)
      let items = EvaluationItems.planted(groups: groups, size: size, clusterSize: clusterSize)
      let findings = try simulation.run { key throws(PlantedTruthsError) in
        let arm = try ArmPredictions.planted(
          model.draw(items: items.count, key: key[.data])[0], labels: items.labels)
        guard
          let spread = try evaluatedArm((items, arm), key: key[.audit])?.overSeeds.columns.first?.accuracySpread.value
        else { throw PlantedTruthsError.undefinedFigure("The accuracy spread") }
        return spread.test.pValue < 0.05
      }
      return [.frequency(.spread, planted, of: "p below .05", findings, bound: .atMost(0.05))]
    }
  }
}
