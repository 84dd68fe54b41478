package import Metrics
package import Statistics
package import Support

/// Where a group's threshold comes from.
package enum ThresholdSource: String, Codable, Equatable, Sendable {
  /// Thresholds from the group's own non-members.
  case own
  /// Thresholds from all non-members, so the group's own false positive rate may differ from the nominal one.
  case global
}

/// The true positive rate of an attack at a threshold, averaged over the targets.
package struct AttackRate: Codable, Equatable, Sendable {
  package var value: Double
  package var interval: Interval
  /// The false positive rate of the group at that threshold, averaged over the targets: the largest attainable one not
  /// above the limit when the threshold is the group's own.
  package var attainedFalsePositiveRate: Double
  /// Counts summed over the targets.
  package var truePositives: Int
  package var members: Int
  package var falsePositives: Int
  package var nonMembers: Int
}

/// An attack at a limit of the false positive rate.
package struct OperatingPoint: Codable, Equatable, Sendable {
  package var falsePositiveRateLimit: Double
  package var threshold: ThresholdSource
  /// Undefined when a target has fewer non-members than one in `1 / limit`.
  package var truePositiveRate: Measured<AttackRate>
}

/// A point of a receiver operating characteristic.
package struct CurvePoint: Equatable, Sendable {
  package var falsePositiveRate: Double
  package var truePositiveRate: Double
}

/// How well an attack does on one group, or on all items, averaged over the targets.
package struct AttackMeasures: Codable, Equatable, Sendable {
  /// `nil` for all items.
  package var group: GroupName?
  package var n: Int
  package var clusters: Int
  /// The fewest non-members that a target has here: the resolution of its false positive rate.
  package var fewestNonMembers: Int
  package var areaUnderCurve: Measured<Estimate>
  /// Own threshold at each limit (10 %, 1 %, 0.1 %), and for a group the global one at each too.
  package var operatingPoints: [OperatingPoint]
  /// Threshold average over the targets at equal false positive rates, from the finest that every target resolves up
  /// to 1; evenly spaced on a logarithmic axis.
  package var curve: [CurvePoint]
}

/// What an attack leaves out because too few shadow models have an item, or are without it.
package struct UnscoredItems: Codable, Equatable, Sendable {
  /// Items without a score against at least one target.
  package var items: Int
  /// Targets and items without a score.
  package var scores: Int
  /// All scores: targets times items.
  package var ofScores: Int

  /// - Parameter scores: `[target][item]`; not a number where there is none.
  /// - Returns: `nil` if none is missing.
  init?(_ scores: [[Double]]) {
    let missing = scores.map { $0.count(where: \.isNaN) }.reduce(0, +)
    guard missing > 0, let first = scores.first else { return nil }
    items = first.indices.count { item in scores.contains { $0[item].isNaN } }
    (self.scores, ofScores) = (missing, scores.count * first.count)
  }
}

/// The findings of one attack.
package struct AttackEvaluation: Codable, Equatable, Sendable {
  private enum CodingKeys: String, CodingKey {
    case control = "shuffled_control"
    case attack, leftOut, overall, groups, disparities
  }

  package var attack: Attack
  /// `nil` if the attack has a score of every item against every target.
  package var leftOut: UnscoredItems?
  package var overall: AttackMeasures
  /// In the order of the groups.
  package var groups: [AttackMeasures]
  /// For every column of two groups or more: its area under the curve, then its true positive rates.
  package var disparities: [VulnerabilityDisparity]
  /// The same scores against membership that is swapped at random by cluster: the area should be .5 within its
  /// interval.
  package var control: Measured<Estimate>
  /// The items that the attack is right about most often, most exposed first: for a file of its own, never for a
  /// report.
  package var exposedItems: [ExposedItem] = []
}

