import Foundation

/// The area under the receiver operating characteristic: the probability that a member scores above a non-member, ties
/// counted half (Hanley and McNeil 1982).
///
/// - Returns: `nil` without members or without non-members.
package func areaUnderCurve(scores: [Double], membership: [Bool]) -> Double? {
  let weights = [Int32](repeating: 1, count: scores.count)
  let area = RankedTarget(scores: scores, membership: membership).walk(weights: weights, limits: []).areaUnderCurve
  return area.isNaN ? nil : area
}

/// The true positive rate at the largest attainable false positive rate not above `limit`, without interpolation and
/// with ties in one step, together with that rate.
///
/// - Returns: `nil` without members or without non-members.
package func truePositiveRate(
  scores: [Double], membership: [Bool], atFalsePositiveRate limit: Double
) -> (truePositiveRate: Double, falsePositiveRate: Double)? {
  let weights = [Int32](repeating: 1, count: scores.count)
  let walk = RankedTarget(scores: scores, membership: membership).walk(weights: weights, limits: [limit])
  guard walk.members > 0, walk.nonMembers > 0, let point = walk.points.first else { return nil }
  return (
    Double(point.truePositives) / Double(walk.members), Double(point.falsePositives) / Double(walk.nonMembers)
  )
}

extension CurvePoint {
  /// The false positive rates of every curve, evenly spaced on a logarithmic axis: 20 a decade from 0.1 % to 100 %.
  static let falsePositiveRates = (0...60).map { $0 == 60 ? 1 : pow(10, Double($0 - 60) / 20) }
}

extension AttackedGroup {
  /// The true positive rate averaged over the targets at equal false positive rates (threshold averaging), from the
  /// finest rate that every target resolves.
  ///
  /// - Parameter fewestNonMembers: The fewest that a target has; there are none for a target without.
  func curve(weights: [Int32], fewestNonMembers: Int) -> [CurvePoint] {
    let rates = CurvePoint.falsePositiveRates.filter { $0 * Double(fewestNonMembers) >= 1 - 1e-9 }
    let averages = reading(weights: weights, limits: rates).ownRates
    return zip(rates, averages).filter { !$1.isNaN }.map { CurvePoint(falsePositiveRate: $0, truePositiveRate: $1) }
  }
}

/// The items of a group in the order in which an attack on one target suspects them, most suspect first. An item without
/// a score (not a number) is not in it.
///
/// Items are weighted when measured, so one sort serves every bootstrap resample. Tied items are passed in one step.
struct RankedTarget: Sendable {
  struct Entry: Sendable {
    /// The position among the group's items.
    var item: Int32
    /// The rank among all items; ties share the last of theirs.
    var rank: Int32
    /// All ones for a member, otherwise zero: a branch on membership would be mispredicted every other time.
    var memberMask: Int32
    var endsTie: Bool
  }

  private let entries: [Entry]
  /// The same in the order of the items, zero for an item without a score.
  private let memberMasks: [Int32]
  /// All ones for a non-member, otherwise zero.
  private let otherMasks: [Int32]

  /// The counts along the ranking.
  struct Walk {
    var members = 0
    var nonMembers = 0
    /// Undefined (not a number) without members or without non-members.
    var areaUnderCurve = Double.nan
    /// For each limit of the false positive rate, the point with the largest attainable rate not above it.
    var points: [Point] = []
  }

  /// A threshold, as the last rank above it, and the counts above it.
  struct Point {
    var rank: Int32 = -1
    var truePositives = 0
    var falsePositives = 0
  }

  /// All items.
  init(scores: [Double], membership: [Bool]) {
    let order = scores.indices.filter { !scores[$0].isNaN }.sorted { (scores[$1], $0) < (scores[$0], $1) }
    var entries: [Entry] = []
    entries.reserveCapacity(order.count)
    var last = Int32(order.count - 1)
    for position in order.indices.reversed() {
      let item = order[position]
      let endsTie = position == order.count - 1 || scores[order[position + 1]] != scores[item]
      if endsTie { last = Int32(position) }
      entries.append(Entry(item: Int32(item), rank: last, memberMask: membership[item] ? -1 : 0, endsTie: endsTie))
    }
    self.entries = entries.reversed()
    memberMasks = zip(membership, scores).map { $0 && !$1.isNaN ? -1 : 0 }
    otherMasks = zip(membership, scores).map { $0 || $1.isNaN ? 0 : -1 }
  }

  private init(entries: [Entry], memberMasks: [Int32], otherMasks: [Int32]) {
    (self.entries, self.memberMasks, self.otherMasks) = (entries, memberMasks, otherMasks)
  }

  /// The items of a group, renumbered by their positions in it.
  ///
  /// - Parameter positions: For every item its position in the group, or −1.
  func restricted(to members: [Int], positions: [Int32]) -> RankedTarget {
    var kept: [Entry] = []
    kept.reserveCapacity(members.count)
    for var entry in entries where positions[Int(entry.item)] >= 0 {
      entry.item = positions[Int(entry.item)]
      kept.append(entry)
    }
    for position in kept.indices {
      kept[position].endsTie = position == kept.count - 1 || kept[position + 1].rank != kept[position].rank
    }
    return RankedTarget(
      entries: kept, memberMasks: members.map { memberMasks[$0] }, otherMasks: members.map { otherMasks[$0] })
  }

