import Metrics
import SimulationStudy
import Statistics
import Support
import Testing

/// The promises with few audits, beside statistics that break them on the same data.
@Suite struct PromiseTests {
  private func count(_ row: StudyRow) -> Int { Int((row.share * Double(row.audits)).rounded()) }

  private func rows(_ scenario: Scenario, audits: Int) throws -> [StudyRow] {
    try Study.table(of: [scenario], audits: audits, seed: 51, threads: 2).rows
  }

  @Test(
    "Intervals cover, and are not much wider than an oracle's",
    arguments: [
      Study.accuracyScenario(.clusters, 0.8, items: 200, layout: .size(4), correlation: 0.3),
      Study.accuracyScenario(.clusters, 0.9, layout: .count(10), correlation: 0.3),
      Study.accuracyScenario(
        .seededAccuracy, 0.9, items: 400, layout: .unclustered, correlation: 0, seeds: 5, deviation: 0.02),
      Study.differenceScenario(items: 300, difference: -0.03, scheme: .plain),
      Study.differenceScenario(items: 300, difference: 0, scheme: .seeds(2, deviation: 0.02)),
      Study.differenceScenario(items: 1_000, difference: 0, scheme: .seeds(5, deviation: 0.02)),
      Study.differenceScenario(items: 300, difference: -0.03, scheme: .clusters),
      Study.rateScenario(items: 200, seeds: 3, deviation: 0.01, layout: .size(4), correlation: 0.3),
    ])
  func coverage(scenario: Scenario) throws {
    for row in try rows(scenario, audits: 300) {
      #expect(MonteCarlo.agrees(count(row), of: row.audits, atLeast: 0.93), "\(row)")
      let ratio = try #require(row.widthRatio)
      #expect(0.8 < ratio && ratio < 1.6, "\(row)")
    }
  }

  @Test("Wilson's interval that takes clustered items for so many people does not cover where the audit's does")
  func naiveWilson() throws {
    let model = try CorrectnessModel.single(accuracy: 0.8, layout: .size(4), intraCluster: 0.3)
    let clusters = (0..<200).map { $0 / 4 }
    var (naive, audited) = (0, 0)
    for audit in 0..<400 {
      let values = model.draw(items: 200, key: RandomKey(seed: 52)[audit])[0][0]
      let found = Proportion(values: values, clusters: clusters, clusterCount: 50)
      if Interval.wilson(proportion: found.value, n: 200).contains(0.8) { naive += 1 }
      if found.interval.contains(0.8) { audited += 1 }
    }
    #expect(!MonteCarlo.agrees(naive, of: 400, atLeast: 0.93), "\(naive)")
    #expect(MonteCarlo.agrees(audited, of: 400, atLeast: 0.93), "\(audited)")
  }

  @Test("McNemar's test of five seeds pooled cries wolf where the audit's test does not")
  func pooledSeeds() throws {
    let model = try CorrectnessModel.paired(accuracy: 0.9, differences: [0], discordance: 0.08, seeds: 5)
    let items = EvaluationItems(
      identifiers: (0..<300).map { "\($0)" }, labels: Array(repeating: 1, count: 300), classNames: ["no", "yes"],
      clusters: Array(0..<300), groups: [], positiveClass: nil)
    let rule = DecisionRule(metric: .accuracy, margin: 0.03, minimumGroupSize: 20)
    var (pooled, audited) = (0, 0)
    for audit in 0..<400 {
      let drawn = model.draw(items: 300, key: RandomKey(seed: 53)[audit])
      let pairs = zip(drawn[1], drawn[0]).flatMap { zip($0, $1) }
      let pValue = mcNemarExact(pairs.count { $0.0 > $0.1 }, pairs.count { $0.0 < $0.1 })
      if pValue < 0.05 { pooled += 1 }
      let found = try PairedComparison.family(
        [ScoreComparison(ArmComparison(arm: "lora", reference: "full"), arm: drawn[1], reference: drawn[0])],
        of: .correctness, items: items, rule: rule, resamples: 100, key: RandomKey(seed: 54)[audit])
      if found.contains(where: { $0.pValue < 0.05 }) { audited += 1 }
    }
    #expect(!MonteCarlo.agrees(pooled, of: 400, atMost: 0.05), "\(pooled)")
    #expect(MonteCarlo.agrees(audited, of: 400, atMost: 0.05), "\(audited)")
  }

