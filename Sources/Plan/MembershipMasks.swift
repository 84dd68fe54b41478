internal import RandomNumbers

/// Which items of the pool each model of a fleet is trained on.
///
/// Models 2k and 2k + 1 are complements: every item is a member of exactly half of the models, and units stay whole.
package struct MembershipMasks: Sendable, Equatable {
  /// The audited items, ascending.
  package let pool: [Int]
  /// For each model, for each item of the pool, whether it is a member.
  package let masks: [[Bool]]

  /// - Parameters:
  ///   - candidates: the items that may be audited, ascending.
  ///   - size: about how many of them; units are taken whole until it is reached.
  init(models: Int, size: Int, candidates: [Int], units: Units, key: RandomKey) throws(PlanError) {
    let unitOfItem = units.unitOfItem
    var unitsHere: [Int] = []
    var seen: Set<Int> = []
    for item in candidates where seen.insert(unitOfItem[item]).inserted { unitsHere.append(unitOfItem[item]) }
    var chosen: [Int] = []
    var count = 0
    for position in key["pool"].permutation(count: unitsHere.count) where count < size {
      chosen.append(unitsHere[position])
      count += units.members[unitsHere[position]].count
    }
    guard chosen.count >= 4 else {
      throw PlanError(
        description: "membership inference needs at least 4 clusters of items in the train split, found \(chosen.count)"
      )
    }
    chosen.sort()
    let pool = chosen.flatMap { units.members[$0] }.sorted()
    var positionOfItem: [Int: Int] = [:]
    for (position, item) in pool.enumerated() { positionOfItem[item] = position }

    var masks: [[Bool]] = []
    for pair in 0..<models / 2 {
      var mask = Array(repeating: false, count: pool.count)
      var sides = (inside: 0, outside: 0)
      for position in key["mask"][pair].permutation(count: chosen.count) {
        let unit = units.members[chosen[position]]
        // The smaller side takes the next unit, so that both members of a pair train on as much data.
        if sides.inside <= sides.outside {
          sides.inside += unit.count
          for item in unit { if let index = positionOfItem[item] { mask[index] = true } }
        } else {
          sides.outside += unit.count
        }
      }
      masks.append(mask)
      masks.append(mask.map { !$0 })
    }
    self.pool = pool
    self.masks = masks
  }
}
