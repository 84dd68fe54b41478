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
    entries: [RankedTarget.Entry], memberFactors: [Double], weights: [Lanes], limits: [Double], thresholds: [[Int32]]
  ) {
    truePositives = Array(repeating: Lanes(), count: limits.count)
    ranks = Array(repeating: Array(repeating: -1, count: Lanes.scalarCount), count: limits.count)
    globalTruePositives = Array(repeating: Lanes(), count: thresholds.count)
    var total = Lanes()
    for (weight, factor) in zip(weights, memberFactors) {
      total += weight
      members += weight * factor
    }
    nonMembers = total - members
    let walked = entries.withUnsafeBufferPointer { entries in
      weights.withUnsafeBufferPointer { weights in
        var state = State()
        var place = 0
        passThresholds(entries, weights, limits: limits, thresholds: thresholds, state: &state, place: &place)
        Self.finish(entries, weights, state: &state, place: place)
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
    thresholds: [[Int32]], state: inout State, place: inout Int
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
    while place < entries.count, left > 0 {
      let entry = entries[place]
      state.add(entry, weights[Int(entry.item)])
      place += 1
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
    place: Int
  ) {
    var members = state.members
    var twiceArea = state.twiceArea
    var isTied = false
    for place in place..<entries.count {
      let entry = entries[place]
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