/// The findings of membership inference against the shadow models of one arm.
package struct PrivacyEvaluation: Codable, Equatable, Sendable {
  package var arm: String
  package var design: ShadowModelDesign
  package var models: Int
  package var items: Int
  /// Queries of every item.
  package var queries: Int
  /// The confidence level of every interval.
  package var confidence: Double
  /// Resamples for every bootstrap interval.
  package var resamples: Int
  package var cautions: [ShadowModelCaution]
  package var attacks: [AttackEvaluation]
}

/// Written as a pair.
extension CurvePoint: Codable {
  package init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    falsePositiveRate = try container.decode(Double.self)
    truePositiveRate = try container.decode(Double.self)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    try container.encode(falsePositiveRate)
    try container.encode(truePositiveRate)
  }
}

extension PrivacyEvaluation {
  static let resampleCount = 1_000

  /// Attacks shadow models as their design says. A pure function of its arguments.
  ///
  /// - Parameters:
  ///   - attacks: In the order in which they are to be reported.
  ///   - confidence: Of every interval, above .5 and below 1.
  ///   - key: Where bootstrap resamples, permutations and the control's shuffled membership are drawn from.
  /// - Throws: `PrivacyError` naming the model and item that is wrong, or what an attack is missing.
  package static func evaluate(
    shadowModels: ShadowModels, attacks: [Attack] = Attack.standard, confidence: Double = 0.95, key: RandomKey
  ) throws(PrivacyError) -> PrivacyEvaluation {
    let intervals = try AttackIntervals(confidence: confidence)
    try shadowModels.validate(attacks)
    let setting = AttackSetting(shadowModels, intervals: intervals, key: key)
    var found: [AttackEvaluation] = []
    for attack in attacks { found.append(try AttackRun(attack, setting: setting).evaluation) }
    return PrivacyEvaluation(setting, confidence: confidence, attacks: found)
  }

  init(_ setting: AttackSetting, confidence: Double, attacks: [AttackEvaluation]) {
    let shadowModels = setting.shadowModels
    self.init(
      arm: shadowModels.arm, design: shadowModels.design, models: shadowModels.masks.count, items: shadowModels.items,
      queries: setting.readings.confidences.count, confidence: confidence, resamples: Self.resampleCount,
      cautions: shadowModels.cautions, attacks: attacks)
  }
}

extension ShadowModels {
  /// Checks the shadow models and the list of attacks.
  func validate(_ attacks: [Attack]) throws(PrivacyError) {
    try validate()
    guard !attacks.isEmpty else { throw .noAttacks(arm: arm) }
    var seen: Set<Attack> = []
    for attack in attacks {
      guard seen.insert(attack).inserted else { throw .repeatedAttack(arm: arm, attack: attack.text) }
    }
  }
}

/// The shared inputs of all attacks against one arm's shadow models.
struct AttackSetting: Sendable {
  let readings: AttackReadings
  let index: ClusterIndex
  /// The targets' membership, `[target][item]`.
  let masks: [[Bool]]
  /// The control's, in the same form.
  let shuffled: [[Bool]]
  /// `[resample][item]`: how often each item counts, which is as often as its cluster was drawn.
  let weights: [[Int32]]
  let intervals: AttackIntervals
  /// For each column of two groups or more.
  let permutations: [(column: String, groups: [Int], test: VulnerabilityPermutation)]
  let key: RandomKey

  var shadowModels: ShadowModels { readings.shadowModels }

