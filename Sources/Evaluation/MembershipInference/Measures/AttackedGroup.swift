import Metrics
import Statistics

/// One group (or all items) as an attack ranks it, a ranking for each target.
struct AttackedGroup: Sendable {
  /// `nil` for all items.
  let name: GroupName?
  /// The positions of its items; `nil` for all of them.
  private let members: [Int]?
  let n: Int
  let clusters: Int
  let targets: [RankedTarget]

  /// All items.
  init(scores: [[Double]], masks: [[Bool]], clusters: Int) {
    name = nil
    members = nil
    n = scores.first?.count ?? 0
    self.clusters = clusters
    targets = concurrentMap(scores.count) { RankedTarget(scores: scores[$0], membership: masks[$0]) }
  }

  /// The part of `all` that is in a group.
  init(_ group: Subgroup, of all: AttackedGroup, clusters: [Int]) {
    name = group.name
    members = group.members
    n = group.members.count
    self.clusters = ClusterIndex(group.members.map { clusters[$0] }).count
    var places = [Int32](repeating: -1, count: clusters.count)
    for (place, item) in group.members.enumerated() { places[item] = Int32(place) }
    let known = places
    targets = concurrentMap(all.targets.count) { all.targets[$0].restricted(to: group.members, places: known) }
  }

  /// The weights of its own items among those of all.
  func weights(_ all: [Int32]) -> [Int32] { members.map { $0.map { all[$0] } } ?? all }

  /// The same for eight sets of weights at once.
  func weights(_ all: [Lanes]) -> [Lanes] { members.map { $0.map { all[$0] } } ?? all }

  /// A weight of 1 for each of its items.
  var ones: [Int32] { Array(repeating: 1, count: n) }

  /// What one set of weights gives, averaged over the targets that have members and non-members.
  struct Reading: Sendable {
    var areaUnderCurve = Double.nan
    /// The true positive rate at each limit with the group's own threshold.
    var ownRates: [Double] = []
    /// The same with the global threshold.
    var globalRates: [Double] = []

    /// The figure that a comparison is about.
    func value(_ measure: AttackMeasure) -> Double {
      switch measure {
      case .areaUnderCurve: areaUnderCurve
      case .truePositiveRate(let limit): AttackMeasures.limits.firstIndex(of: limit).map { ownRates[$0] } ?? .nan
      }
    }
  }

  /// - Parameter weights: Of its own items.
  func reading(weights: [Int32], limits: [Double]) -> Reading {
    var reading = Reading(areaUnderCurve: 0, ownRates: Array(repeating: 0, count: limits.count))
    var count = 0.0
    for target in targets {
      let walk = target.walk(weights: weights, limits: limits)
      guard walk.members > 0, walk.nonMembers > 0 else { continue }
      count += 1
      reading.areaUnderCurve += walk.areaUnderCurve
      for (limit, point) in walk.points.enumerated() {
        reading.ownRates[limit] += Double(point.truePositives) / Double(walk.members)
      }
    }
    reading.areaUnderCurve /= count
    reading.ownRates = reading.ownRates.map { $0 / count }
    return reading
  }

  /// The last rank above the threshold at each limit, `[target][limit]`.
  func thresholds(limits: [Double]) -> [[Int32]] {
    targets.map { $0.walk(weights: ones, limits: limits).points.map(\.rank) }
  }

  /// One reading for each of eight sets of weights, and the thresholds behind them, `[target][limit][lane]`.
  ///
  /// - Parameters:
  ///   - weights: Of its own items.
  ///   - thresholds: The global ones, `[target][limit][lane]`; empty for all items.
  func readings(
    weights: [Lanes], limits: [Double], thresholds: [[[Int32]]] = []
  ) -> (readings: [Reading], thresholds: [[[Int32]]]) {
    var areas = Lanes()
    var own = [Lanes](repeating: Lanes(), count: limits.count)
    var global = [Lanes](repeating: Lanes(), count: thresholds.first?.count ?? 0)
    var counts = Lanes()
    var ranks: [[[Int32]]] = []
    let none = Lanes()
    for (number, target) in targets.enumerated() {
      let walk = target.walk(
        weights: weights, limits: limits, thresholds: thresholds.isEmpty ? [] : thresholds[number])
      ranks.append(walk.ranks)
      let isKnown = (walk.members .> none) .& (walk.nonMembers .> none)
      counts += none.replacing(with: 1, where: isKnown)
      areas += none.replacing(with: walk.twiceArea / (2 * walk.members * walk.nonMembers), where: isKnown)
      for limit in own.indices {
        own[limit] += none.replacing(with: walk.truePositives[limit] / walk.members, where: isKnown)
      }
      for limit in global.indices {
        global[limit] += none.replacing(with: walk.globalTruePositives[limit] / walk.members, where: isKnown)
      }
    }
    let readings = (0..<Lanes.scalarCount).map { lane in
      Reading(
        areaUnderCurve: areas[lane] / counts[lane], ownRates: own.map { $0[lane] / counts[lane] },
        globalRates: global.map { $0[lane] / counts[lane] })
    }
    return (readings, ranks)
  }
}
