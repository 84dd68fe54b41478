/// One walk down a target's ranking that measures several disjoint groups at once.
struct GroupWalk {
  /// For every group, undefined (not a number) without members or without non-members.
  private(set) var areas: [Double]
  /// `[limit][group]`: the true positive rate with the group's own threshold.
  private(set) var rates: [[Double]]

  /// What is counted of a group on the way.
  private struct Counts {
    var members = 0
    var nonMembers = 0
    var twiceArea = 0
    /// Non-members that are allowed at the first limit that is not passed.
    var allowed = Int.max
    var open = 0
    var tiedMembers = 0
    var tiedNonMembers = 0
  }

  /// - Parameters:
  ///   - groupOfItem: From 0; as many as there are groups for an item of none.
  ///   - limits: Of the false positive rate, ascending.
  init(_ target: FlatRanking, groupOfItem: [Int32], groups count: Int, limits: [Double]) {
    // Items of no group are counted as one more group, which costs less than asking.
    var allMembers = [Int](repeating: 0, count: count + 1)
    var all = allMembers
    groupOfItem.withUnsafeBufferPointer { groupOfItem in
      target.memberOfItem.withUnsafeBufferPointer { memberOfItem in
        all.withUnsafeMutableBufferPointer { all in
          allMembers.withUnsafeMutableBufferPointer { allMembers in
            for item in 0..<groupOfItem.count {
              let group = Int(groupOfItem[item])
              all[group] &+= 1
              allMembers[group] &+= Int(memberOfItem[item])
            }
          }
        }
      }
    }
    let allowed = limits.map { limit in
      // A bound that is a whole number in theory may come out a rounding error lower.
      (0...count).map { Int(limit * Double(all[$0] - allMembers[$0]) + 1e-9) }
    }
    var found = limits.map { _ in [Int](repeating: 0, count: count + 1) }
    var counts = [Counts](repeating: Counts(), count: count + 1)
    for group in 0..<count { counts[group].allowed = allowed.first?[group] ?? Int.max }
    func pass(_ group: Int, _ counts: inout Counts) {
      while counts.nonMembers > counts.allowed {
        found[counts.open][group] = counts.members
        counts.open += 1
        counts.allowed = counts.open < limits.count ? allowed[counts.open][group] : Int.max
      }
    }
    counts.withUnsafeMutableBufferPointer { counts in
      groupOfItem.withUnsafeBufferPointer { groupOfItem in
        target.entries.withUnsafeBufferPointer { entries in
          var isTied = false
          for entry in entries {
            let group = Int(groupOfItem[Int(entry.item)])
            if entry.endsTie, !isTied {
              let other = 1 &- Int(entry.isMember)
              counts[group].twiceArea &+= other &* (counts[group].members &+ counts[group].members)
              counts[group].members &+= Int(entry.isMember)
              counts[group].nonMembers &+= other
              if counts[group].nonMembers > counts[group].allowed { pass(group, &counts[group]) }
              continue
            }
            counts[group].tiedMembers += Int(entry.isMember)
            counts[group].tiedNonMembers += 1 - Int(entry.isMember)
            isTied = !entry.endsTie
            guard entry.endsTie else { continue }
            for group in 0...count {
              let (members, others) = (counts[group].tiedMembers, counts[group].tiedNonMembers)
              counts[group].twiceArea += others * (2 * counts[group].members + members)
              counts[group].nonMembers += others
              pass(group, &counts[group])
              counts[group].members += members
              (counts[group].tiedMembers, counts[group].tiedNonMembers) = (0, 0)
            }
          }
        }
      }
    }
    for group in 0..<count where counts[group].open < limits.count {
      for limit in counts[group].open..<limits.count { found[limit][group] = counts[group].members }
    }
    func isKnown(_ group: Int) -> Bool { allMembers[group] > 0 && allMembers[group] < all[group] }
    areas = (0..<count).map {
      isKnown($0)
        ? Double(counts[$0].twiceArea) / (2 * Double(allMembers[$0]) * Double(all[$0] - allMembers[$0])) : .nan
    }
    rates = found.map { found in
      (0..<count).map { isKnown($0) ? Double(found[$0]) / Double(allMembers[$0]) : .nan }
    }
  }
}

/// A target's ranking of all items, flat.
struct FlatRanking: Sendable {
  struct Entry: Sendable {
    var item: Int32
    /// 1 or 0.
    var isMember: Int8
    var endsTie: Bool
  }

  let entries: [Entry]
  /// In the order of the items, 1 or 0.
  let memberOfItem: [Int8]

  init(_ target: RankedTarget, membership: [Bool]) {
    var entries: [Entry] = []
    entries.reserveCapacity(membership.count)
    target.visit { item, isMember, _, endsTie in
      entries.append(Entry(item: Int32(item), isMember: isMember ? 1 : 0, endsTie: endsTie))
    }
    self.entries = entries
    memberOfItem = membership.map { $0 ? 1 : 0 }
  }
}
