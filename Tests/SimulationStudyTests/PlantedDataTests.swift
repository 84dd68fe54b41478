import Foundation
import Metrics
import SimulationStudy
import Statistics
import Support
import Testing

/// The planted truths are true: what is drawn has the shares and correlations that are said of it.
@Suite struct PlantedDataTests {
  private static let draws = 40_000

  private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  /// The correlation of neighbours in clusters of four.
  private func intraCluster(_ values: [Double]) -> Double {
    DesignEffect(
      values: values, clusters: values.indices.map { $0 / 4 }, clusterCount: values.count / 4
    ).intraClusterCorrelation
  }

  @Test("Two normal variables fall below their means together as their correlation says", arguments: [0, 0.3, 0.8])
  func orthant(correlation: Double) {
    let expected = 0.25 + asin(correlation) / (2 * Double.pi)
    #expect(abs(BivariateNormal.cumulative(0, 0, correlation: correlation) - expected) < 1e-12)
    // scipy.stats.multivariate_normal.cdf([-1, 0.5], cov=[[1, .6], [.6, 1]]).
    #expect(abs(BivariateNormal.cumulative(-1, 0.5, correlation: 0.6) - 0.1514396310) < 1e-8)
  }

  @Test("One arm's correctness has its accuracy and correlations, within clusters and between seeds")
  func single() throws {
    let model = try CorrectnessModel.single(
      accuracy: 0.9, seeds: 5, layout: .size(4), intraCluster: 0.3, betweenSeeds: 0.6)
    let runs = model.draw(items: Self.draws, key: RandomKey(seed: 41))[0]
    #expect(model.accuracies(key: RandomKey(seed: 41)) == [Array(repeating: 0.9, count: 5)])
    for run in runs {
      #expect(abs(mean(run) - 0.9) < 0.01)
      #expect(abs(intraCluster(run) - 0.3) < 0.04)
    }
    let (first, second) = (mean(runs[0]), mean(runs[1]))
    let together = mean(zip(runs[0], runs[1]).map { $0 * $1 })
    let scale = (first * (1 - first) * second * (1 - second)).squareRoot()
    #expect(abs((together - first * second) / scale - 0.6) < 0.04)
  }

