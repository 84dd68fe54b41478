/// The items of a group in the order in which an attack on one target suspects them, most suspect first.
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
  /// The same in the order of the items.
  private let memberMasks: [Int32]

  /// What a walk down the ranking finds.
  struct Walk {
    var members = 0
    var nonMembers = 0
    /// Undefined (not a number) without members or without non-members.
    var areaUnderCurve = Double.nan
    /// For each limit of the false positive rate, the point with the largest attainable rate not above it.
    var points: [Point] = []
  }

  /// A threshold, as the last rank above it, and what lies above.
  struct Point {
    var rank: Int32 = -1
    var truePositives = 0
    var falsePositives = 0
  }

  /// All items.
  init(scores: [Double], membership: [Bool]) {
    let order = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
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
    memberMasks = membership.map { $0 ? -1 : 0 }
  }

  private init(entries: [Entry], memberMasks: [Int32]) {
    (self.entries, self.memberMasks) = (entries, memberMasks)
  }

  /// The items at some positions, which take the numbers of their places there.
  ///
  /// - Parameter places: For every item its place in the group, or −1.
  func restricted(to members: [Int], places: [Int32]) -> RankedTarget {
    var kept: [Entry] = []
    kept.reserveCapacity(members.count)
    for var entry in entries where places[Int(entry.item)] >= 0 {
      entry.item = places[Int(entry.item)]
      kept.append(entry)
    }
    for position in kept.indices {
      kept[position].endsTie = position == kept.count - 1 || kept[position + 1].rank != kept[position].rank
    }
    return RankedTarget(entries: kept, memberMasks: members.map { memberMasks[$0] })
  }

  /// Members and non-members counted with their weights.
  func totals(weights: [Int32]) -> (members: Int, nonMembers: Int) {
    var members = 0
    var all = 0
    for (weight, mask) in zip(weights, memberMasks) {
      all += Int(weight)
      members += Int(weight & mask)
    }
    return (members, all - members)
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
      entries: entries, memberFactors: memberMasks.map { $0 == 0 ? 0 : 1 }, weights: weights, limits: limits,
      thresholds: thresholds)
  }

  /// What lies at or above each rank.
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
