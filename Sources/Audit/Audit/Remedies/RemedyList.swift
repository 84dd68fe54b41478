package import Checkpoints
internal import Foundation
package import Planning
package import Report
package import Specification

/// The remedies that an arm leaves to be tried for a group.
package struct RemedyList: Sendable, Equatable {
  /// The arm that is to be helped.
  package let arm: Arm
  package let group: GroupInNeed
  package let remedies: [Remedy]
  /// Remedies that cannot be tried on these data.
  package let leftOut: [RemedyFindings.LeftOut]

  /// - Parameters:
  ///   - wanted: the name of the arm; of the only LoRA arm when left out.
  ///   - architecture: of the base: other layers and ranks must fit it.
  ///   - specification, plan: of the audit.
  /// - Throws: `RemedyError` if there is no such arm or group, or the group is not evaluated by itself.
  package init(
    arm wanted: String?, group: GroupInNeed, specification: Specification, plan: Plan,
    architecture: any ModelArchitecture
  ) throws(RemedyError) {
    arm = try Self.arm(wanted, of: specification)
    self.group = group
    guard let members = plan.input.groups.first(where: { $0.column == group.column && $0.value == group.value }) else {
      let known = plan.input.groups.map { "\($0.column)=\($0.value)" }.joined(separator: ", ")
      throw RemedyError("there is no group \(group); expected one of: \(known)")
    }
    try Self.requireAlone(members, plan: plan, minimum: specification.decision.minimumGroup)
    let training = Set(plan.splits.train)
    let size = members.members.count { training.contains($0) }
    let largest =
      plan.input.groups.filter { $0.column == group.column }
      .map { $0.members.count { training.contains($0) } }.max() ?? size
    var remedies: [Remedy] = []
    var leftOut: [RemedyFindings.LeftOut] = []
    func leave(_ name: String, _ reason: String) {
      leftOut.append(RemedyFindings.LeftOut(name: name, reason: reason))
    }
    if size == 0 { leave("oversampling", "the train split has no items of \(group)") }
    if size > 0 {
      // As often as makes the group as large as the largest of its column, within reason.
      let repetitions = min(8, max(2, Int((Double(largest) / Double(size)).rounded())))
      remedies.append(
        Remedy(
          name: "oversampling", description: "every epoch sees \(group) \(repetitions) times",
          means: .training(
            SpecificationVariant(
              name: "\(specification.name), \(group) \(repetitions) times", arm: arm.named("oversampling"),
              oversampling: Oversampling(column: group.column, value: group.value, repetitions: repetitions)))))
    }
    if case .lora(let lora) = arm {
      remedies += Self.shapes(lora, specification: specification, architecture: architecture)
    }
    if arm != .full {
      remedies.append(
        specification.arms.contains(.full)
          ? Remedy(name: "full", description: "all weights, as in the audit itself", means: .arm(Arm.full.name))
          : Remedy(
            name: "full", description: "all weights",
            means: .training(SpecificationVariant(name: "\(specification.name), all weights", arm: .full))))
    }
    if plan.splits.validation.isEmpty {
      leave("temperature", "the split has no validation items to fit it to")
    } else {
      remedies.append(
        Remedy(
          name: "temperature", description: "logits divided by a temperature fitted to validation items",
          means: .temperature))
    }
    let validation = Set(plan.splits.validation)
    if plan.input.classes.count != 2 {
      leave("threshold", "there are \(plan.input.classes.count) classes; a threshold is of two")
    } else if !members.members.contains(where: validation.contains) {
      leave("threshold", "\(group) has no validation items to choose it on")
    } else {
      remedies.append(
        Remedy(
          name: "threshold", description: "a threshold of its own for \(group), chosen on its validation items",
          means: .threshold))
    }
    self.remedies = remedies
    self.leftOut = leftOut
  }

  /// A combination of groups with too few test items has no figures of its own, by which it could be seen to be helped.
  private static func requireAlone(_ group: PlanInput.Group, plan: Plan, minimum: Int) throws(RemedyError) {
    let test = Set(plan.splits.test)
    let size = group.members.count { test.contains($0) }
    guard group.isCombined, size < minimum else { return }
    throw RemedyError(
      "the group \(group.column)=\(group.value) has \(size) test \(size == 1 ? "item" : "items"), fewer than the "
        + "\(minimum) of decision.min_group, and is evaluated only together with others: nothing could be said of a "
        + "remedy for it; name a larger group")
  }

  private static func arm(_ wanted: String?, of specification: Specification) throws(RemedyError) -> Arm {
    if let wanted {
      guard let arm = specification.arms.first(where: { $0.name == wanted && $0.isTrained }) else {
        let known = specification.arms.filter(\.isTrained).map(\.name).joined(separator: ", ")
        throw RemedyError("there is no trained arm \(wanted); expected one of: \(known)")
      }
      return arm
    }
    let adapted = specification.arms.filter { if case .lora = $0 { true } else { false } }
    guard let only = adapted.first, adapted.count == 1 else {
      let known = specification.arms.filter(\.isTrained).map(\.name).joined(separator: ", ")
      throw RemedyError("name the arm that is to be helped with --arm; expected one of: \(known)")
    }
    return only
  }

  /// Other shapes of the same adaptation, as far as the base can take them.
  private static func shapes(
    _ lora: LoRASettings, specification: Specification, architecture: any ModelArchitecture
  ) -> [Remedy] {
    var remedies: [Remedy] = []
    func add(_ name: String, _ description: String, _ settings: LoRASettings) {
      var settings = settings
      settings.name = name
      remedies.append(
        Remedy(
          name: name, description: description,
          means: .training(
            SpecificationVariant(name: "\(specification.name), \(description)", arm: .lora(settings)))))
    }
    for factor in [4, 2] {
      var higher = lora
      higher.rank = lora.rank * factor
      // The update keeps its scale.
      higher.alpha = lora.alpha * (lora.isRankStabilized ? Double(factor).squareRoot() : Double(factor))
      guard fits(higher, architecture) else { continue }
      add("rank-\(higher.rank)", "rank \(higher.rank) in place of \(lora.rank)", higher)
      break
    }
    var wider = lora
    wider.targets = type(of: architecture).targets.map(\.name)
    wider.layers = .all
    let isWider = wider.layers != lora.layers || !covers(lora.targets, architecture)
    if isWider, fits(wider, architecture) {
      add("all-layers", "every linear layer of every block adapted", wider)
    }
    return remedies
  }

  private static func covers(_ targets: [String], _ architecture: any ModelArchitecture) -> Bool {
    type(of: architecture).targets.allSatisfy { target in targets.contains(where: target.answers) }
  }

  private static func fits(_ settings: LoRASettings, _ architecture: any ModelArchitecture) -> Bool {
    guard case .lora(let configuration)? = AdaptationMethod(.lora(settings)) else { return false }
    return (try? configuration.requireLowRank(in: architecture)) != nil
  }
}

