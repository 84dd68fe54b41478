import Datasets
import Foundation
import Metrics
import Report
import Statistics
import Support

/// The data on which a released model was audited, with its predictions for them.
struct Reference: Sendable {
  let document: ReferenceDocument
  let run: ReleasedRun
  /// Test items, all of them labelled.
  let items: ScoredItems
  let frozen: FrozenGroups
  /// The reference's groups that have items among these predictions.
  let groups: [Subgroup]
  let positive: Int?
  /// nil if no inputs are watched.
  let columns: ItemColumns?
  /// For every item 1 where the prediction equals the label, otherwise 0.
  let correct: [Double]
  /// The digest of the run and of its predictions for the items, by which a series of windows knows its reference.
  let content: ContentHash

  /// - Throws: `MonitoringError`, or the error of a file, where the folder and its predictions do not match.
  init(_ settings: MonitoringSettings) throws {
    let document = try ReferenceDocument(folder: settings.reference)
    let run = try ReleasedRun(arm: settings.arm, seed: settings.seed, model: settings.model, document: document)
    if let model = settings.model {
      try ReleasedModel(folder: model).require(of: run, reference: settings.reference, document: document)
    }
    let files = try Self.predictions(settings, run: run)
    let groupColumns = FrozenGroups.columns(of: document.groups)
    let read = try PredictionsTable(files: files, groups: groupColumns)
    let file = files.first ?? settings.reference
    guard let table = read.ordered(classes: document.classNames) else {
      throw MonitoringError(
        file, line: 1,
        "there are the classes \(read.classNames.joined(separator: ", ")), and in \(document.file) "
          + document.classNames.joined(separator: ", "))
    }
    let own = table.part { !$0.isValidation && $0.arm == run.arm && $0.seed == run.seed }
    guard !own.rows.isEmpty else {
      throw MonitoringError(file, "there are no predictions of \(run) for items of the test split")
    }
    positive = document.positiveClass.flatMap { document.classNames.firstIndex(of: $0) }
    items = try ScoredItems(own, columns: groupColumns, positive: positive)
    correct = items.correct.compactMap(\.self)
    let right = correct.reduce(0, +)
    if let audited = document.accuracy(of: run), audited.n != items.count || audited.successes != right {
      throw MonitoringError(
        file,
        "\(run) is right for \(Int(right)) of \(items.count) items, and for \(Int(audited.successes)) of \(audited.n) in "
          + "\(document.file); expected the predictions that these results were made from")
    }
    frozen = FrozenGroups(groups: document.groups, cells: items.cells)
    groups = frozen.subgroups(cells: items.cells, count: items.count)
    columns =
      settings.watchesInputs
      ? try ItemColumns(CommaSeparatedValues(file: settings.referenceManifest ?? file), items: items.identifiers) : nil
    var hasher = ContentHasher()
    hasher.combine(list: [run.description] + document.classNames)
    hasher.combine(ContentHash(of: own.digestible))
    content = hasher.finish()
    self.document = document
    self.run = run
  }

  private static func predictions(
    _ settings: MonitoringSettings, run: ReleasedRun
  ) throws(MonitoringError) -> [String] {
    guard settings.referencePredictions.isEmpty else { return settings.referencePredictions }
    let file = "\(settings.reference)/predictions/\(run.arm.predictionsFile)"
    do throws(FileError) {
      try FileBytes.requireReadable(file)
    } catch {
      throw MonitoringError(
        file,
        "cannot be read (\(error.reason)); audits and evaluations write it, and another file can be named with "
          + "--reference-predictions")
    }
    return [file]
  }
}

/// The reference's results.json: which arms were audited, on which groups, with which figures.
struct ReferenceDocument: Sendable {
  let file: String
  private let document: Results

  /// - Throws: `MonitoringError` if there is none, or of another version.
  init(folder: String) throws(MonitoringError) {
    file = "\(folder)/results.json"
    do throws(ResultsError) {
      document = try Results(folder: folder)
    } catch {
      throw MonitoringError(
        file,
        error.problem.hasPrefix("cannot be read")
          ? "cannot be read; expected --reference to be the folder of an audit that is done, or of an evaluation"
          : error.problem)
    }
  }

  var policy: Policy? { document.policy?.policy }
  var name: String { document.name }
  var classNames: [String] { document.classes }
  var positiveClass: String? { document.positiveClass }
  /// The name of the column of clusters in the audit's manifest; nil if there is none.
  var clusterColumn: String? { document.clusterColumn }
  /// The digest of everything that determines the audit; nil for an evaluation of predictions.
  var planHash: String? { document.plan.version > 0 ? document.plan.hash : nil }
  var testItems: Int { document.items.test }
  var minimumGroupSize: Int { document.decision.minimumGroupSize }
  var groups: [GroupName] { document.groups.map(\.name) }
  var arms: [String] { document.evaluatedArms }
  /// The arms that were trained, here or outside the audit: a base is not released.
  var releasableArms: [String] {
    let bases = document.arms.filter { [.head, .base].contains($0.kind) }.map(\.name)
    return arms.filter { !bases.contains($0) }
  }

  /// The seeds of an arm; a nil for a model that no seed changes.
  func seeds(of arm: String) -> [Int?] { evaluation(of: arm)?.seeds.map(\.seed) ?? [] }