  /// Members and non-members counted with their weights.
  func totals(weights: [Int32]) -> (members: Int, nonMembers: Int) {
    var members = 0
    var nonMembers = 0
    for (position, weight) in weights.enumerated() {
      members += Int(weight & memberMasks[position])
      nonMembers += Int(weight & otherMasks[position])
    }
    return (members, nonMembers)
  }

  /// The area under the curve (with mid-ranks for ties) and the points at each limit.
  ///
  /// - Parameters:
  ///   - weights: How often each item of the group counts.
  ///   - limits: Of the false positive rate, ascending.
  func walk(weights: [Int32], limits: [Double]) -> Walk {
    var walk = Walk()
    (walk.members, walk.nonMembers) = totals(weights: weights)
    // A bound that is a whole number in theory may come out a rounding error lower.
    let allowed = limits.map { Int($0 * Double(walk.nonMembers) + 1e-9) }
    walk.points = Array(repeating: Point(), count: limits.count)
    var members = 0
    var nonMembers = 0
    var tiedMembers = 0
    var tiedNonMembers = 0
    var twiceArea = 0
    var open = 0
    var nextAllowed = allowed.first ?? Int.max
    var last = Point()
    weights.withUnsafeBufferPointer { weights in
      entries.withUnsafeBufferPointer { entries in
        for entry in entries {
          let weight = weights[Int(entry.item)]
          tiedMembers += Int(weight & entry.memberMask)
          tiedNonMembers += Int(weight & ~entry.memberMask)
          guard entry.endsTie else { continue }
          twiceArea += tiedNonMembers * (2 * members + tiedMembers)
          members += tiedMembers
          nonMembers += tiedNonMembers
          (tiedMembers, tiedNonMembers) = (0, 0)
          // The last threshold within a limit is known once the next one is beyond it.
          while nonMembers > nextAllowed {
            walk.points[open] = last
            open += 1
            nextAllowed = open < allowed.count ? allowed[open] : Int.max
          }
          last = Point(rank: entry.rank, truePositives: members, falsePositives: nonMembers)
        }
      }
    }
    for limit in open..<allowed.count { walk.points[limit] = last }
    if walk.members > 0, walk.nonMembers > 0 {
      walk.areaUnderCurve = Double(twiceArea) / (2 * Double(walk.members) * Double(walk.nonMembers))
    }
    return walk
  }

  /// What eight sets of weights give at once; see `LaneWalk`.
  func walk(weights: [Lanes], limits: [Double], thresholds: [[Int32]]) -> LaneWalk {
    LaneWalk(
      entries: entries, memberFactors: memberMasks.map { $0 == 0 ? 0 : 1 },
      otherFactors: otherMasks.map { $0 == 0 ? 0 : 1 }, weights: weights, limits: limits, thresholds: thresholds)
  }

  /// The counts at or above each rank.
  ///
  /// - Parameter ranks: Ascending.
  func points(atRanks ranks: [Int32], weights: [Int32]) -> [Point] {
    var points = ranks.map { Point(rank: $0) }
    guard let deepest = ranks.last else { return points }
    for entry in entries {
      guard entry.rank <= deepest else { break }
      let weight = weights[Int(entry.item)]
      for index in points.indices where entry.rank <= ranks[index] {
        points[index].truePositives += Int(weight & entry.memberMask)
        points[index].falsePositives += Int(weight & ~entry.memberMask)
      }
    }
    return points
  }

  /// Every item from the most suspect one: its position, whether it is a member, and whether the next one is less
  /// suspect.
  func visit(_ body: (_ item: Int, _ isMember: Bool, _ rank: Int32, _ endsTie: Bool) -> Void) {
    for entry in entries { body(Int(entry.item), entry.memberMask != 0, entry.rank, entry.endsTie) }
  }
}

/// Weights or counts of eight resamples side by side. All are whole numbers below 2^53, so that sums are exact.
typealias Lanes = SIMD8<Double>

/// What one walk down a ranking finds for eight sets of weights at once: the same as `RankedTarget.walk` of each, at a
/// fraction of the cost.
struct LaneWalk {
  private(set) var members = Lanes()
  private(set) var nonMembers = Lanes()
  /// Twice the number of pairs in the right order.
  private(set) var twiceArea = Lanes()
  /// By limit of the false positive rate, with the group's own threshold.
  private(set) var truePositives: [Lanes]
  /// `[limit][lane]`: the last rank above that threshold.
  private(set) var ranks: [[Int32]]
  /// By limit, with the global threshold; empty without one.
  private(set) var globalTruePositives: [Lanes] = []

