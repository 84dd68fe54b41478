import ArgumentParser
import Audit
import Checkpoints
import Datasets
import ExternalEvaluation
import Foundation
import Ledger
import Metrics
import Planning
import Report
import Specification
import Support

/// Tries and compares remedies for a group that an arm serves badly.
struct RemedyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remedy", abstract: "Try remedies for a group that an adapted model serves badly.",
    discussion: """
      Writes a specification for each remedy that needs training: oversampling the group, a higher rank, more layers, or \
      all weights if the audit has no such arm. With --run these are audited one after another, without membership \
      inference. Every remedy that was run, here or by hand, is then compared with the arm on the same test items, \
      together with two that need no training: temperature scaling and a threshold for the group. The comparison shows \
      the effect and cost of each.
      """)

  @Argument(help: "The folder of the audit.", completion: .directory)
  var folder: String

  @Option(help: "The group to help, for example lighting=dusk.")
  var group: String

  @Option(help: "The arm to improve; default: the only LoRA arm.")
  var arm: String?

  @Option(
    help: "The specification of the audit; default: the file that the audit was last started with.",
    completion: .file(extensions: ["yaml", "yml"]))
  var specification: String?

  @Option(
    help: "The folder for specifications, audits and the comparison; default: FOLDER/remedies/ARM/GROUP.",
    completion: .directory)
  var output: String?

  @Flag(name: .customLong("run"), help: "Run the audits that have not been run yet.")
  var runsAudits = false

  @Option(help: "Worker processes of these audits; default: cluster.workers of the specification.")
  var workers: Int?

  func validate() throws {
    try PathOptions.requireNotEmpty(["<folder>": folder, "--specification": specification, "--output": output])
    if let workers, !(1...1024).contains(workers) { throw ValidationError("--workers must be from 1 to 1024") }
  }

  func run() throws {
    let (inputs, file, list) = try Session.reportingErrors(otherwise: .wrongInput) {
      let glance = try ReadOnlyLedger(file: "\(folder)/ledger.sqlite")
      guard let file = specification ?? glance.specification else {
        throw RemedyError("\(folder): the ledger names no specification; name it with --specification")
      }
      let inputs = try AuditInputs(specificationFile: file).stage(ofPlan: glance.plan, output: folder)
      guard inputs.plan.hash.description == glance.plan else {
        throw RemedyError(
          "\(file), or its data or base, is not what the audit in \(folder) was made from "
            + "(plan \(inputs.plan.hash.description.prefix(12))…, not \(glance.plan.prefix(12))…); name the "
            + "specification that it was made from with --specification")
      }
      return (
        inputs, file,
        try RemedyList(
          arm: arm, group: GroupInNeed(group), specification: inputs.specification, plan: inputs.plan,
          architecture: inputs.checkpoint.configuration.architecture)
      )
    }
    let remedies = RemedyFolder(path: output, audit: folder, arm: list.arm.name, group: list.group)
    try Session.reportingErrors(otherwise: .wrongInput) { try write(list, to: remedies, like: file, inputs) }
    if runsAudits {
      for remedy in list.remedies where remedy.needsTraining && !remedies.isDone(remedy) {
        try Session.run(specification: remedies.specification(of: remedy)) { inputs in
          AuditOptions(
            output: remedies.audit(of: remedy), localWorkers: workers ?? inputs.plannedWorkers,
            slicesFrom: inputs.plannedSlices)
        }
      }
    }
    guard runsAudits || list.remedies.contains(where: { $0.needsTraining && remedies.isDone($0) }) else {
      return printPlan(list, remedies)
    }
    try compare(list, remedies, inputs)
  }

  private func write(
    _ list: RemedyList, to folder: RemedyFolder, like file: String, _ inputs: AuditInputs
  ) throws {
    let text = String(decoding: try FileBytes.read(file), as: UTF8.self)
    for remedy in list.remedies {
      guard case .training(let variant) = remedy.means else { continue }
      let yaml = try variant.yaml(
        like: text, file: URL(filePath: file).standardizedFileURL.path(percentEncoded: false),
        comment: "Tries to help \(list.group), which \(list.arm.name) serves: \(remedy.description).")
      try folder.write(yaml, of: remedy, input: inputs.plan.input)
    }
  }

  /// The path as a shell reads it.
  private static func quoted(_ path: String) -> String {
    path.allSatisfy { $0.isLetter || $0.isNumber || "/-_.=+%".contains($0) }
      ? path : "'\(path.replacing("'", with: "'\\''"))'"
  }

  private func printPlan(_ list: RemedyList, _ folder: RemedyFolder) {
    for remedy in list.remedies {
      let how =
        remedy.needsTraining
        ? "tenbin audit \(Self.quoted(folder.specification(of: remedy))) "
          + "--output \(Self.quoted(folder.audit(of: remedy)))"
        : "needs no training"
      print("\(remedy.name): \(remedy.description)\n  \(how)")
    }
    for left in list.leftOut { print("\(left.name): left out: \(left.reason)") }
    print("then the same command again compares them; with --run it does all of it")
  }

  private func compare(_ list: RemedyList, _ folder: RemedyFolder, _ inputs: AuditInputs) throws {
    let data = inputs.specification.data
    let decision = inputs.specification.decision
    let comparison = try Session.reportingErrors(otherwise: .wrongInput) {
      try RemedyComparison(
        list, audit: self.folder, folder: folder, groups: data.groups.map(\.name), combinations: data.combinations,
        positive: data.positive,
        rule: DecisionRule(
          metric: .accuracy, margin: decision.margin, minimumGroupSize: decision.minimumGroup,
          minimumClusters: decision.minimumClusters))
    }
    try Session.reportingErrors {
      try (comparison.report.files() + comparison.predictions + [comparison.table]).write(below: folder.comparison)
    }
    for line in comparison.lines { print(line) }
    print("report: \(folder.comparison)/report.html")
  }
}
