import Metrics
import Statistics
import Support

extension Study {
  private static let groupCount = 8

  static var familyScenarios: [Scenario] {
    [
      familyScenario(arms: 1, size: 200, scheme: .plain), familyScenario(arms: 1, size: 1_000, scheme: .plain),
      familyScenario(arms: 1, size: 200, scheme: .plain.with(discordance: 0.2)),
      familyScenario(arms: 1, size: 200, scheme: .seeds), familyScenario(arms: 1, size: 200, scheme: .clusters),
      familyScenario(arms: 2, size: 200, scheme: .clusters),
    ]
  }

  /// How often anything is declared different when nothing is.
  package static func familyScenario(arms: Int, size: Int, scheme: PairedScheme) -> Scenario {
    let data = "\(arms) × \(groupCount) comparisons, n = \(size) each, \(scheme.words)"
    return Scenario(.family, data) { simulation throws(StudyError) in
      let draw = try scheme.draw(Array(repeating: 0, count: arms))
      let audit = PairedAudit(groups: Array(repeating: draw, count: groupCount), size: size)
      let findings = try simulation.run { key throws(StudyError) in
        let comparisons = try audit.comparisons(key: key)
        return (
          confirmed: comparisons.contains { $0.verdict == .differenceConfirmed },
          significant: comparisons.contains { $0.isSignificant }
        )
      }
      return [
        .frequency(
          .family, data, of: "any difference confirmed", findings.map(\.confirmed), bound: .atMost(0.05)),
        .frequency(
          .family, data, of: "any adjusted p below .05", findings.map(\.significant), bound: .atMost(0.05)),
      ]
    }
  }

  static var powerScenarios: [Scenario] {
    [
      powerScenario(scheme: .plain),
      powerScenario(scheme: PairedScheme(seeds: 1, clusterSize: 4, correlation: 0.3, discordance: 0.08)),
      powerScenario(scheme: .plain.with(discordance: 0.15)),
    ]
  }

  /// How often a harm of three points is found in one of the groups, whose size is the one `PairedPower` gives, or a
  /// multiple of it.
  package static func powerScenario(scheme: PairedScheme, sizeFactor: Double = 1) -> Scenario {
    let harm = -0.03
    let name = "1 × \(groupCount) comparisons, \(scheme.words)"
    return Scenario(.power, name) { simulation throws(StudyError) in
      let size = Int((Double(try sampleSize(difference: harm, scheme: scheme)) * sizeFactor).rounded())
      let data = "n = \(size) each, \(name)"
      let groups = [try scheme.draw([harm])] + Array(repeating: try scheme.draw([0]), count: groupCount - 1)
      let audit = PairedAudit(groups: groups, size: size)
      let findings = try simulation.run { key throws(StudyError) in
        try audit.comparisons(key: key).prefix(1).map {
          (
            found: $0.isSignificant && $0.estimate < 0,
            confirmed: $0.verdict == .differenceConfirmed && $0.estimate < 0
          )
        }
      }.flatMap(\.self)
      return [
        .frequency(
          .power, data, of: "the harm's adjusted p below .05", findings.map(\.found), bound: .atLeast(0.8)),
        .frequency(.power, data, of: "the harm confirmed", findings.map(\.confirmed), bound: .atLeast(0.8)),
      ]
    }
  }

  /// The items a group needs for 80 % power in the family, as `tenbin power` says.
  private static func sampleSize(difference: Double, scheme: PairedScheme) throws(StudyError) -> Int {
    let question: PairedPower
    do throws(PowerError) {
      question = try PairedPower(
        difference: difference, discordance: scheme.discordance, familySize: groupCount,
        clusterSize: Double(scheme.clusterSize), correlation: scheme.correlation)
    } catch {
      throw .power(error)
    }
    guard let items = question.items(power: 0.8) else {
      throw .noSampleSize(difference: difference, discordance: scheme.discordance)
    }
    return items
  }

  static var marginScenarios: [Scenario] {
    [PairedScheme.plain, .clusters].flatMap { scheme in
      [0.08, 0.2].flatMap { discordance in
        [300, 1_000].map { marginScenario(size: $0, scheme: scheme.with(discordance: discordance)) }
      }
    }
  }

  /// How often a harm, as large as the margin unless another is given, is declared to be within it.
  package static func marginScenario(
    size: Int, harm: Double = Study.margin, scheme: PairedScheme
  ) -> Scenario {
    let data = "n = \(size), \(scheme.words)"
    return Scenario(.margin, data) { simulation throws(StudyError) in
      let audit = PairedAudit(groups: [try scheme.draw([-harm])], size: size)
      let findings = try simulation.run { key throws(StudyError) in
        try audit.comparisons(key: key).contains { $0.verdict == .withinMargin }
      }
      return [.frequency(.margin, data, of: "declared within the margin", findings, bound: .atMost(0.05))]
    }
  }
}

extension PairedComparison {
  fileprivate var isSignificant: Bool { adjustedPValue.value.map { $0 < 0.05 } ?? false }
}

extension Study {
  static var spreadScenarios: [Scenario] {
    [
      spreadScenario(seeds: 1, clusterSize: 1, correlation: 0),
      spreadScenario(seeds: 1, clusterSize: 4, correlation: 0.3),
      spreadScenario(seeds: 5, clusterSize: 4, correlation: 0.3),
    ]
  }

  /// How often the permutation test of the accuracy spread finds one between five groups that do not differ.
  package static func spreadScenario(seeds: Int, clusterSize: Int, correlation: Double) -> Scenario {
    let (groups, size, accuracy) = (5, 60, 0.85)
    let data =
      "\(groups) groups of n = \(size), accuracy .85, \(seedWords(seeds)), \(clusterWords(clusterSize, correlation))"
    return Scenario(.spread, data, auditShare: 0.5) { simulation throws(StudyError) in
      let model = try CorrectnessModel.single(
        accuracy: accuracy, seeds: seeds, clusterSize: clusterSize, intraCluster: correlation, betweenSeeds: 0.6)
      let items = EvaluationItems.planted(groups: groups, size: size, clusterSize: clusterSize)
      let findings = try simulation.run { key throws(StudyError) in
        let arm = try ArmPredictions.planted(
          model.draw(items: items.count, key: key[.data])[0], labels: items.labels)
        guard
          let spread = try evaluatedArm((items, arm), key: key[.audit])?.overSeeds.columns.first?.accuracySpread.value
        else { throw StudyError.undefinedFigure("The accuracy spread") }
        return spread.test.pValue < 0.05
      }
      return [.frequency(.spread, data, of: "p below .05", findings, bound: .atMost(0.05))]
    }
  }
}
