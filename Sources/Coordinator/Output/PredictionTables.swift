internal import Cluster
internal import Datasets
internal import Plan

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
        for (position, item) in run.evaluated.enumerated() {
          // Behind them a model that is attacked was asked for the fleet's pool.
          let isAttacked = position >= inputs.plan.splits.test.count + inputs.plan.splits.validation.count
          let split = position < inputs.plan.splits.test.count ? "test" : "validation"
          let row = fields(of: item, at: position, logits: logits, inputs: inputs)
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
    columns + ["item", "label"] + inputs.classNames.map { "logit_\($0)" } + inputs.manifest.groupNames + ["cluster"]
  }

  private static func fields(of item: Int, at position: Int, logits: [Float], inputs: AuditInputs) -> [String] {
    let classes = inputs.classNames.count
    let entry = inputs.manifest.items[item]
    let row = logits[position * classes..<(position + 1) * classes]
    return [entry.name, entry.label] + row.map { "\($0)" } + entry.groups.map { $0.joined(separator: ";") }
      + [entry.cluster]
  }
}