  /// - Parameters:
  ///   - shadowModels: Validated.
  ///   - key: The same clusters get the same resamples from it, whatever the arm.
  init(_ shadowModels: ShadowModels, intervals: AttackIntervals, key: RandomKey) {
    readings = AttackReadings(shadowModels)
    let index = ClusterIndex(shadowModels.clusters)
    self.index = index
    masks = shadowModels.targets.map { shadowModels.masks[$0] }
    let swapped = ShuffledMembership.masks(
      shadowModels.masks, clusters: index.ofItem, clusterCount: index.count, key: key[.shuffledMembership])
    shuffled = shadowModels.targets.map { swapped[$0] }
    weights = ClusterBootstrap.itemWeights(
      index, resamples: PrivacyEvaluation.resampleCount, key: key[.bootstrap])
    self.intervals = intervals
    permutations = shadowModels.groups.columns.compactMap { column in
      let groups = shadowModels.groups.indices.filter { shadowModels.groups[$0].column == column }
      guard groups.count >= 2 else { return nil }
      return (column, groups, VulnerabilityPermutation(groups: groups.map { shadowModels.groups[$0] }, clusters: index))
    }
    self.key = key
  }

  /// The weights of eight resamples side by side, of fewer where there are no more.
  func lanes(from first: Int) -> [Lanes] {
    lanes { lane in first + lane < weights.count ? weights[first + lane] : [] }
  }

  /// - Parameter weights: Of all items in one lane; empty for a lane that is not used, `nil` for a weight of 1 each.
  func lanes(_ weights: (_ lane: Int) -> [Int32]?) -> [Lanes] {
    var lanes = [Lanes](repeating: Lanes(), count: shadowModels.items)
    for lane in 0..<Lanes.scalarCount {
      guard let weights = weights(lane) else {
        for item in lanes.indices { lanes[item][lane] = 1 }
        continue
      }
      for (item, weight) in weights.enumerated() { lanes[item][lane] = Double(weight) }
    }
    return lanes
  }
}

/// The findings of one attack, on the data, in every resample and with models left out.
struct AttackRun: Sendable {
  let evaluation: AttackEvaluation
  /// How many models there are.
  let models: Int
  /// Those of all items, then of every group.
  let replicates: [AttackReplicates]

  init(_ attack: Attack, setting: AttackSetting) throws(PrivacyError) {
    let scores = try setting.readings.scores(of: attack)
    let shadowModels = setting.shadowModels
    let limits = AttackMeasures.limits
    models = shadowModels.masks.count
    let parts = AttackedParts(scores: scores, masks: setting.masks, setting: setting)
    let swapped = AttackedGroup(scores: scores, masks: setting.shuffled, clusters: setting.index.count)
    var replicates = parts.replicates(setting: setting)
    for part in setting.leftOut(of: attack, scores: scores) {
      for number in replicates.indices {
        replicates[number].leftOut.append(part[number][0])
        replicates[number].leftOutResampled.append(Array(part[number].dropFirst()))
      }
    }
    self.replicates = replicates
    let overall = AttackMeasures(
      parts.all, thresholds: [], globalNonMembers: 0, replicates: replicates[0], intervals: setting.intervals)
    let thresholds = parts.all.thresholds(limits: limits)
    let measures = zip(parts.groups, replicates.dropFirst()).map {
      AttackMeasures(
        $0, thresholds: thresholds, globalNonMembers: overall.fewestNonMembers, replicates: $1,
        intervals: setting.intervals)
    }
    let rankings = parts.all.targets.map { FlatRanking($0, items: shadowModels.items) }
    let disparities = setting.permutations.flatMap { column, numbers, test in
      test.disparities(
        rankings, measures: numbers.map { measures[$0] }, key: setting.key[.disparity][attack.text][column])
    }
    evaluation = AttackEvaluation(
      attack: attack, leftOut: UnscoredItems(scores), overall: overall, groups: measures, disparities: disparities,
      control: swapped.areaUnderCurve(
        replicates: FigureReplicates(resampled: swapped.areas(setting: setting)), intervals: setting.intervals),
      exposedItems: ExposureRanking.items(
        parts.all, shadowModels: shadowModels,
        limits: limits.filter { overall.value(.truePositiveRate(limit: $0)) != nil }))
  }
}

/// All items and every group as an attack ranks them.
struct AttackedParts: Sendable {
  let all: AttackedGroup
  let groups: [AttackedGroup]