  @Test("Without Holm's correction one of eight groups is found to differ far too often; audits declare it rarely")
  func family() throws {
    let rows = try rows(Study.familyScenario(arms: 1, size: 100, scheme: .clusters), audits: 200)
    #expect(rows.count == 1)
    for row in rows { #expect(MonteCarlo.agrees(count(row), of: 200, atMost: 0.05), "\(row)") }
    let cells = PairedCells(accuracy: 0.9, difference: 0, discordance: 0.2)
    let uncorrected = (0..<200).count { audit in
      (0..<8).contains { group in
        let drawn = cells.draw(items: 100, key: RandomKey(seed: 55)[audit][group])
        let pairs = Array(zip(drawn.arm, drawn.reference))
        return mcNemarExact(pairs.count { $0 > $1 }, pairs.count { $0 < $1 }) < 0.05
      }
    }
    #expect(!MonteCarlo.agrees(uncorrected, of: 200, atMost: 0.05), "\(uncorrected)")
  }

  @Test("Clusters alone do not cover what the method does where seeds differ; the audit's interval does")
  func seedsThatDiffer() throws {
    let model = try CorrectnessModel.paired(
      accuracy: 0.9, differences: [0], discordance: 0.08, seeds: 5, seedDeviation: 0.02)
    let clusters = Array(0..<1_000)
    var (alone, audited, confirmed) = (0, 0, 0)
    for audit in 0..<300 {
      let drawn = model.draw(items: 1_000, key: RandomKey(seed: 56)[audit])
      let differences = PairedDifferences(
        bySeed: zip(drawn[1], drawn[0]).map { zip($0, $1).map { Int($0 - $1) } }, sizes: clusters.map { _ in 1 })
      let variance = differences.variance
      let ofModels = NormalDistribution.twoSided95 * variance.ofClusters.squareRoot()
      if abs(differences.estimate) <= ofModels { alone += 1 }
      if abs(differences.estimate) <= variance.reach(tail: 0.025) * variance.value.squareRoot() { audited += 1 }
      if variance.pValue(of: differences.estimate) < 0.05 { confirmed += 1 }
    }
    #expect(!MonteCarlo.agrees(alone, of: 300, atLeast: 0.93), "\(alone)")
    #expect(MonteCarlo.agrees(audited, of: 300, atLeast: 0.93), "\(audited)")
    #expect(MonteCarlo.agrees(confirmed, of: 300, atMost: 0.05), "\(confirmed)")
  }

  @Test("Sixty villages of five, which can get no verdict, do not hide a harm in a group that can")
  func villages() throws {
    let found = try rows(Study.powerScenario(scheme: .plain, villages: 60), audits: 100)[0]
    #expect(MonteCarlo.agrees(count(found), of: 100, atLeast: 0.8), "\(found)")
  }

  @Test("The sample size that is named finds the harm as often as it says, and half of it does not")
  func power() throws {
    for scheme in [Study.PairedScheme.plain, .seeds(5, deviation: 0.005)] {
      for row in try rows(Study.powerScenario(scheme: scheme, others: 1), audits: 150) {
        #expect(MonteCarlo.agrees(count(row), of: 150, atLeast: 0.8), "\(row)")
      }
    }
    let half = try rows(Study.powerScenario(scheme: .plain, others: 1, sizeFactor: 0.5), audits: 150)
    for row in half { #expect(!MonteCarlo.agrees(count(row), of: 150, atLeast: 0.8), "\(row)") }
  }

  @Test("A harm as large as the margin is seldom declared within it, but none at all often is")
  func margin() throws {
    for scheme in [Study.PairedScheme.plain, .clusters] {
      for row in try rows(Study.marginScenario(size: 300, scheme: scheme), audits: 300) {
        #expect(MonteCarlo.agrees(count(row), of: 300, atMost: 0.05), "\(row)")
      }
    }
    let none = try rows(Study.marginScenario(size: 1_000, harm: 0, scheme: .plain), audits: 100)
    #expect(!MonteCarlo.agrees(count(none[0]), of: 100, atMost: 0.05), "\(none)")
  }

  @Test("The accuracy spread of groups that do not differ is seldom found significant")
  func spread() throws {
    let rows = try rows(
      Study.spreadScenario(seeds: 1, layout: .size(4), correlation: 0.3), audits: 300)
    #expect(MonteCarlo.agrees(count(rows[0]), of: rows[0].audits, atMost: 0.05), "\(rows)")
  }

  @Test("The exact interval never covers less than it says, and Wilson's does near the ends of the scale")
  func exact() throws {
    for trials in [10, 50] {
      let row = try rows(Study.exactScenario(trials: trials), audits: 1)[0]
      #expect(row.audits == 0 && row.share >= 0.95 && row.share < 0.97, "\(row)")
    }
    // scipy.stats.binom.pmf summed over the intervals of scipy.stats.binomtest that cover: .9703 and .9216.
    let usual = try rows(Study.plainAccuracyScenario(items: 50, accuracy: 0.9), audits: 1)[0]
    let extreme = try rows(Study.plainAccuracyScenario(items: 50, accuracy: 0.98), audits: 1)[0]
    #expect(abs(usual.share - 0.9703) < 0.00005 && usual.isKept == true)
    #expect(abs(extreme.share - 0.9216) < 0.00005 && extreme.isKept == true)
  }
}
