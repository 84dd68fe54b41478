package import Checkpoints
internal import Datasets
internal import Foundation
internal import Optimization
package import Planning
internal import Scheduler
package import Specification
internal import Support

/// Everything that an audit starts from, read and checked before anything is written.
package struct AuditInputs: Sendable {
  package private(set) var specification: Specification
  package private(set) var plan: Plan
  /// How the settings of every arm were chosen; nil without a search, or before it has run.
  private(set) var search: SearchOutcome?
  let manifest: Manifest
  package let checkpoint: CheckpointFolder
  /// The files of the base.
  let baseFiles: [CheckpointFile]
  /// How each arm of the specification adapts the base, and which parameters it trains.
  let methods: [AdaptationMethod]
  let layouts: [TrainableLayout]
  /// External adapters, by the position of their arm.
  let adapters: [Int: AdapterFolder]
  /// The items as token sequences; nil for images.
  let texts: ItemTexts?
  /// The names of the group columns of every further test.
  let furtherGroupNames: [[String]]
  /// The absolute path of the specification's file; nil if it was not read from a file.
  package private(set) var specificationFile: String?

  var classNames: [String] { plan.input.classes }
  /// The second of two classes, or the one that the specification names; none among several.
  var positiveClass: Int? {
    if let named = specification.data.positive { return classNames.firstIndex(of: named) }
    return classNames.count == 2 ? 1 : nil
  }

  /// Reads the specification at `file`, and the manifest, images and checkpoint that it names.
  ///
  /// - Throws: `AuditError` with the file and the line or row of the problem.
  package init(specificationFile file: String) throws(AuditError) {
    self = try AuditError.wrapping(.configuration) {
      let text = String(decoding: try FileBytes.read(file), as: UTF8.self)
      let folder = URL(filePath: file).deletingLastPathComponent().path(percentEncoded: false)
      let specification = try Specification(yaml: text, file: file)
      try specification.locations.requireFilledIn()
      var inputs = try AuditInputs(specification: specification, folder: folder)
      inputs.specificationFile = URL(filePath: file).standardizedFileURL.path(percentEncoded: false)
      return inputs
    }
  }

  /// - Parameter folder: the folder that the specification's paths are relative to.
  init(specification: Specification, folder: String) throws {
    func resolved(_ path: String) -> String {
      path.hasPrefix("/")
        ? path : URL(filePath: folder).appending(path: path).standardizedFileURL.path(percentEncoded: false)
    }
    let checkpoint = try CheckpointFolder(path: resolved(specification.base))
    guard specification.task.isText == (checkpoint.configuration.imageSize == nil) else {
      let (found, needed) =
        specification.task.isText ? ("images", "text (llama or mistral)") : ("text", "images (vit or swinv2)")
      throw AuditError(
        .configuration,
        "\(checkpoint.path): the base is \(checkpoint.configuration.architecture.modelType), a model of \(found); "
          + "the task \(specification.task.rawValue) needs a model of \(needed)")
    }
    let prompted = specification.task.isPrompted ? try PromptedItems(specification, resolved: resolved) : nil
    let data = try prompted?.manifest ?? Self.manifest(specification, file: resolved(specification.data.manifest))
    let tests = try FurtherTests(specification, after: data, resolved: resolved)
    let given = data.followed(by: tests.items)
    let texts =
      try specification.task.isText
      ? ItemTexts(given, specification, base: checkpoint, prompted: prompted?.task) : nil
    let manifest = texts?.manifest ?? given
    if let positive = specification.data.positive, !manifest.classNames.contains(positive) {
      throw specification.locations.failure(
        at: "data.positive",
        "\"\(positive)\" is not among the labels in \(manifest.file) (\(manifest.classNames.joined(separator: ", ")))")
    }
    guard !specification.task.isClassification || manifest.classNames.count >= 2 else {
      throw AuditError(
        .configuration,
        "\(manifest.file): the column \(specification.data.label ?? "") holds one label only; expected two or more")
    }
    let arms = try AdaptedArms(
      specification: specification, base: checkpoint, classNames: manifest.classNames, resolved: resolved)
    let baseFiles = try checkpoint.contentFiles()
    let input = try PlanInput(
      manifest: manifest, furtherTests: tests.planned, specification: specification,
      base: ContentHash(ofCheckpoint: baseFiles),
      adapters: arms.contents, sequences: texts?.planned)
    try Self.requireItems(in: input.groups, of: specification)
    let plan = try Plan(specification: specification, input: input)
    try Self.requireTestItems(in: plan, of: specification)
    self.specification = specification
    self.plan = plan
    self.manifest = manifest
    self.checkpoint = checkpoint
    self.baseFiles = baseFiles
    methods = arms.methods
    layouts = arms.layouts
    adapters = arms.adapters
    self.texts = texts
    furtherGroupNames = tests.groupNames
  }

  private static func manifest(_ specification: Specification, file: String) throws -> Manifest {
    let columns = ManifestColumns(specification.data, task: specification.task)
    guard specification.data.isFacesFolder else {
      return try Manifest(file: file, columns: columns, classNames: specification.data.classes)
    }
    let label = specification.data.label.flatMap(FaceLabel.init) ?? .gender
    let manifest = try Manifest(facesFolder: file, label: label, extra: columns.extra)
    for (index, group) in specification.data.groups.enumerated() where !manifest.groupNames.contains(group.name) {
      throw specification.locations.failure(
        at: "data.groups[\(index)]",
        "a folder of faces labelled by \(label.rawValue) has the groups \(manifest.groupNames.joined(separator: ", "))")
    }
    return manifest
  }

  /// The inputs of the search that precedes the audit; nil if the specification has no search.
  func forSearch() throws(SpecificationError) -> AuditInputs? {
    guard specification.search != nil else { return nil }
    var inputs = self
    inputs.plan = try Plan(specification: specification, input: plan.input, stage: .search)
    return inputs
  }

  /// The audit with the settings that a search has chosen.
  func settled(by search: SearchOutcome) throws(SpecificationError) -> AuditInputs {
    var specification = specification
    specification.training.chosen = search.chosen
    var inputs = self
    inputs.specification = specification
    inputs.plan = try Plan(specification: specification, input: plan.input)
    inputs.search = search
    return inputs
  }

  private static func requireItems(in groups: [PlanInput.Group], of specification: Specification) throws {
    for group in groups where group.members.isEmpty {
      throw failure(about: group, of: specification, "holds no items; remove it from the specification")
    }
  }

  private static func requireTestItems(in plan: Plan, of specification: Specification) throws {
    let test = Set(plan.splits.test)
    for group in plan.input.groups where !group.isCombined && !group.members.contains(where: test.contains) {
      throw failure(
        about: group, of: specification,
        "has \(group.members.count) items, but none of them is in the test split; stratify the split by \(group.column), "
          + "or merge the group with another")
    }
  }

  private static func failure(
    about group: PlanInput.Group, of specification: Specification, _ problem: String
  ) -> SpecificationError {
    let position = specification.data.groups.firstIndex { $0.name == group.column }
    return specification.locations.failure(
      at: position.map { "data.groups[\($0)]" } ?? "data.groups", "the group \(group.column)=\(group.value) \(problem)")
  }
}