  /// - Parameters:
  ///   - scores: `[target][item]`.
  ///   - masks: The same targets' membership.
  init(scores: [[Double]], masks: [[Bool]], setting: AttackSetting) {
    let all = AttackedGroup(scores: scores, masks: masks, clusters: setting.index.count)
    self.all = all
    groups = setting.shadowModels.groups.map { AttackedGroup($0, of: all, clusters: setting.index.ofItem) }
  }

  /// The readings of all items, then of every group, one for each of eight sets of weights.
  ///
  /// - Parameter weights: Of all items.
  func readings(weights: [Lanes]) -> [[AttackedGroup.Reading]] {
    let limits = AttackMeasures.limits
    let overall = all.readings(weights: weights, limits: limits)
    return [overall.readings]
      + groups.map {
        $0.readings(weights: $0.weights(weights), limits: limits, thresholds: overall.thresholds).readings
      }
  }

  /// All items, then every group, in every resample of clusters.
  func replicates(setting: AttackSetting) -> [AttackReplicates] {
    let count = setting.weights.count
    let batches = setting.batches(of: count) { readings(weights: $0) }
    return (0...groups.count).map { number in
      AttackReplicates(resampled: Array(batches.flatMap { $0[number] }.prefix(count)))
    }
  }
}

extension AttackedGroup {
  /// The area under the curve in every resample.
  fileprivate func areas(setting: AttackSetting) -> [Double] {
    let batches = setting.batches(of: setting.weights.count) { readings(weights: $0, limits: []).readings }
    return Array(batches.joined().map(\.areaUnderCurve).prefix(setting.weights.count))
  }
}

extension AttackSetting {
  /// The results of `body` for the weights of eight resamples after eight, on all cores.
  func batches<Result: Sendable>(of count: Int, _ body: @Sendable ([Lanes]) -> Result) -> [Result] {
    let lanes = Lanes.scalarCount
    return concurrentMap((count + lanes - 1) / lanes) { body(self.lanes(from: $0 * lanes)) }
  }

  /// What an attack finds with each part of the models left out, `[part][all items, then every group]`: on the data, then
  /// in the first resamples.
  ///
  /// - Parameter scores: With all models, `[target][item]`.
  func leftOut(of attack: Attack, scores: [[Double]]) -> [[[AttackedGroup.Reading]]] {
    let parts = ModelJackknife.parts(design: shadowModels.design, models: shadowModels.masks.count)
    let count = min(ModelJackknife.resamples, weights.count)
    let batches = (0...count / Lanes.scalarCount).map { batch in
      lanes { lane in
        let resample = batch * Lanes.scalarCount + lane - 1
        return resample < 0 ? nil : resample < count ? weights[resample] : []
      }
    }
    return concurrentMap(parts.count) { number in
      let kept = readings.scores(of: attack, without: parts[number], scores: scores)
      let attacked = AttackedParts(
        scores: kept.map(\.scores), masks: kept.map { masks[$0.target] }, setting: self)
      let found = batches.map { attacked.readings(weights: $0) }
      return (0...attacked.groups.count).map { part in
        Array(found.flatMap { $0[part] }.prefix(count + 1))
      }
    }
  }
}

/// Membership under the null hypothesis: swapped at random by whole clusters in each pair of models, so that partners
/// stay complements. Only what the attack is judged against is swapped, not what it learns from.
enum ShuffledMembership {
  /// - Parameters:
  ///   - masks: `[model][item]`.
  ///   - clusters: The number of every item's cluster, from 0 to below `clusterCount`.
  static func masks(_ masks: [[Bool]], clusters: [Int], clusterCount: Int, key: RandomKey) -> [[Bool]] {
    masks.enumerated().map { model, mask in
      var generator = key[model / 2].generator
      let swaps = (0..<clusterCount).map { _ in generator.uniform() < 0.5 }
      return zip(mask, clusters).map { $0 != swaps[$1] }
    }
  }
}
