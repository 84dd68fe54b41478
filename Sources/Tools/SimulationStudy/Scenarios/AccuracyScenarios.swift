internal import Metrics
internal import Statistics
internal import Support

extension PlantedTruths {
  /// Wilson's interval of accuracy at the effective number of items.
  static var accuracyScenarios: [TruthScenario] {
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
  package static func plainAccuracyScenario(items: Int, accuracy: Double) -> TruthScenario {
    let planted = accuracyWords(items, accuracy, seeds: 1, clusterSize: 1, correlation: 0)
    return TruthScenario(.accuracy, planted) { _ in
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
        TruthRow(
          section: .accuracy, planted: planted, measured: "accuracy covered", audits: 0, share: covered,
          bound: .atLeast(0.93), meanWidth: width, oracleWidth: binomialOracleWidth(items, share: accuracy))
      ]
    }
  }

  private static func accuracyWords(
    _ items: Int, _ accuracy: Double, seeds: Int, clusterSize: Int, correlation: Double
  ) -> String {
    "n = \(items), accuracy \(shareWords(accuracy)), \(seedWords(seeds)), \(clusterWords(clusterSize, correlation))"
  }

  /// The coverage of the interval of one arm's accuracy, of which `CorrectnessModel` draws the data; correctness under
  /// models of different seeds correlates by .6 on the same item.
  package static func accuracyScenario(
    items: Int, accuracy: Double, seeds: Int, clusterSize: Int, correlation: Double
  ) -> TruthScenario {
    let planted = accuracyWords(
      items, accuracy, seeds: seeds, clusterSize: clusterSize, correlation: correlation)
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
