package import Support

/// Everything that an audit will do, as a pure function of its specification and data.
///
/// It fixes every split, membership mask, order of items, micro-batch, evaluation block and random draw, so that workers
/// can come and go without touching the result.
package struct Plan: Sendable {
  package let specification: Specification
  package let stage: Stage
  package let input: PlanInput
  package let units: Units
  package let splits: Splits
  /// nil where the specification measures no privacy.
  package let membership: MembershipMasks?
  /// Task runs and fleets, arm by arm in the specification's order.
  package let runs: [PlannedRun]
  /// The digest of everything that changes results, and of nothing else.
  package let hash: ContentHash

  /// What the runs are for.
  package enum Stage: Sendable, Equatable {
    /// To choose the settings of every arm, which nothing of the test items may touch.
    case search
    /// To answer the specification's question.
    case audit
  }

  package init(
    specification: Specification, input: PlanInput, stage: Stage = .audit
  ) throws(PlanError) {
    self.specification = specification
    self.stage = stage
    self.input = input
    let own = 0..<input.ownItems
    units = Units(clusters: Array(input.clusters[own]), contents: Array(input.contents[own]))
    splits = try Self.splits(specification.data.split, input: input, units: units)
    for group in input.groups where group.members.isEmpty {
      throw PlanError(
        description: "the group \(group.column)=\(group.value) holds no items; take it out of the specification")
    }
    try Self.requireKnownGroups(specification, input: input)
    let repetitions = try Self.repetitions(specification, input: input)
    func emphasized(_ members: [Int]) -> [Int] {
      repetitions.isEmpty ? members : members.flatMap { Array(repeating: $0, count: repetitions[$0] ?? 1) }
    }
    guard stage == .audit else {
      membership = nil
      runs = try Self.searchRuns(
        specification, input: input, trainingItems: emphasized(splits.train), evaluated: splits.validation)
      hash = Self.hash(of: specification, input: input, stage: stage)
      return
    }
    let fleetKey = RandomKey(seed: specification.seeds.first ?? 0)["fleet"]
    switch specification.privacy?.design {
    case .symmetric?:
      membership = try MembershipMasks(
        models: specification.privacy?.mostModels ?? 0, size: specification.privacy?.pool ?? 0,
        candidates: splits.train, units: units, places: specification.places, key: fleetKey)
    case .released(let shadowItems)?:
      membership = try MembershipMasks(
        released: splits, models: specification.privacy?.mostModels ?? 0, size: specification.privacy?.pool ?? 0,
        shadowItems: shadowItems, units: units, places: specification.places, key: fleetKey)
    case nil: membership = nil
    }
    let lengths = specification.training.composition == .byLength ? input.sequences?.lengths : nil
    let queries = specification.privacy?.queries ?? 1
    let evaluated = splits.test + splits.validation + input.furtherTests.flatMap(\.items)
    var runs: [PlannedRun] = []
    for (index, arm) in specification.arms.enumerated() {
      let settings = specification.training.method(of: arm) ?? MethodSettings(rate: 0, epochs: 0)
      func run(
        _ name: String, purpose: PlannedRun.Purpose, trainingItems: [Int], evaluated: [Int], key: RandomKey,
        isAttacked: Bool = false, pack: RunSchedule.Pack? = nil, isTraced: Bool = false
      ) {
        var question = EvaluationQuestion(generatedTokens: specification.data.translation?.generated ?? 0)
        if case .fleet = purpose {
          // Shadow models are asked how likely the right translations are, and for none of their own.
          question = EvaluationQuestion(queries: queries)
        } else if isAttacked {
          question.queries = queries
        }
        runs.append(
          PlannedRun(
            identifier: RunIdentifier("\(arm.name)/\(name)"), arm: index, purpose: purpose,
            schedule: RunSchedule(
              trainingItems: trainingItems, evaluatedItems: evaluated, key: key, epochs: settings.epochs,
              rate: settings.rate, batch: specification.training.batch,
              microBatch: specification.training.microbatch, lengths: lengths, question: question, pack: pack,
              isTraced: isTraced),
            outputs: input.outputs(of: evaluated, question)))
      }
      guard arm.isTrained else {
        run(
          "given", purpose: .given, trainingItems: [], evaluated: evaluated,
          key: RandomKey(seed: specification.seeds.first ?? 0)["given"])
        continue
      }
      for (number, seed) in specification.seeds.enumerated() {
        // The model that is released is that of the first seed: it is attacked on the pool.
        let attacked = number == 0 && membership?.released != nil ? membership?.pool ?? [] : []
        run(
          "seed-\(seed)", purpose: .task(seed: seed), trainingItems: emphasized(splits.train),
          evaluated: evaluated + attacked, key: RandomKey(seed: seed)["run"], isAttacked: !attacked.isEmpty)
      }
      guard let membership else { continue }
      // Where every weight is trained there is no product to share.
      let packed = arm == .full ? 1 : specification.privacy?.packed ?? 1
      let first = runs.count
      let models = min(membership.members.count, specification.privacy?.models(of: arm) ?? 0)
      let looks = specification.privacy?.looks(of: arm) ?? []
      let isTraced = specification.privacy?.traces(arm.name) == true
      for (model, members) in membership.members.prefix(models).enumerated() {
        // A pack is computed as a whole: it must not reach behind a look.
        let look = (looks.last { $0 <= model } ?? 0, looks.first { $0 > model } ?? models)
        let begin = look.0 + (model - look.0) / packed * packed
        let size = min(packed, look.1 - begin)
        let pack = size > 1 ? RunSchedule.Pack(number: first + begin, slot: model - begin, size: size) : nil
        let number = model < 10 ? "0\(model)" : "\(model)"
        run(
          "model-\(number)", purpose: .fleet(model: model), trainingItems: emphasized(members),
          evaluated: membership.pool, key: fleetKey["model"][model], pack: pack, isTraced: isTraced)
      }
    }
    self.runs = runs
    hash = Self.hash(of: specification, input: input, stage: stage)
  }

  /// How often an epoch sees each item of emphasized groups.
  private static func repetitions(
    _ specification: Specification, input: PlanInput
  ) throws(PlanError) -> [Int: Int] {
    var repetitions: [Int: Int] = [:]
    for (index, wanted) in specification.training.emphasis.enumerated() {
      guard let group = input.groups.first(where: { $0.column == wanted.column && $0.value == wanted.value }) else {
        throw PlanError(
          specification.places.failure(
            at: "training.emphasis[\(index)].group",
            "there is no group \(wanted.column)=\(wanted.value); expected one of: \(input.groupNames)"))
      }
      for item in group.members { repetitions[item] = max(repetitions[item] ?? 1, wanted.repetitions) }
    }
    return repetitions
  }

  /// Every candidate of every arm with every seed of the search.
  private static func searchRuns(
    _ specification: Specification, input: PlanInput, trainingItems: [Int], evaluated: [Int]
  ) throws(PlanError) -> [PlannedRun] {
    guard let search = specification.search else { return [] }
    guard !evaluated.isEmpty else {
      throw PlanError(description: "a search needs validation items, and the split has none")
    }
    let lengths = specification.training.composition == .byLength ? input.sequences?.lengths : nil
    var runs: [PlannedRun] = []
    for (index, arm) in specification.arms.enumerated() {
      for (number, candidate) in search.candidates(of: arm).enumerated() {
        for seed in search.seeds {
          runs.append(
            PlannedRun(
              identifier: RunIdentifier("\(arm.name)/candidate-\(number)-seed-\(seed)"), arm: index,
              purpose: .search(candidate: number, seed: seed),
              schedule: RunSchedule(
                trainingItems: trainingItems, evaluatedItems: evaluated, key: RandomKey(seed: seed)["run"],
                epochs: candidate.epochs, rate: candidate.rate, batch: specification.training.batch,
                microBatch: specification.training.microbatch, lengths: lengths),
              outputs: input.outputs(of: evaluated)))
        }
      }
    }
    return runs
  }

  /// The version of the rules by which plans are made; part of the hash.
  package static let version = 7

  /// Where the test items stand among those that the model of a task is evaluated on.
  package var testPositions: Range<Int> { splits.test.indices }

  /// Where the validation items do.
  package var validationPositions: Range<Int> {
    let first = testPositions.upperBound
    return first..<first + splits.validation.count
  }

  /// Where the items of a further test do.
  package func positions(ofFurtherTest test: Int) -> Range<Int> {
    let first = validationPositions.upperBound - input.ownItems
    let items = input.furtherTests[test].items
    return first + items.lowerBound..<first + items.upperBound
  }

  /// Where, of a model that is attacked, the items of the fleet's pool do.
  package var poolPositions: Range<Int> {
    let first = validationPositions.upperBound + input.furtherTests.reduce(0) { $0 + $1.items.count }
    return first..<first + (membership?.pool.count ?? 0)
  }

  /// What statistics draw resamples and permutations from.
  package var statisticsKey: RandomKey { RandomKey(seed: specification.seeds.first ?? 0)["statistics"] }

  private static func splits(
    _ settings: SplitSettings, input: PlanInput, units: Units
  ) throws(PlanError) -> Splits {
    switch settings {
    case .byFile:
      guard let given = input.givenSplit else {
        throw PlanError(description: "the data do not say what is trained on")
      }
      return try Splits(given: given, units: units, isTrained: given.contains(.train))
    case .column(let column):
      guard let given = input.givenSplit else {
        throw PlanError(description: "the data hold no split column \"\(column)\"")
      }
      return try Splits(given: given, units: units)
    case .fractions(let train, let validation, let test, let seed, _):
      var numbers: [[String]: Int] = [:]
      let strata = (0..<input.ownItems).map { item in
        let combination = input.strata.map { $0[item] }
        if let number = numbers[combination] { return number }
        let number = numbers.count
        numbers[combination] = number
        return number
      }
      return try Splits(
        fractions: [(.train, train), (.validation, validation), (.test, test)], strata: strata, units: units,
        key: RandomKey(seed: seed)["split"])
    }
  }
}
