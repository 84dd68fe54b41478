internal import Checkpoints
internal import Datasets
internal import Foundation
internal import Hashing
package import Plan

/// Everything that an audit starts from, read and checked before anything is written.
package struct AuditInputs: Sendable {
  package let plan: Plan
  let manifest: Manifest
  let checkpoint: CheckpointFolder
  /// How each arm of the specification adapts the base, and which parameters it trains.
  let methods: [AdaptationMethod]
  let layouts: [TrainableLayout]

  var specification: Specification { plan.specification }
  var classNames: [String] { plan.input.classes }

  /// Reads the specification at `file`, and the manifest, images and checkpoint that it names.
  ///
  /// - Throws: `AuditError` with the file, line or row of whatever is not as it must be.
  package init(specificationFile file: String) throws(AuditError) {
    self = try AuditError.wrapping(.configuration) {
      let text = String(decoding: try FileBytes.read(file), as: UTF8.self)
      let folder = URL(filePath: file).deletingLastPathComponent().path(percentEncoded: false)
      return try AuditInputs(specification: Specification(yaml: text, file: file), folder: folder)
    }
  }

  /// - Parameter folder: what the specification's paths are relative to.
  init(specification: Specification, folder: String) throws {
    func resolved(_ path: String) -> String {
      path.hasPrefix("/")
        ? path : URL(filePath: folder).appending(path: path).standardizedFileURL.path(percentEncoded: false)
    }
    let checkpoint = try CheckpointFolder(path: resolved(specification.base))
    guard checkpoint.configuration.imageSize != nil else {
      throw AuditError(
        .configuration,
        "\(checkpoint.path): the base is \(checkpoint.configuration.architecture.modelType), a model of text; "
          + "the task image-classification needs a model of images (vit or swinv2)")
    }
    let manifest = try Manifest(
      file: resolved(specification.data.manifest), columns: ManifestColumns(specification.data),
      classNames: specification.data.classes)
    if let positive = specification.data.positive, !manifest.classNames.contains(positive) {
      throw AuditError(
        .configuration,
        "data.positive: \"\(positive)\" is none of the labels in \(manifest.file) (\(manifest.classNames.joined(separator: ", ")))"
      )
    }
    guard manifest.classNames.count >= 2 else {
      throw AuditError(
        .configuration,
        "\(manifest.file): the column \(specification.data.label) holds one label only; expected two or more")
    }
    let methods = specification.arms.map { AdaptationMethod($0) }
    let layouts = try methods.map {
      try TrainableLayout(configuration: checkpoint.configuration, method: $0, labels: manifest.classNames.count)
    }
    let input = try PlanInput(manifest: manifest, specification: specification, base: checkpoint.contentHash())
    let plan = try Plan(specification: specification, input: input)
    try Self.requireTestItems(in: plan)
    self.plan = plan
    self.manifest = manifest
    self.checkpoint = checkpoint
    self.methods = methods
    self.layouts = layouts
  }

  private static func requireTestItems(in plan: Plan) throws(AuditError) {
    let test = Set(plan.splits.test)
    for group in plan.input.groups where !group.members.contains(where: test.contains) {
      throw AuditError(
        .configuration,
        "the group \(group.column)=\(group.value) has \(group.members.count) items, but none of them in the test split; "
          + "stratify the split by \(group.column), or merge the group with another")
    }
  }
}

extension ManifestColumns {
  init(_ data: DataSettings) {
    var stratify: [String] = []
    var split: String?
    switch data.split {
    case .column(let column): split = column
    case .fractions(_, _, _, _, let columns): stratify = columns
    }
    var tagGroups: [String: [String]] = [:]
    for group in data.groups { tagGroups[group.name] = group.tags }
    self.init(
      path: data.path, label: data.label, groups: data.groups.filter { $0.tags == nil }.map(\.name),
      tagGroups: tagGroups, cluster: data.cluster, split: split, extra: stratify)
  }
}

extension AdaptationMethod {
  init(_ arm: Arm) {
    switch arm {
    case .base: self = .head
    case .full: self = .full
    case .lora(let settings):
      let layers: LayerSelection =
        switch settings.layers {
        case .all: .all
        case .first(let count): .first(count)
        case .last(let count): .last(count)
        case .listed(let indices): .listed(indices)
        }
      self = .lora(
        LoRAConfiguration(rank: settings.rank, alpha: settings.alpha, targets: settings.targets, layers: layers))
    }
  }
}
