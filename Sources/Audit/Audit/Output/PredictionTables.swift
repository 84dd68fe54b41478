internal import Datasets
internal import Planning
internal import Scheduler
internal import Specification
internal import Support
internal import Tokenizers

/// Every prediction as CSV, without loss of bits, in the form that `tenbin evaluate` reads.
enum PredictionTables {
  /// The tables by file name: one per arm for the test items, one per arm for the pool.
  static func files(
    inputs: AuditInputs, completed: [Int: FinishedRun]
  ) -> [(path: String, bytes: [UInt8])] {
    let arms = inputs.specification.arms
    return arms.indices.flatMap { arm -> [(path: String, bytes: [UInt8])] in
      var tables = ArmTables(inputs, arm: arm)
      for (index, run) in inputs.plan.runs.enumerated() where run.arm == arm {
        guard let finished = completed[index] else { continue }
        let members = Set(run.schedule.trainingItems)
        for (epoch, numbers) in (finished.traces + [finished.logits]).enumerated() {
          var first = 0
          for (position, item) in run.schedule.evaluatedItems.enumerated() {
            let count = run.outputs.count(at: position..<position + 1)
            tables.append(
              item, at: position, of: run, arm: arms[arm].name, isMember: members.contains(item), epoch: epoch,
              numbers: numbers[first..<first + count])
            first += count
          }
        }
      }
      return tables.files(arm: arms[arm].name)
    }
  }
}

/// The tables of one arm.
private struct ArmTables {
  private let inputs: AuditInputs
  private var task: CommaSeparatedValuesWriter
  private var shadowModels: CommaSeparatedValuesWriter
  private var further: [CommaSeparatedValuesWriter]
  private var hasShadowModels = false

  init(_ inputs: AuditInputs, arm: Int) {
    self.inputs = inputs
    let isTraced = inputs.plan.runs.contains { $0.arm == arm && $0.schedule.earlierEvaluations == .everyEpoch }
    let groups = inputs.manifest.groupNames
    task = CommaSeparatedValuesWriter(
      header: Self.header(inputs, columns: ["arm", "seed", "split"], groups: groups))
    let isAskedTwice = (inputs.specification.privacy?.shadowModels.queries ?? 1) > 1
    shadowModels = CommaSeparatedValuesWriter(
      header: Self.header(
        inputs,
        columns: ["arm", "model", "member"] + (isAskedTwice ? ["query"] : []) + (isTraced ? ["epoch"] : []),
        groups: groups))
    further = inputs.furtherGroupNames.map { groups in
      CommaSeparatedValuesWriter(header: Self.header(inputs, columns: ["arm", "seed", "split"], groups: groups))
    }
  }

  /// - Parameters:
  ///   - position: of the item among those that the run is evaluated on.
  ///   - epoch: of a traced run, the epoch after which it was evaluated.
  mutating func append(
    _ item: Int, at position: Int, of run: PlannedRun, arm: String, isMember: Bool, epoch: Int,
    numbers: ArraySlice<Float>
  ) {
    let plan = inputs.plan
    // The pool of an attacked model comes after all other items.
    let isAttacked = position >= plan.poolPositions.lowerBound
    let seed: String
    switch run.purpose {
    case .search: return
    case .shadowModel(let model):
      return append(
        item, toShadowModelsOf: arm, model: "\(model)", isMember: isMember, numbers: numbers, run.schedule.question,
        epoch: run.schedule.earlierEvaluations == .everyEpoch ? epoch : nil)
    case .task where isAttacked:
      return append(
        item, toShadowModelsOf: arm, model: "released", isMember: isMember, numbers: numbers, run.schedule.question)
    case .task(let number): seed = "\(number)"
    case .given: seed = ""
    }
    // The model is measured on the image as it is, not on its mirror image.
    let own = numbers.prefix(numbers.count / run.schedule.question.queries)
    let row = Self.fields(of: item, numbers: own, inputs: inputs, isFleet: false)
    if let test = plan.input.furtherTests.firstIndex(where: { $0.items.contains(item) }) {
      further[test].append([arm, seed, "test"] + row)
    } else {
      task.append([arm, seed, plan.testPositions.contains(position) ? "test" : "validation"] + row)
    }
  }

  private mutating func append(
    _ item: Int, toShadowModelsOf arm: String, model: String, isMember: Bool, numbers: ArraySlice<Float>,
    _ question: EvaluationQuestion, epoch: Int? = nil
  ) {
    hasShadowModels = true
    let count = numbers.count / question.queries
    for query in 0..<question.queries {
      let first = numbers.startIndex + query * count
      shadowModels.append(
        [arm, model, isMember ? "1" : "0"] + (question.queries > 1 ? ["\(query)"] : [])
          + (epoch.map { ["\($0)"] } ?? [])
          + Self.fields(of: item, numbers: numbers[first..<first + count], inputs: inputs, isFleet: true))
    }
  }

  func files(arm: String) -> [(path: String, bytes: [UInt8])] {
    [("predictions/\(arm).csv", task.bytes)]
      + (hasShadowModels ? [("predictions/shadow-models/\(arm).csv", shadowModels.bytes)] : [])
      + zip(inputs.plan.input.furtherTests, further).map { ("predictions/tests/\($0.name)/\(arm).csv", $1.bytes) }
  }

  private static func header(_ inputs: AuditInputs, columns: [String], groups: [String]) -> [String] {
    let isFleet = columns.contains("model")
    let figures: [String] =
      switch inputs.specification.task {
      case .imageClassification, .textClassification: ["label"] + inputs.classNames.map { "logit_\($0)" }
      case .multipleChoice, .cloze: ["log_likelihoods", "tokens"]
      case .languageModelling, .translation:
        isFleet
          ? ["score"]
          : ["log_likelihood", "tokens"] + (inputs.specification.data.translation == nil ? [] : ["translation"])
      }
    return columns + ["item"] + figures + groups + ["cluster"]
  }

  /// The digits of the number's Float64: those of its Float32 would be read as another number.
  private static func digits(_ number: Float) -> String { "\(Double(number))" }

  private static func fields(
    of item: Int, numbers: ArraySlice<Float>, inputs: AuditInputs, isFleet: Bool
  ) -> [String] {
    let entry = inputs.manifest.items[item]
    let figures: [String]
    switch inputs.specification.task {
    case .imageClassification, .textClassification: figures = [entry.label] + numbers.map(Self.digits)
    case .multipleChoice, .cloze:
      let tokens = (inputs.texts?.sequences[item] ?? []).map { "\($0.targetCount)" }
      figures = [numbers.map(Self.digits).joined(separator: " "), tokens.joined(separator: " ")]
    case .languageModelling, .translation:
      let tokens = inputs.texts?.sequences[item].first?.targetCount ?? 0
      let sum = Double(numbers.first ?? 0)
      if isFleet {
        figures = ["\(min(0, sum / Double(max(1, tokens))))"]
      } else {
        let translation = inputs.specification.data.translation == nil ? nil : inputs.texts?.translation(numbers)
        figures = ["\(sum)", "\(tokens)"] + [translation].compactMap(\.self)
      }
    }
    return [entry.name] + figures + entry.groups.map { $0.joined(separator: ";") } + [entry.cluster]
  }
}
