/// One trained model's outputs for every item, in any form.
package struct ModelRun<Output: Equatable & Sendable>: Equatable, Sendable {
  /// nil for a model that no seed changes, because it was not trained here; its arm has this run alone.
  package var seed: Int?
  package var output: Output

  package init(seed: Int?, output: Output) {
    self.seed = seed
    self.output = output
  }
}

/// One arm's outputs for every item, once per seed; or once, if it has no seeds.
package struct ArmRuns<Output: Equatable & Sendable>: Equatable, Sendable {
  package var arm: String
  package var runs: [ModelRun<Output>]

  package init(arm: String, runs: [ModelRun<Output>]) {
    self.arm = arm
    self.runs = runs
  }

  /// The seeds of the runs; nil for a model that no seed changes.
  package var seeds: [Int]? {
    let seeds = runs.compactMap(\.seed)
    return seeds.count == runs.count ? seeds : nil
  }

  /// Checks that there are runs, and each seed once.
  private func validateSeeds() throws(EvaluationError) {
    guard !runs.isEmpty else { throw .noRuns(arm: arm) }
    var seen: Set<Int> = []
    for run in runs {
      if let seed = run.seed {
        guard seen.insert(seed).inserted else { throw .repeatedSeed(arm: arm, seed: seed) }
      } else if runs.count > 1 {
        throw .seedBesideFixedModel(arm: arm)
      }
    }
  }
}

extension ArmRuns {
  /// Checks that there are arms, each once and with each of its seeds once, and that comparisons are of arms that there
  /// are, each declared once and of the same seeds.
  package static func validate(_ arms: [ArmRuns], comparisons: [ArmComparison]) throws(EvaluationError) {
    guard !arms.isEmpty else { throw .noArms }
    var names: Set<String> = []
    for arm in arms {
      guard names.insert(arm.arm).inserted else { throw .repeatedArm(arm.arm) }
      try arm.validateSeeds()
    }
    var declared: Set<ArmComparison> = []
    for comparison in comparisons {
      guard declared.insert(comparison).inserted else {
        throw .repeatedComparison(arm: comparison.arm, reference: comparison.reference)
      }
      let seeds = try [comparison.arm, comparison.reference].map { name throws(EvaluationError) in
        guard let arm = arms.first(where: { $0.arm == name }) else {
          throw .unknownArm(name, known: arms.map(\.arm))
        }
        return arm.seeds?.sorted()
      }
      guard let own = seeds[0], let others = seeds[1], own != others else { continue }
      throw .unequalSeeds(arm: comparison.arm, seeds: own, reference: comparison.reference, referenceSeeds: others)
    }
  }
}

/// Which runs of the two arms of a comparison belong together.
package struct RunPairs: Sendable {
  /// Positions of the arms.
  package let arm: Int
  package let reference: Int
  /// Positions of their runs, in the order of the arm's seeds; a model without seeds is paired with each seed.
  package let pairs: [(arm: Int, reference: Int)]

  /// - Parameter arms: Validated with the comparison.
  package init?<Output>(_ comparison: ArmComparison, arms: [ArmRuns<Output>]) {
    guard let arm = arms.firstIndex(where: { $0.arm == comparison.arm }),
      let reference = arms.firstIndex(where: { $0.arm == comparison.reference })
    else { return nil }
    (self.arm, self.reference) = (arm, reference)
    let (own, others) = (arms[arm], arms[reference])
    let seeds: [Int?] = own.seeds ?? others.seeds ?? [nil]
    pairs = seeds.compactMap { seed in
      func matching(_ arm: ArmRuns<Output>) -> Int? { arm.runs.firstIndex { $0.seed == seed || $0.seed == nil } }
      guard let first = matching(own), let second = matching(others) else { return nil }
      return (first, second)
    }
  }

  /// The arm's values minus the reference's, pair by pair, without pairs in which a run has no value.
  package func differences(_ own: [Double], _ others: [Double]) -> [Double] {
    pairs.compactMap { pair in
      own.indices.contains(pair.arm) && others.indices.contains(pair.reference)
        ? own[pair.arm] - others[pair.reference] : nil
    }
  }

  /// The values of both arms' runs, pair by pair.
  package func values<Value>(_ byArm: [[Value]]) -> (arm: [Value], reference: [Value]) {
    (pairs.map { byArm[arm][$0.arm] }, pairs.map { byArm[reference][$0.reference] })
  }
}

/// One trained model's logits for every item.
package typealias RunPredictions = ModelRun<Logits>

/// One arm's logits for every item.
package typealias ArmPredictions = ArmRuns<Logits>

extension ModelRun where Output == Logits {
  package init(seed: Int?, logits: Logits) { self.init(seed: seed, output: logits) }

  package var logits: Logits {
    get { output }
    set { output = newValue }
  }
}

/// The arms' predictions for items that are only used for fitting, such as temperatures, and not reported.
package struct ValidationPredictions: Equatable, Sendable {
  /// The class of every item; at least one.
  package var labels: [Int]
  /// The runs of every arm, in the order of the evaluated ones.
  package var arms: [ArmPredictions]

  /// The groups of the evaluated items, by name, with positions among these items.
  package var groups: [Subgroup]

  package init(labels: [Int], arms: [ArmPredictions], groups: [Subgroup] = []) {
    (self.labels, self.arms, self.groups) = (labels, arms, groups)
  }
}