  /// Right answers and items of one run over all test items.
  func accuracy(of run: ReleasedRun) -> (successes: Double, n: Int)? {
    evaluation(of: run.arm)?.seeds.first { $0.seed == run.seed }.map {
      ($0.rates.overall.accuracy.successes, $0.rates.overall.accuracy.n)
    }
  }

  private func evaluation(of arm: String) -> ArmEvaluation? { document.evaluations.first { $0.arm == arm } }
}

/// The run of the reference that was released.
package struct ReleasedRun: Hashable, Sendable, CustomStringConvertible {
  package let arm: String
  /// nil for a model that no seed changes.
  package let seed: Int?

  package var description: String { "\(arm)\(seed.map { ", seed \($0)" } ?? "")" }

  package init(arm: String, seed: Int?) { (self.arm, self.seed) = (arm, seed) }

  /// Takes the run that is named, otherwise the one that the last two parts of the model's path say (`ARM/seed-N`, as
  /// in an audit's checkpoints), otherwise the only one that there is.
  ///
  /// - Throws: `MonitoringError` that lists the possible choices.
  init(
    arm named: String?, seed: Int?, model: String?, document: ReferenceDocument
  ) throws(MonitoringError) {
    let implied = model.flatMap { Self.implied(by: $0, arms: document.arms) }
    let choices = document.releasableArms
    guard let arm = named ?? implied?.arm ?? (choices.count == 1 ? choices.first : nil) else {
      throw MonitoringError(
        document.file, "there are the arms \(choices.joined(separator: ", ")); say with --arm which one was released")
    }
    guard document.arms.contains(arm) else {
      throw MonitoringError(
        document.file, "there is no arm \(arm); expected one of \(document.arms.joined(separator: ", "))")
    }
    let seeds = document.seeds(of: arm)
    let known = seeds.compactMap { $0 }.map { "\($0)" }.joined(separator: ", ")
    if let seed = seed ?? (implied?.arm == arm ? implied?.seed : nil) {
      guard seeds.contains(seed) else {
        throw MonitoringError(
          document.file,
          known.isEmpty
            ? "no seed changes the arm \(arm); leave --seed out"
            : "the arm \(arm) has no seed \(seed); expected one of \(known)")
      }
      self.init(arm: arm, seed: seed)
      return
    }
    guard seeds.count == 1, let only = seeds.first else {
      throw MonitoringError(
        document.file, "the arm \(arm) has the seeds \(known); say with --seed which one was released")
    }
    self.init(arm: arm, seed: only)
  }

  /// `…/lora-r8/seed-13` is seed 13 of lora-r8, and `…/given` the one run of given.
  private static func implied(by path: String, arms: [String]) -> (arm: String, seed: Int?)? {
    let steps = path.split(separator: "/").map(String.init).filter { $0 != "." }
    if let last = steps.last, last.hasPrefix("seed-"), let seed = Int(last.dropFirst("seed-".count)),
      let arm = steps.dropLast().last, arms.contains(arm)
    {
      return (arm, seed)
    }
    return steps.last.flatMap { arms.contains($0) ? ($0, nil) : nil }
  }
}

/// A released checkpoint or adapter: its folder tells its audit and run.
struct ReleasedModel: Sendable {
  let folder: String

  private static let weights = ["adapter_model.safetensors", "model.safetensors"]

  /// - Parameter reference: its folder.
  /// - Throws: `MonitoringError` if the model is another audit's, or not the run that the reference has kept.
  func require(of run: ReleasedRun, reference: String, document: ReferenceDocument) throws(MonitoringError) {
    if let plan = document.planHash, let audit, !Self.isSame(audit, reference),
      Self.planHash(of: audit) != plan
    {
      throw MonitoringError(
        folder,
        "belongs to the audit in \(audit), and not to the reference \(reference); name the reference that it belongs to"
      )
    }
    let kept = "\(reference)/checkpoints/\(run.arm)/\(run.seed.map { "seed-\($0)" } ?? "given")"
    guard !Self.isSame(folder, kept) else { return }
    for name in Self.weights {
      let (own, other) = ("\(folder)/\(name)", "\(kept)/\(name)")
      guard FileManager.default.fileExists(atPath: own), FileManager.default.fileExists(atPath: other) else { continue }
      guard FileManager.default.contentsEqual(atPath: own, andPath: other) else {
        throw MonitoringError(
          own, "its weights differ from the weights of \(run) in \(other); the audit does not apply to them")
      }
    }
  }

  /// The folder of the audit whose checkpoints hold the model; nil if there is none.
  private var audit: String? {
    var steps = URL(filePath: folder).standardizedFileURL.pathComponents
    while let position = steps.lastIndex(of: "checkpoints"), position > 0 {
      steps = Array(steps[..<position])
      let path = steps.dropFirst().reduce("") { "\($0)/\($1)" }
      if FileManager.default.fileExists(atPath: "\(path)/ledger.sqlite") { return path }
    }
    return nil
  }

  private static func planHash(of audit: String) -> String? {
    (try? ReferenceDocument(folder: audit))?.planHash
  }

  private static func isSame(_ left: String, _ right: String) -> Bool {
    func whole(_ path: String) -> String {
      URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.path(percentEncoded: false)
        .split(separator: "/").joined(separator: "/")
    }
    return whole(left) == whole(right)
  }
}
