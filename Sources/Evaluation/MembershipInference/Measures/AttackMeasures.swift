import Metrics
import Statistics

/// A figure of an attack that groups or arms are compared by.
package enum AttackMeasure: Hashable, Sendable {
  case areaUnderCurve
  /// At a limit of the false positive rate among `AttackMeasures.limits`, with the group's own threshold.
  case truePositiveRate(limit: Double)

  /// The name in files: `area_under_curve`, `true_positive_rate_at_0.01`.
  package var name: String {
    switch self {
    case .areaUnderCurve: "area_under_curve"
    case .truePositiveRate(let limit): "true_positive_rate_at_\(limit)"
    }
  }
}

/// Written as its name.
extension AttackMeasure: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let name = try container.decode(String.self)
    let limits = AttackMeasures.limits.map { AttackMeasure.truePositiveRate(limit: $0) }
    guard let measure = ([.areaUnderCurve] + limits).first(where: { $0.name == name }) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "there is no measure \(name)")
    }
    self = measure
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}

extension AttackMeasures {
  /// The limits of the false positive rate that are reported, ascending.
  package static let limits = [0.001, 0.01, 0.1]

  /// The measures of one group.
  ///
  /// - Parameters:
  ///   - thresholds: The global thresholds of every target; empty for all items.
  ///   - globalNonMembers: The fewest non-members among all items that a target has.
  ///   - replicates: The readings of every bootstrap resample, and with models left out.
  init(
    _ attacked: AttackedGroup, thresholds: [[Int32]], globalNonMembers: Int,
    replicates: AttackReplicates, intervals: AttackIntervals
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
    areaUnderCurve = attacked.areaUnderCurve(replicates: replicates.figure(\.areaUnderCurve), intervals: intervals)
    curve = attacked.curve(weights: ones, fewestNonMembers: fewest)
    var points: [OperatingPoint] = []
    for (index, limit) in Self.limits.enumerated().reversed() {
      let own = attacked.targets.map { $0.walk(weights: ones, limits: [limit]).points[0] }
      points.append(
        OperatingPoint(
          falsePositiveRateLimit: limit, threshold: .own,
          truePositiveRate: attacked.rate(
            own, totals: totals, limit: limit, nonMembers: fewest, replicates: replicates.figure { $0.ownRates[index] },
            intervals: intervals)))
      guard !thresholds.isEmpty else { continue }
      let global = zip(attacked.targets, thresholds).map { $0.points(atRanks: [$1[index]], weights: ones)[0] }
      points.append(
        OperatingPoint(
          falsePositiveRateLimit: limit, threshold: .global,
          truePositiveRate: attacked.rate(
            global, totals: totals, limit: limit, nonMembers: globalNonMembers,
            replicates: replicates.figure { $0.globalRates[index] }, intervals: intervals)))
    }
    operatingPoints = points
  }
}

extension AttackedGroup {
  /// The area under the curve with its interval; undefined when a target has no members or no non-members.
  func areaUnderCurve(replicates: FigureReplicates, intervals: AttackIntervals) -> Measured<Estimate> {
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
    replicates: FigureReplicates, intervals: AttackIntervals
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
    members = group.items
    n = group.items.count
    self.clusters = ClusterIndex(group.items.map { clusters[$0] }).count
    var positions = [Int32](repeating: -1, count: clusters.count)
    for (position, item) in group.items.enumerated() { positions[item] = Int32(position) }
    let known = positions
    targets = concurrentMap(all.targets.count) { all.targets[$0].restricted(to: group.items, positions: known) }
  }

  /// The weights of its own items among those of all.
  func weights(_ all: [Int32]) -> [Int32] { members.map { $0.map { all[$0] } } ?? all }

  /// The same for eight sets of weights at once.
  func weights(_ all: [Lanes]) -> [Lanes] { members.map { $0.map { all[$0] } } ?? all }

  /// A weight of 1 for each of its items.
  var ones: [Int32] { Array(repeating: 1, count: n) }

  /// The figures under one set of weights, averaged over the targets that have members and non-members.
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

  /// One reading for each of eight sets of weights, and their thresholds, `[target][limit][lane]`.
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

/// Intervals of averages over targets: resampled clusters, widened by what models vary by.
struct AttackIntervals: Sendable {
  /// The tail probability beyond each bound: .025 at 95 %.
  let tail: Double

  /// Fewer replicates beyond a bound say too little about where it is.
  private static let fewestBeyond = 5.0

  /// - Throws: `PrivacyError.confidenceOutsideRange`.
  init(confidence: Double) throws(PrivacyError) {
    guard confidence > 0.5, confidence < 1 else { throw .confidenceOutsideRange(confidence) }
    tail = Interval.tail(confidence: confidence)
  }

  /// The interval of a share. Replicates that never vary (nothing found, everything found) show nothing of what could
  /// have been; then the exact interval is added, as if half the clusters were members and seen once.
  func share(_ value: Double, replicates: FigureReplicates, clusters: Int) -> Measured<Interval> {
    resampled(value, replicates: replicates, clusters: clusters).map { resampled in
      guard resampled.width <= 1e-12 || value <= 0 || value >= 1 else {
        return Interval(lower: max(0, resampled.lower), upper: min(1, resampled.upper))
      }
      let observations = max(1, clusters / 2)
      let successes = Int((value * Double(observations)).rounded())
      return resampled.hull(.clopperPearson(successes: successes, n: observations, tail: tail))
    }
  }

  /// The interval of a difference of shares. Replicates that never vary leave room for what that many clusters can
  /// miss.
  func difference(_ value: Double, replicates: FigureReplicates, clusters: Int) -> Measured<Interval> {
    resampled(value, replicates: replicates, clusters: clusters).map { resampled in
      guard resampled.width <= 1e-12 else {
        return Interval(lower: max(-1, resampled.lower), upper: min(1, resampled.upper))
      }
      let missed = Interval.clopperPearson(successes: 0, n: max(1, clusters / 2), tail: tail).upper
      return Interval(lower: max(-1, value - missed), upper: min(1, value + missed))
    }
  }

  /// The expanded percentile interval; where replicates are too few for its tails, as far as Student's t reaches with
  /// their standard deviation, if that is farther. Both as much wider as models make the variance larger.
  private func resampled(_ value: Double, replicates: FigureReplicates, clusters: Int) -> Measured<Interval> {
    Replicates(replicates.resampled.map { $0.isNaN ? nil : $0 }, clusters: clusters)
      .defined(.atMostHalf(otherwise: "most resamples have no members or no non-members"), n: clusters)
      .map { known in
        let variance = AttackVariance(replicates, clusters: clusters)
        let percentile = Interval.expandedPercentile(known, clusters: clusters, tail: tail)
        guard tail * Double(known.count) < Self.fewestBeyond else {
          return variance.widened(percentile, about: value, tail: tail)
        }
        let reach = StudentT.quantile(1 - tail, degreesOfFreedom: Double(clusters - 1)) * Self.deviation(known)
        let hull = percentile.hull(Interval(lower: value - reach, upper: value + reach))
        return variance.widened(hull, about: value, tail: tail)
      }
  }

  /// The standard deviation of replicates: the standard error of what they are replicates of.
  static func deviation(_ values: [Double]) -> Double {
    guard values.count > 1 else { return 0 }
    let mean = values.reduce(0, +) / Double(values.count)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
  }
}