  @Test("Models of seeds that deviate have the accuracies that are said to be theirs, whatever the items")
  func seedDeviation() throws {
    let model = try CorrectnessModel.single(accuracy: 0.9, seeds: 200, seedDeviation: 0.02, betweenSeeds: 0.6)
    let own = model.accuracies(key: RandomKey(seed: 46))[0]
    let average = mean(own)
    let deviation = (own.reduce(0) { $0 + ($1 - average) * ($1 - average) } / 199).squareRoot()
    #expect(abs(average - 0.9) < 0.006 && abs(deviation - 0.02) < 0.004)
    let few = try CorrectnessModel.single(accuracy: 0.9, seeds: 3, seedDeviation: 0.02, betweenSeeds: 0.6)
    let drawn = few.draw(items: Self.draws, key: RandomKey(seed: 47), seedKey: RandomKey(seed: 46))[0]
    for (run, accuracy) in zip(drawn, own) { #expect(abs(mean(run) - accuracy) < 0.006) }
  }

  @Test("Paired arms have their difference, discordance and the correlation of differences", arguments: [1, 5])
  func paired(seeds: Int) throws {
    let model = try CorrectnessModel.paired(
      accuracy: 0.9, differences: [-0.03], discordance: 0.08, seeds: seeds, layout: .size(4), intraCluster: 0.3)
    #expect(abs(model.intraClusterCorrelationOfDifferences - 0.3) < 1e-9)
    let drawn = model.draw(items: Self.draws, key: RandomKey(seed: 42)[seeds])
    let differences = (0..<Self.draws).map { item in
      zip(drawn[1], drawn[0]).reduce(0) { $0 + $1.0[item] - $1.1[item] } / Double(seeds)
    }
    #expect(abs(mean(differences) + 0.03) < 0.006)
    #expect(abs(intraCluster(differences) - 0.3) < 0.04)
    let discordance = zip(drawn[1], drawn[0]).map { arm, reference in mean(zip(arm, reference).map { abs($0 - $1) }) }
    #expect(abs(mean(discordance) - 0.08) < 0.008)
  }

  @Test(
    "The oracle's variance is the one that means of drawn data have",
    arguments: [
      (layout: ClusterLayout.size(4), deviation: 0.0), (.oneLarge(of: 5), 0.0), (.count(10), 0.01),
      (.unclustered, 0.02),
    ])
  func oracleVariance(layout: ClusterLayout, deviation: Double) throws {
    let items = 60
    let single = try CorrectnessModel.single(
      accuracy: 0.8, seeds: 3, seedDeviation: deviation, layout: layout, intraCluster: 0.3, betweenSeeds: 0.5)
    let paired = try CorrectnessModel.paired(
      accuracy: 0.8, differences: [-0.05], discordance: 0.3, seeds: 3, seedDeviation: deviation, layout: layout,
      intraCluster: 0.1)
    let audits = 3_000
    var (accuracies, differences): ([Double], [Double]) = ([], [])
    for audit in 0..<audits {
      let key = RandomKey(seed: 48)[audit]
      accuracies.append(mean(single.draw(items: items, key: key)[0].map(mean)))
      let drawn = paired.draw(items: items, key: key)
      differences.append(mean(drawn[1].map(mean)) - mean(drawn[0].map(mean)))
    }
    func variance(_ values: [Double]) -> Double {
      let average = mean(values)
      return values.reduce(0) { $0 + ($1 - average) * ($1 - average) } / Double(values.count - 1)
    }
    // A variance from 3,000 audits has a standard error of about 2.6 %.
    #expect(abs(variance(accuracies) / single.variance(items: items).value - 1) < 0.1)
    #expect(abs(variance(differences) / paired.variance(items: items).value - 1) < 0.1)
  }

  @Test("Layouts hold all items, in the number of clusters that they name, and one large cluster more than half")
  func layouts() {
    #expect(ClusterLayout.unclustered.sizes(items: 3) == [1, 1, 1])
    #expect(ClusterLayout.size(4).sizes(items: 10) == [4, 4, 2])
    #expect(ClusterLayout.count(3).sizes(items: 10) == [3, 3, 4])
    #expect(ClusterLayout.oneLarge(of: 3).sizes(items: 60) == [36, 12, 12])
    #expect(ClusterLayout.size(4).numbers(items: 6) == [0, 0, 0, 0, 1, 1])
    for count in 2...50 {
      let sizes = ClusterLayout.oneLarge(of: count).sizes(items: 20 * count)
      #expect(sizes.count == count && sizes.reduce(0, +) == 20 * count && 2 * sizes[0] > 20 * count)
    }
  }

  @Test("The four cells have their shares, and copies of a cluster's outcome correlate")
  func cells() {
    let cells = PairedCells(accuracy: 0.9, difference: -0.03, discordance: 0.08, layout: .size(4), correlation: 0.3)
    let drawn = cells.draw(items: Self.draws, key: RandomKey(seed: 43))
    let differences = zip(drawn.arm, drawn.reference).map { $0 - $1 }
    #expect(abs(mean(drawn.reference) - 0.9) < 0.01 && abs(mean(differences) + 0.03) < 0.008)
    #expect(abs(mean(differences.map(abs)) - 0.08) < 0.008)
    #expect(abs(intraCluster(differences) - 0.3) < 0.04)
  }

  @Test("The comparisons of correctness are those that an evaluation of the same predictions makes")
  func sameAsEvaluation() throws {
    let model = try CorrectnessModel.paired(
      accuracy: 0.8, differences: [-0.1, 0], discordance: 0.2, seeds: 2, layout: .size(3), intraCluster: 0.3)
    let drawn = model.draw(items: 120, key: RandomKey(seed: 44))
    let items = EvaluationItems(
      identifiers: (0..<120).map { "\($0)" }, labels: Array(repeating: 1, count: 120), classNames: ["no", "yes"],
      clusters: (0..<120).map { $0 / 3 },
      groups: (0..<2).map {
        Subgroup(column: "tone", value: "\($0)", items: Array($0 * 60..<($0 + 1) * 60))
      },
      positiveClass: 1)
    let names = ["full", "lora", "dora"]
    let arms = try zip(names, drawn).map { name, runs in
      ArmPredictions(
        arm: name,
        runs: try runs.enumerated().map { seed, correct in
          let values = correct.flatMap { $0 > 0 ? [Float(0), 1] : [1, 0] }
          return RunPredictions(seed: seed, logits: try Logits(values: values, count: 120, classes: 2))
        })
    }
    let rule = DecisionRule(metric: .accuracy, margin: 0.03, minimumGroupSize: 20)
    let comparisons = names.dropFirst().map { ArmComparison(arm: $0, reference: "full") }
    let key = RandomKey(seed: 45)
    let evaluation = try FairnessEvaluation.evaluate(
      items: items, arms: arms, comparisons: comparisons, rule: rule, key: key)
    let alone = try PairedComparison.family(
      comparisons.enumerated().map { ScoreComparison($1, arm: drawn[$0 + 1], reference: drawn[0]) },
      of: .correctness, items: items, rule: rule, key: key["comparison"])
    #expect(alone == evaluation.comparisons)
    let inGroups = try PairedComparison.family(
      comparisons.enumerated().map { ScoreComparison($1, arm: drawn[$0 + 1], reference: drawn[0]) },
      of: .correctness, items: items, rule: rule, isOverallIncluded: false, key: key["comparison"])
    #expect(inGroups == evaluation.comparisons.filter { $0.group != nil })
  }
}
