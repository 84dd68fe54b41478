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
      accuracy: 0.9, seeds: 5, clusterSize: 4, intraCluster: 0.3, betweenSeeds: 0.6)
    let runs = model.draw(items: Self.draws, key: RandomKey(seed: 41))[0]
    let accuracies = runs.map(mean).sorted()
    for (found, planted) in zip(accuracies, [0.88, 0.89, 0.9, 0.91, 0.92]) { #expect(abs(found - planted) < 0.01) }
    #expect(abs(mean(accuracies) - 0.9) < 0.008)
    for run in runs { #expect(abs(intraCluster(run) - 0.3) < 0.04) }
    let (first, second) = (mean(runs[0]), mean(runs[1]))
    let together = mean(zip(runs[0], runs[1]).map { $0 * $1 })
    let scale = (first * (1 - first) * second * (1 - second)).squareRoot()
    #expect(abs((together - first * second) / scale - 0.6) < 0.04)
  }

  @Test("Paired arms have their difference, discordance and the correlation of differences", arguments: [1, 5])
  func paired(seeds: Int) throws {
    let model = try CorrectnessModel.paired(
      accuracy: 0.9, differences: [-0.03], discordance: 0.08, seeds: seeds, clusterSize: 4, intraCluster: 0.3)
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

  @Test("The four cells have their shares, and copies of a cluster's outcome correlate")
  func cells() {
    let cells = PairedCells(accuracy: 0.9, difference: -0.03, discordance: 0.08, clusterSize: 4, correlation: 0.3)
    let drawn = cells.draw(items: Self.draws, key: RandomKey(seed: 43))
    let differences = zip(drawn.arm, drawn.reference).map { $0 - $1 }
    #expect(abs(mean(drawn.reference) - 0.9) < 0.01 && abs(mean(differences) + 0.03) < 0.008)
    #expect(abs(mean(differences.map(abs)) - 0.08) < 0.008)
    #expect(abs(intraCluster(differences) - 0.3) < 0.04)
  }

  @Test("The comparisons of correctness are those that an evaluation of the same predictions makes")
  func sameAsEvaluation() throws {
    let model = try CorrectnessModel.paired(
      accuracy: 0.8, differences: [-0.1, 0], discordance: 0.2, seeds: 2, clusterSize: 3, intraCluster: 0.3)
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
