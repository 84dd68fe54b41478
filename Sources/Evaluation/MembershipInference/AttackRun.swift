import Metrics
import Statistics
import Support

/// What every attack against one fleet is measured with.
struct AttackSetting: Sendable {
  let readings: FleetReadings
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

  var fleet: Fleet { readings.fleet }

  /// - Parameters:
  ///   - fleet: Validated.
  ///   - key: Fleets on the same clusters get the same resamples from it.
  init(_ fleet: Fleet, intervals: AttackIntervals, key: RandomKey) {
    readings = FleetReadings(fleet)
    let index = ClusterIndex(fleet.clusters)
    self.index = index
    masks = fleet.targets.map { fleet.masks[$0] }
    let swapped = ShuffledMembership.masks(
      fleet.masks, clusters: index.ofItem, clusterCount: index.count, key: key["shuffled membership"])
    shuffled = fleet.targets.map { swapped[$0] }
    weights = Self.weights(index, key: key["bootstrap"])
    self.intervals = intervals
    permutations = fleet.groups.columns.compactMap { column in
      let groups = fleet.groups.indices.filter { fleet.groups[$0].column == column }
      guard groups.count >= 2 else { return nil }
      return (column, groups, VulnerabilityPermutation(groups: groups.map { fleet.groups[$0] }, clusters: index))
    }
    self.key = key
  }

  /// The weights of eight resamples side by side, of fewer where there are no more.
  func lanes(from first: Int) -> [Lanes] {
    var lanes = [Lanes](repeating: Lanes(), count: fleet.items)
    for lane in 0..<min(Lanes.scalarCount, weights.count - first) {
      for (item, weight) in weights[first + lane].enumerated() { lanes[item][lane] = Double(weight) }
    }
    return lanes
  }

  /// As many resamples of whole clusters as every interval rests on.
  private static func weights(_ index: ClusterIndex, key: RandomKey) -> [[Int32]] {
    var generator = key.generator
    return (0..<PrivacyEvaluation.resampleCount).map { _ in
      let clusters = generator.clusterWeights(count: index.count)
      return index.ofItem.map { clusters[$0] }
    }
  }
}

/// What one attack found, and what it would find in every resample.
struct AttackRun: Sendable {
  let evaluation: AttackEvaluation
  /// Of all items, then of every group: one a resample.
  let replicates: [[AttackedGroup.Reading]]

  init(_ attack: Attack, setting: AttackSetting) throws(PrivacyError) {
    let scores = try setting.readings.scores(of: attack)
    let fleet = setting.fleet
    let limits = AttackMeasures.limits
    let all = AttackedGroup(scores: scores, masks: setting.masks, clusters: setting.index.count)
    let groups = fleet.groups.map { AttackedGroup($0, of: all, clusters: setting.index.ofItem) }
    let swapped = AttackedGroup(scores: scores, masks: setting.shuffled, clusters: setting.index.count)
    struct Batch: Sendable {
      /// Of all items, then of every group: one a lane.
      var readings: [[AttackedGroup.Reading]]
      var control: [AttackedGroup.Reading]
    }
    let lanes = Lanes.scalarCount
    let batches = concurrentMap((setting.weights.count + lanes - 1) / lanes) { batch in
      let weights = setting.lanes(from: batch * lanes)
      let overall = all.readings(weights: weights, limits: limits)
      let parts = groups.map {
        $0.readings(weights: $0.weights(weights), limits: limits, thresholds: overall.thresholds).readings
      }
      return Batch(
        readings: [overall.readings] + parts, control: swapped.readings(weights: weights, limits: []).readings)
    }
    let count = setting.weights.count
    replicates = (0...groups.count).map { number in
      Array(batches.flatMap { $0.readings[number] }.prefix(count))
    }
    let controls = batches.flatMap { $0.control.map(\.areaUnderCurve) }.prefix(count)
    let overall = AttackMeasures(
      all, thresholds: [], globalNonMembers: 0, replicates: replicates[0], intervals: setting.intervals)
    let thresholds = all.thresholds(limits: limits)
    let measures = zip(groups, replicates.dropFirst()).map {
      AttackMeasures(
        $0, thresholds: thresholds, globalNonMembers: overall.fewestNonMembers, replicates: $1,
        intervals: setting.intervals)
    }
    let rankings = zip(all.targets, setting.masks).map { FlatRanking($0, membership: $1) }
    let disparities = setting.permutations.flatMap { column, numbers, test in
      test.disparities(
        rankings, measures: numbers.map { measures[$0] }, key: setting.key["disparity"][attack.text][column])
    }
    evaluation = AttackEvaluation(
      attack: attack, overall: overall, groups: measures, disparities: disparities,
      control: swapped.areaUnderCurve(replicates: Array(controls), intervals: setting.intervals),
      exposedItems: ExposureRanking.items(
        all, masks: setting.masks, fleet: fleet,
        limits: limits.filter { overall.value(.truePositiveRate(limit: $0)) != nil }))
  }
}
