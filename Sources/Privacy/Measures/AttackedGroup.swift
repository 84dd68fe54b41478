import Fairness

/// One group (or all items) as an attack ranks it, a ranking for each target.
struct AttackedGroup {
  /// `nil` for all items.
  let name: GroupName?
  let n: Int
  let clusters: Int
  let targets: [RankedTarget]

  /// What one set of weights gives, averaged over the targets that have members and non-members.
  struct Reading {
    var areaUnderCurve = Double.nan
    /// The true positive rate at each limit with the group's own threshold.
    var ownRates: [Double] = []
    /// The same with the global threshold.
    var globalRates: [Double] = []
    /// The rank of the group's own threshold at each limit, a list for each target.
    var thresholds: [[Int32]] = []
  }

  /// - Parameter thresholds: For each target the ranks of the global thresholds, one a limit; empty for all items.
  func reading(weights: [Int32], limits: [Double], thresholds: [[Int32]]) -> Reading {
    var reading = Reading(
      areaUnderCurve: 0, ownRates: Array(repeating: 0, count: limits.count),
      globalRates: Array(repeating: 0, count: thresholds.first?.count ?? 0))
    var count = 0.0
    for (number, target) in targets.enumerated() {
      let walk = target.walk(weights: weights, limits: limits)
      reading.thresholds.append(walk.points.map(\.rank))
      guard walk.members > 0, walk.nonMembers > 0 else { continue }
      count += 1
      reading.areaUnderCurve += walk.areaUnderCurve
      for (limit, point) in walk.points.enumerated() {
        reading.ownRates[limit] += Double(point.truePositives) / Double(walk.members)
      }
      guard !thresholds.isEmpty else { continue }
      for (limit, point) in target.points(atRanks: thresholds[number], weights: weights).enumerated() {
        reading.globalRates[limit] += Double(point.truePositives) / Double(walk.members)
      }
    }
    reading.areaUnderCurve /= count
    reading.ownRates = reading.ownRates.map { $0 / count }
    reading.globalRates = reading.globalRates.map { $0 / count }
    return reading
  }
}
