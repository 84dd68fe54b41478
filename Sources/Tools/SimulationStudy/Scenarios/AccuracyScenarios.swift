import Foundation
import Metrics
import Statistics
import Support

extension Study {
  /// Correctness under models of different seeds correlates by so much on the same item.
  private static let betweenSeeds = 0.6

  /// Wilson's own interval, of items that are independent under one seed.
  static var accuracyScenarios: [Scenario] {
    [50, 200, 1_000].flatMap { items in
      [0.9, 0.98, 0.995].map { plainAccuracyScenario(items: items, accuracy: $0) }
    }
  }

  /// The coverage with one seed and without clusters, by summing over the numbers of right answers.
  package static func plainAccuracyScenario(items: Int, accuracy: Double) -> Scenario {
    let data = "n = \(items), accuracy \(shareWords(accuracy))"
    return Scenario(.accuracy, data) { _ in
      let clusters = Array(0..<items)
      var covered = 0.0
      var widths: [(width: Double, mass: Double)] = []
      for right in 0...items {
        let values = clusters.map { $0 < right ? 1.0 : 0 }
        let interval = Proportion(values: values, clusters: clusters, clusterCount: items).interval
        let mass = binomialMass(right, of: items, probability: accuracy)
        covered += interval.contains(accuracy) ? mass : 0
        widths.append((interval.width, mass))
      }
      let oracle = Interval.wilson(proportion: accuracy, n: Double(items)).width
      return [
        StudyRow(
          section: .accuracy, data: data, measured: "accuracy covered", audits: 0, share: covered,
          bound: .atLeast(accuracy > 0.97 ? 0.915 : 0.93), medianWidth: weightedMedian(widths), oracleWidth: oracle,
          widthBound: Double(items) * (1 - accuracy) >= 10 ? StudyRow.promisedWidthRatio : nil)
      ]
    }
  }

  private static func weightedMedian(_ values: [(width: Double, mass: Double)]) -> Double? {
    var below = 0.0
    for value in values.sorted(by: { $0.width < $1.width }) {
      below += value.mass
      if below >= 0.5 { return value.width }
    }
    return values.map(\.width).max()
  }

  /// One seed; 3 to 50 clusters of 20 items, equal or with a large one.
  static var clusterScenarios: [Scenario] {
    let counts = [3, 5, 10, 20, 50]
    let byCorrelation = [0, 0.5].flatMap { correlation in
      counts.map { accuracyScenario(.clusters, 0.9, layout: .count($0), correlation: correlation) }
    }
    let byAccuracy = [0.7, 0.98, 0.995].flatMap { accuracy in
      [3, 10, 50].map { accuracyScenario(.clusters, accuracy, layout: .count($0), correlation: 0.3) }
    }
    let large = [0, 0.5].flatMap { correlation in
      [3, 10, 50].map { accuracyScenario(.clusters, 0.9, layout: .oneLarge(of: $0), correlation: correlation) }
    }
    let smallBesideLarge = [
      accuracyScenario(.clusters, 0.9, items: 200, layout: .oneLarge(of: 50), correlation: 0.3)
    ]
    let accurateLarge = [5, 20].map { accuracyScenario(.clusters, 0.98, layout: .oneLarge(of: $0), correlation: 0.3) }
    return byCorrelation + byAccuracy + large + smallBesideLarge + accurateLarge
  }

  /// Several seeds, whose models differ by 0, 1 or 2 points. With two the truth is that of these two models.
  static var seededAccuracyScenarios: [Scenario] {
    let unclustered = [3, 5, 10].flatMap { seeds in
      [0, 0.01, 0.02].map { deviation in
        accuracyScenario(
          .seededAccuracy, 0.9, items: 400, layout: .unclustered, correlation: 0, seeds: seeds, deviation: deviation)
      }
    }
    let clustered = [(3, 10, 0.02), (5, 20, 0.01), (10, 50, 0)].map { seeds, clusters, deviation in
      accuracyScenario(
        .seededAccuracy, 0.9, layout: .count(clusters), correlation: 0.3, seeds: seeds, deviation: deviation)
    }
    let others = [
      accuracyScenario(
        .seededAccuracy, 0.9, items: 400, layout: .unclustered, correlation: 0, seeds: 2, deviation: 0.02),
      accuracyScenario(
        .seededAccuracy, 0.995, items: 400, layout: .unclustered, correlation: 0, seeds: 5, deviation: 0),
    ]
    return unclustered + clustered + others
  }

