import Fairness

/// Which runs of two arms stand beside each other.
struct SeedPairs {
  private let pairs: [(arm: Int, reference: Int)]

  /// - Parameters:
  ///   - arm: The seeds of the arm's runs, one that is nil where no seed changes it; the same ones as the reference's.
  init(arm: [Int?], reference: [Int?]) {
    let seeds = arm.contains(nil) ? reference : arm
    func place(of seed: Int?, among seeds: [Int?]) -> Int? {
      seeds.firstIndex { $0 == seed || $0 == nil } ?? (seed == nil ? seeds.indices.first : nil)
    }
    pairs = seeds.compactMap { seed in
      guard let own = place(of: seed, among: arm), let other = place(of: seed, among: reference) else { return nil }
      return (own, other)
    }
  }

  /// The differences of values by run.
  func spread(_ arm: [Double], _ reference: [Double], tail: Double) -> SeedSpread {
    SeedSpread(
      values: pairs.compactMap { pair in
        arm.indices.contains(pair.arm) && reference.indices.contains(pair.reference)
          ? arm[pair.arm] - reference[pair.reference] : nil
      }, tail: tail)
  }

  /// Checks that both arms are there and have the same seeds, unless no seed changes one of them.
  static func validate(_ comparisons: [ArmComparison], arms: [ArmScores]) throws(ChoiceError) {
    for comparison in comparisons {
      let seeds = try [comparison.arm, comparison.reference].map { name throws(ChoiceError) in
        guard let arm = arms.first(where: { $0.arm == name }) else {
          throw .unknownArm(name, known: arms.map(\.arm))
        }
        return arm.runs.map(\.seed)
      }
      let known = seeds.map { $0.compactMap(\.self).sorted() }
      guard known[0] == known[1] || seeds[0].contains(nil) || seeds[1].contains(nil) else {
        throw .unequalSeeds(
          arm: comparison.arm, seeds: known[0], reference: comparison.reference, referenceSeeds: known[1])
      }
    }
  }
}
