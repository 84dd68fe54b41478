import Statistics
import Support

/// Tests whether labels are chosen unequally often by turning them.
///
/// To a model without regard to labels it is all one which label stands where, so that its choices are as likely with the
/// labels of a question turned by any number of places. Clusters are turned as a whole: what their questions have in
/// common does not count as a preference. Turning, and not any exchange, keeps this true of cyclic orders.
struct LabelVariationComputation {
  /// What the questions of a cluster that have some number of options add: how much more often than uniformly each
  /// position is chosen.
  private struct Excess {
    let cluster: Int
    var byPosition: [Double]
  }

  private let excesses: [Excess]
  private let clusters: Int
  /// How many positions there are.
  private let width: Int
  /// Questions times runs.
  private let total: Double

  /// Turns that leave a distance equal may round differently.
  private static let tolerance = 1e-12

  /// - Parameters:
  ///   - positions: By member of the part, how often each position is chosen, summed over runs to `runs`; `nil` where it
  ///     does not count.
  init(_ positions: [[Double]?], part: ItemSubset, runs: Int) {
    struct Place: Hashable {
      var cluster: Int
      var options: Int
    }
    var places: [Place: Int] = [:]
    var excesses: [Excess] = []
    var questions = 0
    for (chosen, cluster) in zip(positions, part.clusters.ofItem) {
      guard let chosen else { continue }
      questions += 1
      let place = Place(cluster: cluster, options: chosen.count)
      let number = places[place] ?? excesses.count
      if number == excesses.count {
        places[place] = number
        excesses.append(Excess(cluster: cluster, byPosition: [Double](repeating: 0, count: chosen.count)))
      }
      let uniform = Double(runs) / Double(chosen.count)
      for (position, count) in chosen.enumerated() { excesses[number].byPosition[position] += count - uniform }
    }
    self.excesses = excesses
    clusters = part.clusters.count
    width = excesses.map(\.byPosition.count).max() ?? 0
    total = Double(max(1, questions * runs))
  }

  /// The distance, and how it stands to those of `turns` turns.
  func variation(turns: Int, key: RandomKey) -> LabelVariation {
    let value = distance { _ in 0 }
    let turned = concurrentMap(turns) { number in
      var generator = key["turn"][number].generator
      let shares = (0..<clusters).map { _ in generator.uniform() }
      return distance { shares[$0] }
    }
    let asLarge = turned.count { $0 >= value - Self.tolerance }
    return LabelVariation(
      value: value, expected: turned.reduce(0, +) / Double(max(1, turns)),
      pValue: Double(asLarge + 1) / Double(turns + 1))
  }

  /// - Parameter turn: By cluster, by what share of all positions it is turned.
  private func distance(turn: (Int) -> Double) -> Double {
    var sums = [Double](repeating: 0, count: width)
    for excess in excesses {
      let options = excess.byPosition.count
      let places = Int(turn(excess.cluster) * Double(options))
      for (position, value) in excess.byPosition.enumerated() { sums[(position + places) % options] += value }
    }
    return sums.reduce(0) { $0 + abs($1) } / (2 * total)
  }
}