extension Arm {
  /// The same arm under another name, where its kind can have one.
  fileprivate func named(_ name: String) -> Arm {
    guard case .lora(var settings) = self else { return self }
    settings.name = name
    return .lora(settings)
  }
}

/// Something that may help a group which an arm serves badly.
package struct Remedy: Sendable, Equatable {
  /// The name of its arm, its specification and its folder.
  package let name: String
  /// What it does, in a line.
  package let description: String
  package let means: Means

  package var needsTraining: Bool { if case .training = means { true } else { false } }

  package enum Means: Sendable, Equatable {
    /// Trained anew.
    case training(SpecificationVariant)
    /// Trained already, by the audit itself.
    case arm(String)
    /// All logits divided by a temperature that is fitted to validation items.
    case temperature
    /// The group's own threshold, of the highest accuracy among its validation items.
    case threshold
  }
}

/// A group, as it is named on the command line.
package struct GroupInNeed: Sendable, Equatable, CustomStringConvertible {
  package let column: String
  package let value: String

  /// - Parameter text: COLUMN=VALUE.
  package init(_ text: String) throws(RemedyError) {
    guard let sign = text.firstIndex(of: "="), sign > text.startIndex, text.index(after: sign) < text.endIndex else {
      throw RemedyError("--group is \"\(text)\"; expected COLUMN=VALUE, for example lighting=dusk")
    }
    column = String(text[..<sign])
    value = String(text[text.index(after: sign)...])
  }

  package var description: String { "\(column)=\(value)" }
}

/// Why no remedy can be tried or compared.
package struct RemedyError: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
