internal import Support

/// The items of each part, ascending.
package struct Splits: Sendable, Equatable {
  package var train: [Int]
  package var validation: [Int]
  package var test: [Int]

  package subscript(split: Split) -> [Int] {
    switch split {
    case .train: train
    case .validation: validation
    case .test: test
    }
  }

  /// The parts that the data itself names.
  ///
  /// - Parameter isTrained: Whether there must be something to train on.
  /// - Throws: `PlanError` if a unit is divided or a required part is empty.
  init(given: [Split], units: Units, isTrained: Bool = true) throws(PlanError) {
    for unit in units.members {
      if let first = unit.first, let other = unit.first(where: { given[$0] != given[first] }) {
        throw PlanError(
          key: "data.split",
          "items \(first + 1) and \(other + 1) of the manifest share a cluster or are equal byte for byte, "
            + "but the split column puts one into \(given[first].rawValue) and the other into \(given[other].rawValue)")
      }
    }
    train = given.indices.filter { given[$0] == .train }
    validation = given.indices.filter { given[$0] == .validation }
    test = given.indices.filter { given[$0] == .test }
    if isTrained { try requireTrainAndTest() }
  }

  /// Parts of about the given fractions, which keep units whole and divide every stratum in the same proportions.
  ///
  /// Units come in random order, larger ones first, and each goes to the part that is furthest below its share of
  /// the unit's strata (iterative stratification after Sechidis, Tsoumakas and Vlahavas 2011).
  ///
  /// - Parameter strata: the stratum of every item.
  init(
    fractions: [(split: Split, share: Double)], strata: [Int], units: Units, key: RandomKey
  ) throws(PlanError) {
    let stratumCount = (strata.max() ?? 0) + 1
    var sizes = Array(repeating: 0.0, count: stratumCount)
    for stratum in strata { sizes[stratum] += 1 }
    var missing = fractions.map { part in sizes.map { $0 * part.share } }
    let shuffled = key.permutation(count: units.members.count)
    let order = shuffled.indices.sorted {
      let (a, b) = (units.members[shuffled[$0]].count, units.members[shuffled[$1]].count)
      return a != b ? a > b : $0 < $1
    }
    var parts: [[Int]] = fractions.map { _ in [] }
    for position in order {
      let unit = units.members[shuffled[position]]
      var best = 0
      var bestNeed = -Double.infinity
      for part in fractions.indices where fractions[part].share > 0 {
        // Relative to the share, so that a small part does not starve next to a large one.
        let need = unit.reduce(0) { $0 + missing[part][strata[$1]] / sizes[strata[$1]] } / fractions[part].share
        if need > bestNeed + 1e-12 { (best, bestNeed) = (part, need) }
      }
      parts[best] += unit
      for item in unit { missing[best][strata[item]] -= 1 }
    }
    func items(_ split: Split) -> [Int] {
      fractions.firstIndex { $0.split == split }.map { parts[$0].sorted() } ?? []
    }
    (train, validation, test) = (items(.train), items(.validation), items(.test))
    try requireTrainAndTest(largest: units.members.map(\.count).max() ?? 0, of: strata.count)
  }

  /// - Parameter largest: how many items the largest unit has.
  private func requireTrainAndTest(largest: Int = 0, of count: Int = 0) throws(PlanError) {
    for (name, items) in [("train", train), ("test", test)] where items.isEmpty {
      let hanging =
        2 * largest > count
        ? "; \(largest) of the \(count) items are connected by equal clusters or equal contents, and stay on one side"
        : ""
      throw PlanError(
        key: "data.split", "the \(name) split holds no items; give it more items or a larger fraction\(hanging)")
    }
  }
}
