import Metrics
import Statistics
import Support

extension Study {
  private static let groupCount = 8

  static var familyScenarios: [Scenario] {
    [
      familyScenario(arms: 1, size: 1_000, scheme: .plain),
      familyScenario(arms: 1, size: 200, scheme: PairedScheme(discordance: 0.2)),
      familyScenario(arms: 1, size: 500, scheme: .seeds(3, deviation: 0.02)),
      familyScenario(arms: 1, size: 1_000, scheme: .seeds(5, deviation: 0.02)),
      familyScenario(arms: 1, size: 1_000, scheme: .seeds(5, deviation: 0.02), areSeedsShared: false),
      familyScenario(arms: 1, size: 500, scheme: .seeds(10, deviation: 0.01)),
      familyScenario(arms: 2, size: 200, scheme: .clusters),
      familyScenario(arms: 1, size: 500, scheme: .seeds(5, deviation: 0.01), villages: 60),
    ]
  }

  /// How often anything is declared different when nothing is.
  ///
  /// - Parameters:
  ///   - areSeedsShared: Whether a seed's model is better or worse in all groups by as much.
  ///   - villages: Further groups of five items, which can get no verdict.
  package static func familyScenario(
    arms: Int, size: Int, scheme: PairedScheme, areSeedsShared: Bool = true, villages: Int = 0
  ) -> Scenario {
    var parts = ["\(arms) × \(groupCount) comparisons", "n = \(size) each"]
    if villages > 0 { parts.append("\(villages) more groups of 5") }
    parts.append(scheme.words + (areSeedsShared ? "" : " in each group by itself"))
    let data = parts.joined(separator: ", ")
    return Scenario(.family, data) { simulation throws(StudyError) in
      let draw = try scheme.draw(Array(repeating: 0, count: arms))
      let groups =
        Array(repeating: PairedGroup(draw: draw, size: size), count: groupCount)
        + Array(repeating: PairedGroup(draw: draw, size: 5), count: villages)
      let audit = PairedAudit(groups: groups, areSeedsShared: areSeedsShared)
      let findings = try simulation.run { key throws(StudyError) in
        try audit.comparisons(key: key).contains { $0.verdict == .differenceConfirmed }
      }
      return [.frequency(.family, data, of: "any difference confirmed", findings, bound: .atMost(0.05))]
    }
  }

  static var powerScenarios: [Scenario] {
    [
      powerScenario(scheme: .plain, others: 7),
      powerScenario(scheme: PairedScheme(layout: .size(4), correlation: 0.3), others: 7),
      powerScenario(scheme: .plain, villages: 60),
      powerScenario(scheme: .seeds(5, deviation: 0.005)),
      powerScenario(scheme: .seeds(10, deviation: 0.01), others: 3),
    ]
  }

  /// How often a harm of three points is found in one group, whose size is the one `PairedPower` gives, or a multiple of
  /// it.
  ///
  /// - Parameters:
  ///   - others: Groups of the same size that do not differ.
  ///   - villages: Further groups of five items, which can get no verdict and are no part of the family.
  package static func powerScenario(
    scheme: PairedScheme, others: Int = 0, villages: Int = 0, sizeFactor: Double = 1
  ) -> Scenario {
    let harm = -0.03
    var parts: [String] = []
    if others > 0 { parts.append("\(others) other groups as large") }
    if villages > 0 { parts.append("\(villages) other groups of 5") }
    let name = (parts + [scheme.words]).joined(separator: ", ")
    return Scenario(.power, name) { simulation throws(StudyError) in
      let needed = try sampleSize(difference: harm, scheme: scheme, familySize: 1 + others)
      let size = Int((Double(needed) * sizeFactor).rounded())
      let data = "n = \(size), \(name)"
      let (harmed, equal) = (try scheme.draw([harm]), try scheme.draw([0]))
      let groups =
        [PairedGroup(draw: harmed, size: size)]
        + Array(repeating: PairedGroup(draw: equal, size: size), count: others)
        + Array(repeating: PairedGroup(draw: equal, size: 5), count: villages)
      let audit = PairedAudit(groups: groups, areSeedsShared: false)
      let findings = try simulation.run { key throws(StudyError) in
        try audit.comparisons(key: key).prefix(1).contains {
          $0.verdict == .differenceConfirmed && $0.estimate < 0
        }
      }
      return [.frequency(.power, data, of: "the harm confirmed", findings, bound: .atLeast(0.8))]
    }
  }

