import Metrics
import Statistics
import Support

extension Study {
  /// The accuracy of full fine-tuning in simulated audits.
  static let accuracy = 0.9
  /// The non-inferiority margin of simulated audits.
  package static let margin = 0.03

  /// How pairs are drawn: one seed from `PairedCells`, several from `CorrectnessModel`.
  package struct PairedScheme: Sendable {
    var seeds: Int
    /// The standard deviation over seeds of each arm's accuracy, drawn for both arms independently.
    var deviation: Double
    var layout: ClusterLayout
    /// Between two items of a cluster, of the seed-averaged difference.
    var correlation: Double
    var discordance: Double

    package init(
      seeds: Int = 1, deviation: Double = 0, layout: ClusterLayout = .unclustered, correlation: Double = 0,
      discordance: Double = 0.08
    ) {
      (self.seeds, self.deviation, self.layout) = (seeds, deviation, layout)
      (self.correlation, self.discordance) = (correlation, discordance)
    }

    package static let plain = PairedScheme()
    /// Five seeds that differ by a point, and clusters of four.
    package static let clusters = PairedScheme(seeds: 5, deviation: 0.01, layout: .size(4), correlation: 0.3)

    package static func seeds(_ seeds: Int, deviation: Double) -> PairedScheme {
      PairedScheme(seeds: seeds, deviation: deviation)
    }

    var words: String {
      ([layout.words(correlation: correlation), "discordance \(shareWords(discordance))"]
        + seedWords(seeds, deviation: deviation)).joined(separator: ", ")
    }

    /// - Parameter differences: Of every arm's accuracy to full fine-tuning's; one arm where there is one seed.
    func draw(_ differences: [Double]) throws(StudyError) -> PairedDraw {
      if seeds == 1, differences.count == 1, let difference = differences.first {
        return .cells(
          PairedCells(
            accuracy: Study.accuracy, difference: difference, discordance: discordance, layout: layout,
            correlation: correlation))
      }
      return .model(try model(differences))
    }

    func model(_ differences: [Double]) throws(StudyError) -> CorrectnessModel {
      try .paired(
        accuracy: Study.accuracy, differences: differences, discordance: discordance, seeds: seeds,
        seedDeviation: deviation, layout: layout, intraCluster: correlation)
    }
  }

  static var differenceScenarios: [Scenario] {
    let oneSeed = [(100, 0.0), (300, -0.03), (1_000, -0.03)].map {
      differenceScenario(items: $0, difference: $1, scheme: .plain)
    }
    let seeds = [3, 5, 10].flatMap { seeds in
      [0, 0.01, 0.02].map {
        differenceScenario(items: 1_000, difference: -0.03, scheme: .seeds(seeds, deviation: $0))
      }
    }
    let others = [
      differenceScenario(items: 300, difference: 0, scheme: .seeds(2, deviation: 0.02)),
      differenceScenario(items: 300, difference: 0, scheme: .seeds(5, deviation: 0.02)),
      differenceScenario(
        items: 1_000, difference: -0.03, scheme: PairedScheme(layout: .size(4), correlation: 0.3)),
      differenceScenario(items: 300, difference: -0.03, scheme: .clusters),
      differenceScenario(
        items: 400, difference: 0, scheme: PairedScheme(seeds: 3, deviation: 0.01, layout: .count(10), correlation: 0.1)
      ),
      differenceScenario(items: 300, difference: 0, scheme: PairedScheme(discordance: 0.03)),
    ]
    // A cluster with most of the items makes the mean depend on it.
    let large = [1, 5].flatMap { seeds in
      [10, 50].map { clusters in
        differenceScenario(
          items: 20 * clusters, difference: 0,
          scheme: PairedScheme(seeds: seeds, layout: .oneLarge(of: clusters), correlation: 0.3, discordance: 0.15))
      }
    }
    return oneSeed + seeds + others + large
      + [true, false].map { overallScenario(scheme: .seeds(5, deviation: 0.02), areSeedsShared: $0) }
  }

  /// The coverage of the interval of the difference in one group.
  package static func differenceScenario(items: Int, difference: Double, scheme: PairedScheme) -> Scenario {
    let data = "n = \(items), difference \(shareWords(difference)), \(scheme.words)"
    return Scenario(.difference, data) { simulation throws(StudyError) in
      let draw = try scheme.draw([difference])
      let audit = PairedAudit(draw, size: items)
      let findings = try simulation.run { key throws(StudyError) in try audit.finding(key: key) }
      let variance = draw.variance(items: items)
      return [
        .coverage(
          .difference, data, of: "difference covered", findings,
          bound: .atLeast(scheme.layout.hasLargeOne ? 0.91 : 0.93),
          oracleWidth: 2 * variance.reach(tail: 0.025) * variance.value.squareRoot(), clusters: variance.clusters)
      ]
    }
  }

  /// The coverage over all items of several groups.
  ///
  /// - Parameter areSeedsShared: Whether a seed's model is better or worse in all groups by as much.
  package static func overallScenario(scheme: PairedScheme, areSeedsShared: Bool) -> Scenario {
    let differences = [0, 0, -0.03, -0.05]
    let seeds = areSeedsShared ? "in all groups alike" : "in each group by itself"
    let data = "4 groups of n = 200, differences 0, 0, −.03 and −.05, \(scheme.words) \(seeds)"
    return Scenario(.difference, data) { simulation throws(StudyError) in
      var groups: [PairedGroup] = []
      for difference in differences { groups.append(PairedGroup(draw: try scheme.draw([difference]), size: 200)) }
      let audit = PairedAudit(groups: groups, areSeedsShared: areSeedsShared)
      let findings = try simulation.run { key throws(StudyError) in try audit.overallFinding(key: key) }
      return [.coverage(.difference, data, of: "difference over all items covered", findings)]
    }
  }
}
