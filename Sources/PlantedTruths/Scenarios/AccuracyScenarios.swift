internal import Fairness
internal import RandomNumbers

extension PlantedTruths {
  /// Wilson's interval of accuracy at the effective number of items.
  static var accuracyScenarios: [TruthScenario] {
    let schemes: [(seeds: Int, clusterSize: Int, correlation: Double)] = [
      (1, 1, 0), (1, 4, 0.3), (1, 4, 0.6), (5, 1, 0), (5, 4, 0.3),
    ]
    return schemes.flatMap { scheme in
      [50, 200, 1_000].flatMap { items in
        [0.7, 0.9, 0.98].map { accuracy in
          accuracyScenario(
            items: items, accuracy: accuracy, seeds: scheme.seeds, clusterSize: scheme.clusterSize,
            correlation: scheme.correlation)
        }
      }
    }
  }

  /// The coverage of the interval of one arm's accuracy, of which `CorrectnessModel` draws the data; correctness under
  /// models of different seeds correlates by .6 on the same item.
  package static func accuracyScenario(
    items: Int, accuracy: Double, seeds: Int, clusterSize: Int, correlation: Double
  ) -> TruthScenario {
    let planted =
      "n = \(items), accuracy \(shareWords(accuracy)), \(seedWords(seeds)), \(clusterWords(clusterSize, correlation))"
    return TruthScenario(.accuracy, planted) { simulation throws(PlantedTruthsError) in
      let model = try CorrectnessModel.single(
        accuracy: accuracy, seeds: seeds, clusterSize: clusterSize, intraCluster: correlation, betweenSeeds: 0.6)
      let clusters = ClusterIndex((0..<items).map { $0 / clusterSize })
      let findings = try simulation.run { key in
        let runs = model.draw(items: items, key: key)[0]
        let values = (0..<items).map { item in runs.reduce(0) { $0 + $1[item] } }
        let found = Proportion(
          values: values, clusters: clusters.ofItem, clusterCount: clusters.count, runs: seeds)
        return IntervalFinding(estimate: found.value, interval: found.interval, truth: accuracy)
      }
      return [.coverage(.accuracy, planted, of: "accuracy covered", findings)]
    }
  }
}