  /// The items that a group needs for 80 % power in the family, as `tenbin power` says.
  private static func sampleSize(
    difference: Double, scheme: PairedScheme, familySize: Int
  ) throws(StudyError) -> Int {
    let question: PairedPower
    let isOfMethod = scheme.seeds >= PairedPower.leastSeeds
    let agreement = isOfMethod ? try scheme.model([difference]).seedAgreementOfDifferences : 1
    let (clusterSize, correlation) =
      if case .size(let size) = scheme.layout { (Double(size), scheme.correlation) } else { (1.0, 0.0) }
    do throws(PowerError) {
      // Both arms deviate independently.
      question = try PairedPower(
        difference: difference, discordance: scheme.discordance, familySize: familySize, clusterSize: clusterSize,
        correlation: correlation, seeds: scheme.seeds, seedDeviation: scheme.deviation * 2.0.squareRoot(),
        seedAgreement: agreement)
    } catch {
      throw .power(error)
    }
    guard let items = question.items(power: 0.8) else {
      throw .noSampleSize(difference: difference, discordance: scheme.discordance)
    }
    return items
  }

  static var marginScenarios: [Scenario] {
    [
      marginScenario(size: 50, scheme: .plain), marginScenario(size: 1_000, scheme: .plain),
      marginScenario(size: 300, scheme: PairedScheme(discordance: 0.2)),
      marginScenario(size: 300, scheme: .seeds(3, deviation: 0)),
      marginScenario(size: 1_000, scheme: .seeds(3, deviation: 0.02)),
      marginScenario(size: 1_000, scheme: .seeds(5, deviation: 0.02)),
      marginScenario(size: 1_000, scheme: .seeds(10, deviation: 0.01)),
      marginScenario(size: 300, scheme: .clusters),
      marginScenario(
        size: 400, scheme: PairedScheme(seeds: 5, deviation: 0.01, layout: .count(10), correlation: 0.1)),
      marginScenario(
        size: 1_000, scheme: PairedScheme(layout: .oneLarge(of: 50), correlation: 0.3, discordance: 0.15)),
      marginScenario(
        size: 1_000, scheme: PairedScheme(seeds: 5, layout: .oneLarge(of: 50), correlation: 0.3, discordance: 0.15)),
    ]
  }

  /// How often a harm, as large as the margin unless another is given, is declared to be within it.
  package static func marginScenario(
    size: Int, harm: Double = Study.margin, scheme: PairedScheme
  ) -> Scenario {
    let data = "n = \(size), \(scheme.words)"
    return Scenario(.margin, data) { simulation throws(StudyError) in
      let audit = PairedAudit(try scheme.draw([-harm]), size: size)
      let findings = try simulation.run { key throws(StudyError) in
        try audit.comparisons(key: key).contains { $0.verdict == .withinMargin }
      }
      return [.frequency(.margin, data, of: "declared within the margin", findings, bound: .atMost(0.05))]
    }
  }
}

extension Study {
  static var spreadScenarios: [Scenario] {
    [
      spreadScenario(seeds: 1, layout: .unclustered, correlation: 0),
      spreadScenario(seeds: 3, layout: .size(4), correlation: 0.3),
    ]
  }

  /// How often the permutation test of the accuracy spread finds one between five groups that do not differ.
  package static func spreadScenario(seeds: Int, layout: ClusterLayout, correlation: Double) -> Scenario {
    let (groups, size, accuracy) = (5, 60, 0.85)
    let data =
      ([
        "\(groups) groups of n = \(size)", "accuracy .85", layout.words(correlation: correlation),
      ] + seedWords(seeds, deviation: 0)).joined(separator: ", ")
    return Scenario(.spread, data, auditShare: 0.25) { simulation throws(StudyError) in
      let model = try CorrectnessModel.single(
        accuracy: accuracy, seeds: seeds, layout: layout, intraCluster: correlation, betweenSeeds: 0.6)
      let items = EvaluationItems.planted(groups: Array(repeating: (size, layout), count: groups))
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