  /// The coverage of the interval of one arm's accuracy, on data drawn from `CorrectnessModel`.
  ///
  /// - Parameter items: 20 in each cluster unless another number is given.
  package static func accuracyScenario(
    _ section: StudySection, _ accuracy: Double, items: Int? = nil, layout: ClusterLayout, correlation: Double,
    seeds: Int = 1, deviation: Double = 0
  ) -> Scenario {
    let items = items ?? 20 * (layout.sizes(items: 1_000).count)
    let clusters = ClusterIndex(layout.numbers(items: items))
    let data =
      ([
        "n = \(items)", "accuracy \(shareWords(accuracy))", layout.words(correlation: correlation),
      ] + seedWords(seeds, deviation: deviation)).joined(separator: ", ")
    return Scenario(section, data) { simulation throws(StudyError) in
      let model = try CorrectnessModel.single(
        accuracy: accuracy, seeds: seeds, seedDeviation: deviation, layout: layout, intraCluster: correlation,
        betweenSeeds: max(betweenSeeds, correlation))
      let findings = try simulation.run { key in
        let runs = model.draw(items: items, key: key)[0]
        let found = Proportion(runs: runs, clusters: clusters.ofItem, clusterCount: clusters.count)
        let own = model.accuracies(key: key)[0]
        let isOfMethod = seeds >= TwoWayVariance.fewestSeeds
        return IntervalFinding(
          estimate: found.value, interval: found.interval,
          truth: isOfMethod ? accuracy : own.reduce(0, +) / Double(seeds),
          shown: shownClusters(runs, clusters: clusters))
      }
      let bound = layout.hasLargeOne ? 0.91 : !layout.isClustered && accuracy > 0.97 ? 0.915 : 0.93
      return [
        .coverage(
          section, data, of: "accuracy covered", findings, bound: .atLeast(bound),
          oracleWidth: oracleWidth(of: accuracy, model: model, items: items), clusters: clusters.count)
      ]
    }
  }

  /// The width of the interval of a share from the true variance of the mean.
  private static func oracleWidth(of accuracy: Double, model: CorrectnessModel, items: Int) -> Double {
    let variance = model.variance(items: items)
    let isNormal = !model.layout.isClustered && variance.ofSeeds == nil
    let own = Interval.wilson(
      proportion: accuracy, n: accuracy * (1 - accuracy) / variance.value,
      reach: isNormal ? NormalDistribution.twoSided95 : variance.reach(tail: 0.025))
    // The bounds of the same clusters without an error, and without a success.
    let seen = model.layout.isClustered ? model.layout.sizeSeen(items: items) : 1
    let uniform = TwoWayVariance(
      ofClusters: 1, ofSeeds: nil, clusters: variance.clusters, effectiveClusters: variance.effectiveClusters,
      seeds: 1)
    let reach = isNormal ? NormalDistribution.twoSided95 : uniform.reach(tail: 0.025)
    let n = Double(items) / (1 + (seen - 1) / 2)
    let lower = min(own.lower, Interval.wilson(proportion: 1, n: n, reach: reach).lower)
    return max(own.upper, Interval.wilson(proportion: 0, n: n, reach: reach).upper) - lower
  }

  /// How many clusters hold an error in any run, or a success where those are fewer.
  private static func shownClusters(_ runs: [[Double]], clusters: ClusterIndex) -> Int {
    var errors = [Bool](repeating: false, count: clusters.count)
    var successes = errors
    for run in runs {
      for (value, cluster) in zip(run, clusters.ofItem) {
        if value < 1 { errors[cluster] = true }
        if value > 0 { successes[cluster] = true }
      }
    }
    return min(errors.count { $0 }, successes.count { $0 })
  }
}