  /// - Parameters:
  ///   - weights: Of the group's items.
  ///   - limits: Of the false positive rate, ascending.
  ///   - thresholds: `[limit][lane]`: the last rank above the global threshold, ascending by limit; empty without one.
  init(
    entries: [RankedTarget.Entry], memberFactors: [Double], otherFactors: [Double], weights: [Lanes], limits: [Double],
    thresholds: [[Int32]]
  ) {
    truePositives = Array(repeating: Lanes(), count: limits.count)
    ranks = Array(repeating: Array(repeating: -1, count: Lanes.scalarCount), count: limits.count)
    globalTruePositives = Array(repeating: Lanes(), count: thresholds.count)
    for (position, weight) in weights.enumerated() {
      members += weight * memberFactors[position]
      nonMembers += weight * otherFactors[position]
    }
    let walked = entries.withUnsafeBufferPointer { entries in
      weights.withUnsafeBufferPointer { weights in
        var state = State()
        var position = 0
        passThresholds(entries, weights, limits: limits, thresholds: thresholds, state: &state, position: &position)
        Self.finish(entries, weights, state: &state, position: position)
        return state
      }
    }
    twiceArea = walked.twiceArea
  }

  private struct State {
    var members = Lanes()
    var nonMembers = Lanes()
    var tiedMembers = Lanes()
    var tiedNonMembers = Lanes()
    var twiceArea = Lanes()
    var lastRank: Int32 = -1

    @inline(__always) mutating func add(_ entry: RankedTarget.Entry, _ weight: Lanes) {
      if entry.memberMask != 0 { tiedMembers += weight } else { tiedNonMembers += weight }
    }

    @inline(__always) mutating func endTie() {
      twiceArea += tiedNonMembers * (members + members + tiedMembers)
      members += tiedMembers
      nonMembers += tiedNonMembers
      tiedMembers = Lanes()
      tiedNonMembers = Lanes()
    }
  }

  /// Walks until every threshold of every lane is passed.
  private mutating func passThresholds(
    _ entries: UnsafeBufferPointer<RankedTarget.Entry>, _ weights: UnsafeBufferPointer<Lanes>, limits: [Double],
    thresholds: [[Int32]], state: inout State, position: inout Int
  ) {
    let lanes = Lanes.scalarCount
    var open = [Int](repeating: 0, count: lanes)
    var globalOpen = open
    var left = lanes * (limits.count + thresholds.count)
    let allowed = limits.map { limit in
      // A bound that is a whole number in theory may come out a rounding error lower.
      (limit * nonMembers + 1e-9).rounded(.down)
    }
    var nextRank = thresholds.first?.min() ?? Int32.max
    while position < entries.count, left > 0 {
      let entry = entries[position]
      state.add(entry, weights[Int(entry.item)])
      position += 1
      guard entry.endsTie else { continue }
      if entry.rank > nextRank {
        nextRank = Int32.max
        for lane in 0..<lanes {
          while globalOpen[lane] < thresholds.count, entry.rank > thresholds[globalOpen[lane]][lane] {
            globalTruePositives[globalOpen[lane]][lane] = state.members[lane]
            globalOpen[lane] += 1
            left -= 1
          }
          if globalOpen[lane] < thresholds.count { nextRank = min(nextRank, thresholds[globalOpen[lane]][lane]) }
        }
      }
      let before = state.members
      state.endTie()
      for lane in 0..<lanes {
        while open[lane] < limits.count, state.nonMembers[lane] > allowed[open[lane]][lane] {
          truePositives[open[lane]][lane] = before[lane]
          ranks[open[lane]][lane] = state.lastRank
          open[lane] += 1
          left -= 1
        }
      }
      state.lastRank = entry.rank
    }
    // Whatever is still open was never passed.
    for lane in 0..<lanes where left > 0 {
      for limit in open[lane]..<max(open[lane], limits.count) {
        truePositives[limit][lane] = state.members[lane]
        ranks[limit][lane] = state.lastRank
      }
      for limit in globalOpen[lane]..<max(globalOpen[lane], thresholds.count) {
        globalTruePositives[limit][lane] = state.members[lane]
      }
    }
  }

  private static func finish(
    _ entries: UnsafeBufferPointer<RankedTarget.Entry>, _ weights: UnsafeBufferPointer<Lanes>, state: inout State,
    position: Int
  ) {
    var members = state.members
    var twiceArea = state.twiceArea
    var isTied = false
    for position in position..<entries.count {
      let entry = entries[position]
      let weight = weights[Int(entry.item)]
      if entry.endsTie, !isTied {
        if entry.memberMask != 0 { members += weight } else { twiceArea += weight * (members + members) }
        continue
      }
      state.add(entry, weight)
      isTied = !entry.endsTie
      guard entry.endsTie else { continue }
      twiceArea += state.tiedNonMembers * (members + members + state.tiedMembers)
      members += state.tiedMembers
      state.tiedMembers = Lanes()
      state.tiedNonMembers = Lanes()
    }
    state.members = members
    state.twiceArea = twiceArea
  }
}
