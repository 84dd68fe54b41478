/// The items of a group in the order in which an attack on one target suspects them, most suspect first.
///
/// Items are weighted when measured, so one sort serves every bootstrap resample. Tied items are passed in one step.
struct RankedTarget {
  private struct Entry {
    var item: Int32
    /// The rank among all items; ties share the last of theirs.
    var rank: Int32
    /// All ones for a member, otherwise zero: a branch on membership would be mispredicted every other time.
    var memberMask: Int32
    var endsTie: Bool
  }

  private let entries: [Entry]

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
  }

  private init(entries: [Entry]) { self.entries = entries }

  /// The items for which `isIncluded` is true.
  func restricted(to isIncluded: [Bool]) -> RankedTarget {
    var kept = entries.filter { isIncluded[Int($0.item)] }
    for position in kept.indices {
      kept[position].endsTie = position == kept.count - 1 || kept[position + 1].rank != kept[position].rank
    }
    return RankedTarget(entries: kept)
  }

  /// Members and non-members counted with their weights.
  func totals(weights: [Int32]) -> (members: Int, nonMembers: Int) {
    var members = 0
    var all = 0
    for entry in entries {
      let weight = weights[Int(entry.item)]
      all += Int(weight)
      members += Int(weight & entry.memberMask)
    }
    return (members, all - members)
  }

  /// The area under the curve (with mid-ranks for ties) and the points at each limit.
  ///
  /// - Parameters:
  ///   - weights: How often each of all items counts.
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
    var last = Point()
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
      while open < allowed.count, nonMembers > allowed[open] {
        walk.points[open] = last
        open += 1
      }
      last = Point(rank: entry.rank, truePositives: members, falsePositives: nonMembers)
    }
    for limit in open..<allowed.count { walk.points[limit] = last }
    if walk.members > 0, walk.nonMembers > 0 {
      walk.areaUnderCurve = Double(twiceArea) / (2 * Double(walk.members) * Double(walk.nonMembers))
    }
    return walk
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
}
