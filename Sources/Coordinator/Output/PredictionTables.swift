internal import Cluster
internal import Datasets
internal import Plan
internal import Sequences
internal import Tokenizers

/// Every prediction as CSV, without loss of bits, in the form that evaluations of predictions made elsewhere read.
enum PredictionTables {
  /// The tables by file name: one an arm for the test items, one an arm for the fleet's items.
  static func files(
    inputs: AuditInputs, completed: [Int: FinishedRun]
  ) -> [(path: String, bytes: [UInt8])] {
    let arms = inputs.specification.arms
    return arms.indices.flatMap { arm -> [(path: String, bytes: [UInt8])] in
      var task = CommaSeparatedValuesWriter(header: header(inputs, columns: ["arm", "seed", "split"]))
      var fleet = CommaSeparatedValuesWriter(header: header(inputs, columns: ["arm", "model", "member"]))
      var hasFleet = false
      for (index, run) in inputs.plan.runs.enumerated() where run.arm == arm {
        guard let logits = completed[index]?.logits else { continue }
        let members = Set(run.members)
        var first = 0
        for (position, item) in run.evaluated.enumerated() {
          let count = run.rows.count(at: position..<position + 1)
          let numbers = logits[first..<first + count]
          first += count
          // Behind them a model that is attacked was asked for the fleet's pool.
          let isAttacked = position >= inputs.plan.splits.test.count + inputs.plan.splits.validation.count
          let split = position < inputs.plan.splits.test.count ? "test" : "validation"
          let row = fields(of: item, numbers: numbers, inputs: inputs, isFleet: run.isOfFleet || isAttacked)
          switch run.purpose {
          case .task where isAttacked:
            hasFleet = true
            fleet.append([arms[arm].name, "released", members.contains(item) ? "1" : "0"] + row)
          case .task(let seed): task.append([arms[arm].name, "\(seed)", split] + row)
          case .search: continue
          case .given: task.append([arms[arm].name, "", split] + row)
          case .fleet(let model):
            hasFleet = true
            fleet.append([arms[arm].name, "\(model)", members.contains(item) ? "1" : "0"] + row)
          }
        }
      }
      let name = "predictions/\(arms[arm].name)"
      return [("\(name).csv", task.bytes)]
        + (hasFleet ? [("predictions/fleets/\(arms[arm].name).csv", fleet.bytes)] : [])
    }
  }

  private static func header(_ inputs: AuditInputs, columns: [String]) -> [String] {
    let isFleet = columns.contains("model")
    let figures: [String] =
      switch inputs.specification.task {
      case .imageClassification, .textClassification: ["label"] + inputs.classNames.map { "logit_\($0)" }
      case .multipleChoice: ["log_likelihoods", "tokens"]
      case .languageModelling, .translation:
        isFleet
          ? ["score"]
          : ["log_likelihood", "tokens"] + (inputs.specification.data.translation == nil ? [] : ["translation"])
      }
    return columns + ["item"] + figures + inputs.manifest.groupNames + ["cluster"]
  }

  private static func fields(
    of item: Int, numbers: ArraySlice<Float>, inputs: AuditInputs, isFleet: Bool
  ) -> [String] {
    let entry = inputs.manifest.items[item]
    let figures: [String]
    switch inputs.specification.task {
    case .imageClassification, .textClassification: figures = [entry.label] + numbers.map { "\($0)" }
    case .multipleChoice:
      let tokens = (inputs.texts?.sequences[item] ?? []).map { "\($0.targetCount)" }
      figures = [numbers.map { "\($0)" }.joined(separator: " "), tokens.joined(separator: " ")]
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

extension PlannedRun {
  fileprivate var isOfFleet: Bool { if case .fleet = purpose { true } else { false } }
}
