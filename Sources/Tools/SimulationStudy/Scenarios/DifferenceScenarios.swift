internal import Metrics
internal import Support

extension PlantedTruths {
  /// The accuracy of full fine-tuning in simulated audits.
  static let accuracy = 0.9
  /// The non-inferiority margin of simulated audits.
  package static let margin = 0.03

  /// How pairs are drawn: one seed from `PairedCells`, several from `CorrectnessModel`.
  package struct PairedScheme: Sendable {
    var seeds: Int
    var clusterSize: Int
    var correlation: Double
    var discordance: Double

    package static let plain = PairedScheme(seeds: 1, clusterSize: 1, correlation: 0, discordance: 0.08)
    package static let seeds = PairedScheme(seeds: 5, clusterSize: 1, correlation: 0, discordance: 0.08)
    package static let clusters = PairedScheme(seeds: 5, clusterSize: 4, correlation: 0.3, discordance: 0.08)

    func with(discordance: Double) -> PairedScheme {
      var scheme = self
      scheme.discordance = discordance
      return scheme
    }

    var words: String {
      "\(seedWords(seeds)), \(clusterWords(clusterSize, correlation)), discordance \(shareWords(discordance))"
    }

    /// - Parameter differences: Of every arm's accuracy to full fine-tuning's; one arm where there is one seed.
    func draw(_ differences: [Double]) throws(PlantedTruthsError) -> PairedDraw {
      if seeds == 1, differences.count == 1, let difference = differences.first {
        return .cells(
          PairedCells(
            accuracy: PlantedTruths.accuracy, difference: difference, discordance: discordance,
            clusterSize: clusterSize, correlation: correlation))
      }
      return .model(
        try .paired(
          accuracy: PlantedTruths.accuracy, differences: differences, discordance: discordance, seeds: seeds,
          clusterSize: clusterSize, intraCluster: correlation))
    }
  }

  static var differenceScenarios: [TruthScenario] {
    let schemes = [PairedScheme.plain, .seeds, .clusters, .plain.with(discordance: 0.03)]
    let inGroup = schemes.flatMap { scheme in
      [100, 300, 1_000].flatMap { items in
        [0, -0.03].map { differenceScenario(items: items, difference: $0, scheme: scheme) }
      }
    }
    return inGroup + [overallScenario(scheme: .plain), overallScenario(scheme: .clusters)]
  }

  /// The coverage of the interval of the difference in one group.
  package static func differenceScenario(items: Int, difference: Double, scheme: PairedScheme) -> TruthScenario {
    let planted = "n = \(items), difference \(shareWords(difference)), \(scheme.words)"
    return TruthScenario(.difference, planted) { simulation throws(PlantedTruthsError) in
      let audit = PairedAudit(groups: [try scheme.draw([difference])], size: items)
      let findings = try simulation.run { key throws(PlantedTruthsError) in
        try audit.comparisons(key: key).map {
          IntervalFinding(estimate: $0.estimate, interval: $0.interval, truth: difference)
        }
      }
      return [.coverage(.difference, planted, of: "difference covered", findings.flatMap(\.self))]
    }
  }

  /// The coverage over all items, which are resampled within their groups.
  package static func overallScenario(scheme: PairedScheme) -> TruthScenario {
    let differences = [0, 0, -0.03, -0.05]
    let planted = "4 groups of n = 100, differences 0, 0, −.03 and −.05, \(scheme.words)"
    return TruthScenario(.difference, planted) { simulation throws(PlantedTruthsError) in
      var groups: [PairedDraw] = []
      for difference in differences { groups.append(try scheme.draw([difference])) }
      let audit = PairedAudit(groups: groups, size: 100)
      let truth = differences.reduce(0, +) / Double(differences.count)
      let findings = try simulation.run { key throws(PlantedTruthsError) in
        try audit.comparisons(key: key, isOverallIncluded: true).prefix(1).map {
          IntervalFinding(estimate: $0.estimate, interval: $0.interval, truth: truth)
        }
      }
      return [.coverage(.difference, planted, of: "difference over all items covered", findings.flatMap(\.self))]
    }
  }
}
