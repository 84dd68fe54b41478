package import Checkpoints
internal import Datasets
internal import Foundation
package import Planning
internal import Specification
internal import Support

/// The arms of a specification, checked against the base.
struct AdaptedArms {
  private(set) var methods: [AdaptationMethod] = []
  private(set) var layouts: [TrainableLayout] = []
  /// External adapters, by the position of their arm.
  private(set) var adapters: [Int: AdapterFolder] = [:]
  /// The adapters' digests, by the arm's name.
  private(set) var contents: [String: ContentHash] = [:]

  /// - Parameter resolved: turns a path of the specification into one that can be read.
  /// - Throws: `SpecificationError` with the line of an arm that does not fit the base or the classes.
  init(
    specification: Specification, base: CheckpointFolder, classNames: [String], resolved: (String) -> String
  ) throws(SpecificationError) {
    for (index, arm) in specification.arms.enumerated() {
      do {
        if case .adapter(let settings) = arm {
          let adapter = try Self.adapter(in: resolved(settings.path), base: base, classNames: classNames)
          adapters[index] = adapter
          contents[arm.name] = try adapter.contentHash()
          methods.append(adapter.method)
          layouts.append(adapter.layout)
        } else if let method = AdaptationMethod(arm) {
          if case .lora(let lora) = method {
            try lora.requireDistinctTargets(in: base.configuration.architecture)
            try lora.requireLowRank(in: base.configuration.architecture)
          }
          methods.append(method)
          layouts.append(
            try TrainableLayout(
              configuration: base.configuration, method: method,
              head: specification.task.head(classes: classNames.count)))
        }
      } catch {
        throw specification.locations.failure(at: "arms[\(index)]", Self.problem(error, of: arm))
      }
    }
  }

  private static func problem(_ error: any Error, of arm: Arm) -> String {
    if arm.isTrained, let error = error as? CheckpointError { return error.explanation }
    return "\(error)"
  }

  /// The adapter in `folder`, if it has the data's classes.
  private static func adapter(
    in folder: String, base: CheckpointFolder, classNames: [String]
  ) throws -> AdapterFolder {
    let adapter = try AdapterFolder(path: folder, base: base)
    func refusal(_ reason: String) -> CheckpointError {
      CheckpointError(file: folder, problem: .invalidAdapter(reason: reason))
    }
    // A language model has no classes.
    if classNames.isEmpty { return adapter }
    let data = classNames.joined(separator: ", ")
    guard adapter.labels.count == classNames.count else {
      throw refusal(
        "the adapter has \(adapter.labels.count) classes, but the data have \(classNames.count) (\(data))")
    }
    guard !adapter.hasNamedLabels || adapter.labels == classNames else {
      let own = adapter.labels.joined(separator: ", ")
      let advice = Set(adapter.labels) == Set(classNames) ? "; set data.classes: [\(own)]" : ""
      throw refusal("the adapter's classes are \(own), but the data's classes are \(data), in this order\(advice)")
    }
    return adapter
  }
}

extension AdaptationMethod {
  /// nil for an arm that is not trained: its files say how it adapts the base.
  package init?(_ arm: Arm) {
    switch arm {
    case .adapter: return nil
    case .head, .base: self = .head
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
        LoRAConfiguration(
          rank: settings.rank, alpha: settings.alpha, targets: settings.targets, layers: layers,
          dropout: settings.dropout, isRankStabilized: settings.isRankStabilized))
    }
  }
}

extension AdapterFolder {
  /// The digest of the adapter's files.
  fileprivate func contentHash() throws -> ContentHash {
    var hasher = ContentHasher()
    for name in ["adapter_config.json", "adapter_model.safetensors"] {
      hasher.combine(name)
      hasher.combine(try ContentHash(of: FileBytes.read("\(path)/\(name)")))
    }
    return hasher.finish()
  }
}

extension Specification.Task {
  /// The model's head.
  func head(classes: Int) -> ModelHead { isClassification ? .classifier(labels: classes) : .languageModel }
}
