package import Support

/// Everything that an audit will do, as a pure function of its design and data.
///
/// It fixes every split, membership mask, order of items, micro-batch, evaluation block and random draw, so that
/// workers can come and go without touching the result.
package struct Plan: Sendable {
  package let design: StudyDesign
  package let stage: Stage
  package let input: PlanInput
  package let units: Units
  package let splits: Splits
  /// nil if membership inference is not measured.
  package let membership: MembershipMasks?
  /// Task runs and shadow models, arm by arm in the design's order.
  package let runs: [PlannedRun]
  /// The digest of everything that changes results, and of nothing else.
  package let hash: ContentHash

  /// The purpose of the runs.
  package enum Stage: Sendable, Equatable {
    /// To choose the settings of every arm, which nothing of the test items may touch.
    case search
    /// To answer the study's question.
    case audit
  }

  /// - Throws: `PlanError` if the data do not suffice for the design.
  package init(design: StudyDesign, input: PlanInput, stage: Stage = .audit) throws(PlanError) {
    self.design = design
    self.stage = stage
    self.input = input
    let own = 0..<input.ownItems
    units = Units(clusters: Array(input.clusters[own]), contents: Array(input.contents[own]))
    splits = try Self.splits(design.split, input: input, units: units)
    for group in input.groups where group.members.isEmpty {
      throw PlanError(
        key: "data.groups",
        "the group \(group.column)=\(group.value) holds no items; take it out of the specification")
    }
    let repetitions = try Self.repetitions(design, input: input)
    func oversampled(_ members: [Int]) -> [Int] {
      repetitions.isEmpty ? members : members.flatMap { Array(repeating: $0, count: repetitions[$0] ?? 1) }
    }
    guard stage == .audit else {
      membership = nil
      runs = try Self.searchRuns(
        design, input: input, trainingItems: oversampled(splits.train), evaluated: splits.validation)
      hash = Self.hash(of: design, input: input, stage: stage)
      return
    }
    let shadowModelKey = RandomKey(seed: design.firstSeed)[.shadowModels]
    switch design.shadowModels?.design {
    case .symmetric?:
      membership = try MembershipMasks(
        models: design.shadowModels?.mostModels ?? 0, size: design.shadowModels?.pool ?? 0,
        candidates: splits.train, units: units, key: shadowModelKey)
    case .released(let shadowItems)?:
      membership = try MembershipMasks(
        released: splits, models: design.shadowModels?.mostModels ?? 0, size: design.shadowModels?.pool ?? 0,
        shadowItems: shadowItems, units: units, key: shadowModelKey)
    case nil: membership = nil
    }
    let lengths = design.training.groupsByLength ? input.sequences?.lengths : nil
    let queries = design.shadowModels?.queries ?? 1
    let evaluated = splits.test + splits.validation + input.furtherTests.flatMap(\.items)
    let validated = splits.test.count..<splits.test.count + splits.validation.count
    let answers =
      design.training.recordsValidationCurve && !validated.isEmpty ? input.answers(of: splits.validation) : nil
    let validationCurve = answers == nil ? RunSchedule.EarlierEvaluations.none : .validation(items: validated)
    var runs: [PlannedRun] = []
    for (index, arm) in design.arms.enumerated() {
      let settings = design.training.method(of: arm) ?? MethodSettings(rate: 0, epochs: 0)
      func run(
        _ name: String, purpose: PlannedRun.Purpose, trainingItems: [Int], evaluated: [Int], key: RandomKey,
        isAttacked: Bool = false, pack: RunSchedule.Pack? = nil,
        earlier: RunSchedule.EarlierEvaluations = .none
      ) {
        var question = EvaluationQuestion(generatedTokens: design.maxNewTokens)
        if case .shadowModel = purpose {
          // Shadow models score the right translations and generate none of their own.
          question = EvaluationQuestion(queries: queries)
        } else if isAttacked {
          question.queries = queries
        }
        runs.append(
          PlannedRun(
            identifier: RunIdentifier("\(arm.name)/\(name)"), arm: index, purpose: purpose,
            schedule: RunSchedule(
              trainingItems: trainingItems, evaluatedItems: evaluated, key: key, epochs: settings.epochs,
              rate: settings.rate, batch: design.training.batch, microBatch: design.training.microbatch,
              lengths: lengths, question: question, pack: pack, earlierEvaluations: earlier),
            outputs: input.outputs(of: evaluated, question), validation: earlier == validationCurve ? answers : nil))
      }
      guard arm.isTrained else {
        run(
          "given", purpose: .given, trainingItems: [], evaluated: evaluated,
          key: RandomKey(seed: design.firstSeed)[.given])
        continue
      }
      for (number, seed) in design.seeds.enumerated() {
        // The released model is the one of the first seed: it is attacked on the pool.
        let attacked = number == 0 && membership?.released != nil ? membership?.pool ?? [] : []
        run(
          "seed-\(seed)", purpose: .task(seed: seed), trainingItems: oversampled(splits.train),
          evaluated: evaluated + attacked, key: RandomKey(seed: seed)[.run], isAttacked: !attacked.isEmpty,
          earlier: validationCurve)
      }
      guard let membership else { continue }
      // Where every weight is trained there is no product to share.
      let packed = arm == .full ? 1 : design.shadowModels?.packed ?? 1
      let first = runs.count
      let models = min(membership.members.count, design.shadowModels?.models(of: arm) ?? 0)
      let analyses = design.shadowModels?.analyses(of: arm) ?? []
      let isTraced = design.shadowModels?.tracedArms.contains(arm.name) == true
      for (model, members) in membership.members.prefix(models).enumerated() {
        // A pack is computed as a whole: it must not reach past an interim analysis.
        let previous = analyses.last { $0 <= model } ?? 0
        let next = analyses.first { $0 > model } ?? models
        let begin = previous + (model - previous) / packed * packed
        let size = min(packed, next - begin)
        let pack = size > 1 ? RunSchedule.Pack(number: first + begin, slot: model - begin, size: size) : nil
        let number = model < 10 ? "0\(model)" : "\(model)"
        run(
          "model-\(number)", purpose: .shadowModel(model), trainingItems: oversampled(members),
          evaluated: membership.pool,
          key: shadowModelKey[.model][model], pack: pack, earlier: isTraced ? .everyEpoch : .none)
      }
    }
    self.runs = runs
    hash = Self.hash(of: design, input: input, stage: stage)
  }

  /// How often an epoch sees each item of oversampled groups.
  private static func repetitions(
    _ design: StudyDesign, input: PlanInput
  ) throws(PlanError) -> [Int: Int] {
    var repetitions: [Int: Int] = [:]
    for (index, wanted) in design.training.oversampling.enumerated() {
      guard let group = input.groups.first(where: { $0.column == wanted.column && $0.value == wanted.value }) else {
        throw PlanError(
          key: "training.oversample[\(index)].group",
          "there is no group \(wanted.column)=\(wanted.value); expected one of: \(input.groupNames)")
      }
      for item in group.members { repetitions[item] = max(repetitions[item] ?? 1, wanted.repetitions) }
    }
    return repetitions
  }

  /// Every candidate of every arm with every seed of the search.
  private static func searchRuns(
    _ design: StudyDesign, input: PlanInput, trainingItems: [Int], evaluated: [Int]
  ) throws(PlanError) -> [PlannedRun] {
    guard let search = design.search else { return [] }
    guard !evaluated.isEmpty else {
      throw PlanError(key: "search", "a search needs validation items, and the split has none")
    }
    let lengths = design.training.groupsByLength ? input.sequences?.lengths : nil
    var runs: [PlannedRun] = []
    for (index, arm) in design.arms.enumerated() {
      for (number, candidate) in search.candidates(of: arm).enumerated() {
        for seed in search.seeds {
          runs.append(
            PlannedRun(
              identifier: RunIdentifier("\(arm.name)/candidate-\(number)-seed-\(seed)"), arm: index,
              purpose: .search(candidate: number, seed: seed),
              schedule: RunSchedule(
                trainingItems: trainingItems, evaluatedItems: evaluated, key: RandomKey(seed: seed)[.run],
                epochs: candidate.epochs, rate: candidate.rate, batch: design.training.batch,
                microBatch: design.training.microbatch, lengths: lengths),
              outputs: input.outputs(of: evaluated)))
        }
      }
    }
    return runs
  }

  /// The version of the rules by which plans are made; part of the hash.
  package static let version = 9

  /// The positions of the test items among the evaluated items of a task run.
  package var testPositions: Range<Int> { splits.test.indices }

  /// The positions of the validation items there.
  package var validationPositions: Range<Int> {
    let first = testPositions.upperBound
    return first..<first + splits.validation.count
  }

  /// The positions of a further test's items there.
  package func positions(ofFurtherTest test: Int) -> Range<Int> {
    let first = validationPositions.upperBound - input.ownItems
    let items = input.furtherTests[test].items
    return first + items.lowerBound..<first + items.upperBound
  }

  /// The positions of the pool's items among the evaluated items of an attacked model.
  package var poolPositions: Range<Int> {
    let first = validationPositions.upperBound + input.furtherTests.reduce(0) { $0 + $1.items.count }
    return first..<first + (membership?.pool.count ?? 0)
  }

  /// The stream of resamples and permutations.
  package var statisticsKey: RandomKey { RandomKey(seed: design.firstSeed)[.statistics] }

  private static func splits(
    _ settings: SplitSettings, input: PlanInput, units: Units
  ) throws(PlanError) -> Splits {
    switch settings {
    case .byFile:
      guard let given = input.givenSplit else {
        throw PlanError(key: "data.split", "the data do not say what is trained on")
      }
      return try Splits(given: given, units: units, isTrained: given.contains(.train))
    case .column(let column):
      guard let given = input.givenSplit else {
        throw PlanError(key: "data.split.column", "the data hold no split column \"\(column)\"")
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
        key: RandomKey(seed: seed)[.split])
    }
  }
}
