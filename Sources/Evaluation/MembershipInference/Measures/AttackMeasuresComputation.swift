import Metrics
import Statistics

extension AttackMeasures {
  /// The limits of the false positive rate that are reported, ascending.
  package static let limits = [0.001, 0.01, 0.1]

  /// The measures of one group.
  ///
  /// - Parameters:
  ///   - thresholds: The global thresholds of every target; empty for all items.
  ///   - globalNonMembers: The fewest non-members among all items that a target has.
  ///   - replicates: The readings of every bootstrap resample.
  init(
    _ attacked: AttackedGroup, thresholds: [[Int32]], globalNonMembers: Int,
    replicates: [AttackedGroup.Reading], intervals: AttackIntervals
  ) {
    let ones = attacked.ones
    group = attacked.name
    n = attacked.n
    clusters = attacked.clusters
    let totals = attacked.targets.map { $0.totals(weights: ones) }
    let fewest = totals.map(\.nonMembers).min() ?? 0
    let fewestMembers = totals.map(\.members).min() ?? 0
    fewestNonMembers = fewest
    guard fewest > 0, fewestMembers > 0 else {
      let reason = "a target has no \(fewest == 0 ? "non-members" : "members") here"
      areaUnderCurve = .undefined(reason: reason, n: n)
      operatingPoints = Self.limits.reversed().flatMap { limit in
        (thresholds.isEmpty ? [ThresholdSource.own] : [.own, .global]).map {
          OperatingPoint(
            falsePositiveRateLimit: limit, threshold: $0,
            truePositiveRate: .undefined(reason: reason, n: attacked.n))
        }
      }
      curve = []
      return
    }
    areaUnderCurve = attacked.areaUnderCurve(replicates: replicates.map(\.areaUnderCurve), intervals: intervals)
    curve = attacked.curve(weights: ones, fewestNonMembers: fewest)
    var points: [OperatingPoint] = []
    for (index, limit) in Self.limits.enumerated().reversed() {
      let own = attacked.targets.map { $0.walk(weights: ones, limits: [limit]).points[0] }
      points.append(
        OperatingPoint(
          falsePositiveRateLimit: limit, threshold: .own,
          truePositiveRate: attacked.rate(
            own, totals: totals, limit: limit, nonMembers: fewest, replicates: replicates.map { $0.ownRates[index] },
            intervals: intervals)))
      guard !thresholds.isEmpty else { continue }
      let global = zip(attacked.targets, thresholds).map { $0.points(atRanks: [$1[index]], weights: ones)[0] }
      points.append(
        OperatingPoint(
          falsePositiveRateLimit: limit, threshold: .global,
          truePositiveRate: attacked.rate(
            global, totals: totals, limit: limit, nonMembers: globalNonMembers,
            replicates: replicates.map { $0.globalRates[index] }, intervals: intervals)))
    }
    operatingPoints = points
  }
}

extension AttackedGroup {
  /// The area under the curve with its interval; undefined when a target has no members or no non-members.
  func areaUnderCurve(replicates: [Double], intervals: AttackIntervals) -> Measured<Estimate> {
    for target in targets {
      let totals = target.totals(weights: ones)
      guard totals.members > 0, totals.nonMembers > 0 else {
        return .undefined(reason: "a target has no \(totals.members == 0 ? "members" : "non-members") here", n: n)
      }
    }
    let area = reading(weights: ones, limits: []).areaUnderCurve
    let interval = intervals.share(area, replicates: replicates, clusters: clusters)
    return .value(Estimate(value: area, interval: interval))
  }

  /// The rate at one threshold a target, or why `nonMembers` are too few for the limit.
  fileprivate func rate(
    _ points: [RankedTarget.Point], totals: [(members: Int, nonMembers: Int)], limit: Double, nonMembers: Int,
    replicates: [Double], intervals: AttackIntervals
  ) -> Measured<AttackRate> {
    let needed = Int((1 / limit).rounded())
    guard nonMembers >= needed else {
      return .undefined(
        reason: "\(nonMembers) non-members; \(needed) are needed before one false positive is within the limit",
        n: nonMembers)
    }
    var truePositiveRate = 0.0
    var falsePositiveRate = 0.0
    for (point, total) in zip(points, totals) {
      truePositiveRate += Double(point.truePositives) / Double(total.members)
      falsePositiveRate += Double(point.falsePositives) / Double(total.nonMembers)
    }
    let value = truePositiveRate / Double(points.count)
    let interval = intervals.share(value, replicates: replicates, clusters: clusters)
    return .value(
      AttackRate(
        value: value, interval: interval.value ?? Interval(lower: 0, upper: 1),
        attainedFalsePositiveRate: falsePositiveRate / Double(points.count),
        truePositives: points.reduce(0) { $0 + $1.truePositives },
        members: totals.reduce(0) { $0 + $1.members },
        falsePositives: points.reduce(0) { $0 + $1.falsePositives },
        nonMembers: totals.reduce(0) { $0 + $1.nonMembers }))
  }
}