extension ManifestColumns {
  init(_ data: DataSettings, task: Specification.Task) {
    var stratify: [String] = []
    var split: String?
    switch data.split {
    case .column(let column): split = column
    case .byFile: break
    case .fractions(_, _, _, _, let columns): stratify = columns
    }
    var tagGroups: [String: [String]] = [:]
    for group in data.groups { tagGroups[group.name] = group.tags }
    self.init(
      path: data.path, text: task.isText ? data.text : nil, name: data.name, label: data.label,
      groups: data.groups.filter { $0.tags == nil }.map(\.name),
      tagGroups: tagGroups, cluster: data.cluster, split: split, extra: stratify + (data.translation?.columns ?? []))
  }
}

// Phases of the plan.
extension AuditInputs {
  /// Whether a phase must run, given the completed runs. A phase of shadow models is skipped once an earlier analysis
  /// has stopped the training.
  func isNeeded(_ phase: Phase, completed: [Int: FinishedRun]) throws -> Bool {
    guard phase.kind == .shadowModels, phase.analysis > 0,
      let stop = try EarlyStopping(AuditEvidence(inputs: self, completed: completed), arm: phase.arm)
    else { return true }
    return try stop.continues(after: phase.analysis - 1)
  }

  /// The phases of the audit in the order in which they are worked on.
  var phases: [Phase] {
    Phase.all(of: plan.runs, arms: specification.arms.count) { arm in
      specification.privacy?.shadowModels.analyses(of: specification.arms[arm]) ?? []
    }
  }

  /// Whether everything has been computed.
  func isDone(_ completed: [Int: FinishedRun]) throws -> Bool {
    try !phases.contains { phase in
      try phase.runs.contains { completed[$0] == nil } && isNeeded(phase, completed: completed)
    }
  }
}

extension AuditInputs {
  /// The state that a run starts from: initial values drawn from the plan's key, or the parameters of an external
  /// adapter.
  func initialState(ofRun index: Int) throws -> TrainingState {
    let run = plan.runs[index]
    if let adapter = adapters[run.arm] { return TrainingState(step: 0, parameters: FloatBuffer(adapter.values)) }
    return TrainingState(
      step: 0,
      parameters: FloatBuffer(try layouts[run.arm].initialValues(from: checkpoint, key: run.schedule.key[.initial])))
  }
}
