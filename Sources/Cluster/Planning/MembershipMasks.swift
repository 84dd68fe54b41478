internal import Support

/// Which items each shadow model is trained on. Units stay whole.
///
/// In the symmetric design models 2k and 2k + 1 are complements, so that every item of the pool is a member of exactly
/// half of the models. In the design of a released model the pool is members of the attacked model and items of the
/// test split, and no shadow model is trained on any of them.
package struct MembershipMasks: Sendable, Equatable {
  /// The audited items, ascending.
  package let pool: [Int]
  /// For each model, for each item of the pool, whether it is a member.
  package let masks: [[Bool]]
  /// The items that each model is trained on, ascending.
  package let members: [[Int]]
  /// For each item of the pool whether the released model was trained on it; nil in the symmetric design.
  package let released: [Bool]?

  /// - Parameters:
  ///   - candidates: the items that may be audited, ascending.
  ///   - size: about how many of them; units are taken whole until it is reached.
  init(
    models: Int, size: Int, candidates: [Int], units: Units, key: RandomKey
  ) throws(PlanError) {
    let unitOfItem = units.unitOfItem
    var unitsHere: [Int] = []
    var seen: Set<Int> = []
    for item in candidates where seen.insert(unitOfItem[item]).inserted { unitsHere.append(unitOfItem[item]) }
    var chosen: [Int] = []
    var count = 0
    for position in key[.pool].permutation(count: unitsHere.count) where count < size {
      chosen.append(unitsHere[position])
      count += units.members[unitsHere[position]].count
    }
    guard chosen.count >= 4 else {
      throw PlanError(
        key: "privacy",
        "membership inference needs at least 4 clusters of items in the train split, found \(chosen.count)")
    }
    chosen.sort()
    let pool = chosen.flatMap { units.members[$0] }.sorted()
    var positionOfItem: [Int: Int] = [:]
    for (position, item) in pool.enumerated() { positionOfItem[item] = position }

    var masks: [[Bool]] = []
    for pair in 0..<models / 2 {
      var mask = Array(repeating: false, count: pool.count)
      var sides = (inside: 0, outside: 0)
      for position in key[.mask][pair].permutation(count: chosen.count) {
        let unit = units.members[chosen[position]]
        // The smaller side takes the next unit, so that both models of a pair train on as much data.
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
    members = masks.map { mask in zip(pool, mask).compactMap { $1 ? $0 : nil } }
    released = nil
  }

  /// Shadow models of a released model.
  ///
  /// - Parameters:
  ///   - size: about how many items are audited, half of them members.
  ///   - shadowItems: the number of items a shadow model is trained on; by default the released model's.
  /// - Throws: `PlanError` if the data do not suffice, with what would.
  init(
    released splits: Splits, models: Int, size: Int, shadowItems: Int?, units: Units,
    key: RandomKey
  ) throws(PlanError) {
    func audited(_ candidates: [Int], _ key: RandomKey) -> [Int] {
      Self.draw(size / 2, of: Self.units(of: candidates, units), units, key: key)
    }
    let members = audited(splits.train, key[.auditedMembers])
    let others = audited(splits.test, key[.auditedOthers])
    guard !members.isEmpty, !others.isEmpty else {
      throw PlanError(
        key: "privacy.pool",
        "the released design needs clusters of at most \(size / 2) items in the train and the test split; raise it")
    }
    let pool = (members + others).sorted()
    let auditedItems = Set(pool)
    let candidates = (splits.train + splits.validation + splits.test).filter { !auditedItems.contains($0) }.sorted()
    let wanted = shadowItems ?? splits.train.count
    guard wanted <= splits.train.count else {
      throw PlanError(
        key: "privacy.shadow_items",
        "the released model is trained on \(splits.train.count) items; expected at most as many, found \(wanted): "
          + "on more, shadow models learn every item less well than the model that they represent")
    }
    guard candidates.count >= wanted else {
      throw PlanError(
        key: shadowItems == nil ? "privacy.design" : "privacy.shadow_items",
        "the released model is trained on \(splits.train.count) items, and \(candidates.count) are left for "
          + "a shadow model that must not see the \(pool.count) audited ones; lower privacy.pool to "
          + "\(max(0, candidates.count + pool.count - splits.train.count)) or less, or the train split, "
          + "or name the deviation: privacy.shadow_items: \(candidates.count)")
    }
    let isMember = Set(members)
    self.pool = pool
    released = pool.map(isMember.contains)
    masks = (0..<models).map { _ in pool.map { _ in false } }
    self.members = (0..<models).map {
      Self.draw(wanted, of: Self.units(of: candidates, units), units, key: key[.shadow][$0])
    }
  }

  /// The units that some items are of, in the items' order.
  private static func units(of items: [Int], _ units: Units) -> [Int] {
    let unitOfItem = units.unitOfItem
    var seen: Set<Int> = []
    return items.map { unitOfItem[$0] }.filter { seen.insert($0).inserted }
  }

  /// Units in a drawn order, as long as they fit into `count` items; their items, ascending.
  private static func draw(_ count: Int, of here: [Int], _ units: Units, key: RandomKey) -> [Int] {
    var items: [Int] = []
    for position in key.permutation(count: here.count) {
      let unit = units.members[here[position]]
      if items.count + unit.count <= count { items += unit }
    }
    return items.sorted()
  }
}
