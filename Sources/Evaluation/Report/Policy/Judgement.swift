import MembershipInference
import Metrics
import Statistics
package import Support

/// The verdict on one rule, judged by the bound of the interval and not by the estimate.
package struct Judgement: Equatable, Sendable {
  package enum Outcome: String, Codable, Sendable, Comparable {
    case met
    /// The interval holds values on both sides, or there are too few items, or the figure is undefined.
    case insufficient
    case broken

    private var severity: Int { self == .met ? 0 : self == .insufficient ? 1 : 2 }
    package static func < (left: Outcome, right: Outcome) -> Bool { left.severity < right.severity }
  }

  package let arm: String
  /// nil for all items.
  package let group: String?
  package let rule: Policy.Rule
  package let outcome: Outcome
  /// nil if the figure is undefined.
  package let figure: Figure?
  /// Why the data do not suffice, where it is not the interval.
  package let reason: String?

  package init(
    arm: String, group: String?, rule: Policy.Rule, outcome: Outcome, figure: Figure?, reason: String? = nil
  ) {
    (self.arm, self.group, self.rule) = (arm, group, rule)
    (self.outcome, self.figure, self.reason) = (outcome, figure, reason)
  }
}

/// A figure with its interval.
package struct Figure: Codable, Equatable, Sendable {
  package let value: Double
  package let lower: Double
  package let upper: Double
  /// How many items it was computed from.
  package let n: Int

  package init(value: Double, lower: Double, upper: Double, n: Int) {
    (self.value, self.lower, self.upper, self.n) = (value, lower, upper, n)
  }
}

extension Policy.Demand {
  /// The verdict of an interval on the rule; for a margin, it is the interval of the difference.
  package func outcome(_ figure: Figure) -> Judgement.Outcome {
    let (isMet, isBroken) =
      switch self {
      case .atLeast(let limit): (figure.lower >= limit, figure.upper < limit)
      case .atMost(let limit): (figure.upper <= limit, figure.lower > limit)
      case .margin(let margin): (figure.lower > -margin, figure.upper < -margin)
      }
    return isMet ? .met : isBroken ? .broken : .insufficient
  }
}

extension Policy {
  /// Judges every rule for every arm and group that it is about, in order.
  package func judge(_ results: Results) -> [Judgement] {
    let judged = arms ?? results.comparedArms ?? results.evaluatedArms
    return judged.flatMap { arm in
      rules.flatMap { rule in
        results.groups(of: rule.groups).map { group in judge(rule, arm: arm, group: group, results: results) }
      }
    }
  }

  private func judge(_ rule: Rule, arm: String, group: GroupName?, results: Results) -> Judgement {
    func judgement(_ outcome: Judgement.Outcome, _ figure: Figure?, _ reason: String? = nil) -> Judgement {
      Judgement(
        arm: arm, group: group?.selector, rule: rule, outcome: outcome, figure: figure, reason: reason)
    }
    guard results.evaluatedArms.contains(arm) else { return judgement(.insufficient, nil, "there is no arm \(arm)") }
    if let group, !results.groups.contains(where: { $0.name == group }) {
      return judgement(
        .insufficient, nil,
        results.pooledGroups.contains { $0.name == group }
          ? GateReasons.pooled : "there is no group \(group.selector)")
    }
    let isDifference = if case .margin = rule.demand { true } else { false }
    switch results.figure(rule.metric, arm: arm, group: group, isDifference: isDifference) {
    case .undefined(let reason, _): return judgement(.insufficient, nil, reason)
    case .value(let figure):
      if group != nil, figure.n < minimumSize {
        return judgement(.insufficient, figure, GateReasons.tooFew(figure.n, minimum: minimumSize))
      }
      let clusters = results.clusters(rule.metric, arm: arm, group: group, isDifference: isDifference)
      if group != nil, let clusters, clusters < minimumClusters {
        return judgement(.insufficient, figure, GateReasons.tooFewClusters(clusters, minimum: minimumClusters))
      }
      return judgement(rule.demand.outcome(figure), figure)
    }
  }
}

/// All judgements of a policy.
package struct GateOutcome: Codable, Equatable, Sendable {
  package let policy: Policy
  package let judgements: [Judgement]
  /// Whether the policy is another one than the one that was fixed before the run; results hold only that one.
  package var isChosenAfterwards = false

  private enum CodingKeys: String, CodingKey {
    case policy = "fixed"
    case judgements
  }

  package init(policy: Policy, results: Results, isChosenAfterwards: Bool) {
    self.policy = policy
    self.isChosenAfterwards = isChosenAfterwards
    judgements = policy.judge(results)
  }

  /// The worst of all; a policy that judges nothing does not suffice.
  package var outcome: Judgement.Outcome { judgements.map(\.outcome).max() ?? .insufficient }

  package var exitCode: Int32 { outcome.exitCode }

  /// Broken rules first, met rules last; within each, in the order of arms and rules.
  package var worstFirst: [Judgement] {
    judgements.enumerated().sorted {
      ($0.element.outcome, -$0.offset) > ($1.element.outcome, -$1.offset)
    }.map(\.element)
  }
}

extension Judgement.Outcome {
  /// 0 when met, 2 when broken, 3 when the data do not suffice.
  package var exitCode: Int32 {
    switch self {
    case .met: CommandStatus.success.rawValue
    case .broken: CommandStatus.policyBroken.rawValue
    case .insufficient: CommandStatus.notEnoughData.rawValue
    }
  }
}

extension GateOutcome: DerivedFields {
  package var derivedFields: [String: JSONValue] { ["outcome": .string(outcome.rawValue)] }
}

/// Where there is no figure or no reason, its key is left out.
extension Judgement: Codable {
  private enum CodingKeys: CodingKey {
    case arm, group, rule, outcome, figure, reason
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      arm: try container.decode(String.self, forKey: .arm), group: try container.decode(String?.self, forKey: .group),
      rule: try container.decode(Policy.Rule.self, forKey: .rule),
      outcome: try container.decode(Outcome.self, forKey: .outcome),
      figure: try container.decodeIfPresent(Figure.self, forKey: .figure),
      reason: try container.decodeIfPresent(String.self, forKey: .reason))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(arm, forKey: .arm)
    try container.encode(group, forKey: .group)
    try container.encode(rule, forKey: .rule)
    try container.encode(outcome, forKey: .outcome)
    if let figure { try container.encode(figure, forKey: .figure) }
    if let reason { try container.encode(reason, forKey: .reason) }
  }
}

/// The figures that a policy can demand.
extension Results {
  /// The arms that were evaluated.
  package var evaluatedArms: [String] { evaluations.map(\.arm) }

  /// The declared comparisons in groups: every arm in every group, in the order of the document.
  var groupComparisons: [PairedComparison] { comparisons.filter { $0.group != nil } }

  /// The arms that are compared with another; nil if none are.
  var comparedArms: [String]? {
    var arms: [String] = []
    for comparison in comparisons where !arms.contains(comparison.arm) { arms.append(comparison.arm) }
    return arms.isEmpty ? nil : arms
  }

  func groups(of wanted: Policy.Groups) -> [GroupName?] {
    switch wanted {
    case .all: [nil]
    case .every: groups.map(\.name)
    case .one(let column, let value): [GroupName(column: column, value: value)]
    }
  }

  /// The number of clusters that a figure rests on; nil if the arm has no such figure.
  func clusters(_ metric: Policy.Metric, arm: String, group: GroupName?, isDifference: Bool) -> Int? {
    let rates = evaluations.first { $0.arm == arm }?.overSeeds
    guard let found = rates.flatMap({ ([$0.overall] + $0.groups).first { $0.group == group } }), !isDifference else {
      return comparisons.first { $0.arm == arm && $0.group == group }?.clusters
    }
    return switch metric {
    case .truePositiveRate: found.truePositiveRate.value?.clusters
    case .falsePositiveRate: found.falsePositiveRate.value?.clusters
    case .precision: found.precision.value?.clusters
    case .accuracy, .selectionRate, .f1, .signedGap, .attackArea: found.clusters
    }
  }

  /// - Parameter isDifference: Whether the difference to the reference is demanded, instead of the figure itself.
  func figure(_ metric: Policy.Metric, arm: String, group: GroupName?, isDifference: Bool) -> Measured<Figure> {
    if isDifference {
      guard let found = comparisons.first(where: { $0.arm == arm && $0.group == group }) else {
        return .undefined(reason: "\(arm) is not compared with another arm", n: 0)
      }
      return .value(Figure(found.estimate, found.interval, n: found.n))
    }
    if metric == .attackArea {
      guard let attacked = privacy.value?.arms.first(where: { $0.arm == arm }),
        let attack = attacked.attacks.leading(rule: privacy.value?.decision?.attack),
        let measures = ([attack.overall] + attack.groups).first(where: { $0.group == group })
      else { return .undefined(reason: "membership inference was not measured", n: 0) }
      return Figure.of(measures.areaUnderCurve, n: measures.n)
    }
    guard let evaluation = evaluations.first(where: { $0.arm == arm }) else {
      return .undefined(reason: "there is no arm \(arm)", n: 0)
    }
    if metric == .signedGap {
      guard let found = evaluation.calibration.all.first(where: { $0.group == group }) else {
        return .undefined(reason: "no group", n: 0)
      }
      return Figure.of(.value(found.signedGap), n: found.n)
    }
    guard let rates = ([evaluation.overSeeds.overall] + evaluation.overSeeds.groups).first(where: { $0.group == group })
    else { return .undefined(reason: "no group", n: 0) }
    func share(_ found: Measured<Proportion>) -> Measured<Figure> {
      found.map { Figure($0.value, $0.interval, n: $0.n) }
    }
    switch metric {
    case .accuracy: return share(.value(rates.accuracy))
    case .truePositiveRate: return share(rates.truePositiveRate)
    case .falsePositiveRate: return share(rates.falsePositiveRate)
    case .selectionRate: return share(rates.selectionRate)
    case .precision: return share(rates.precision)
    case .f1: return Figure.of(rates.f1, n: rates.n)
    case .signedGap, .attackArea: return .undefined(reason: "no such figure", n: 0)
    }
  }
}

extension [AttackEvaluation] {
  /// The attack that represents all of an arm's attacks: the one that arms are compared by, otherwise the first
  /// likelihood-ratio attack, or the first.
  func leading(rule: Attack?) -> AttackEvaluation? {
    first { $0.attack == rule } ?? first { $0.attack.name == "lira" } ?? first
  }
}

extension Figure {
  init(_ value: Double, _ interval: Interval, n: Int) {
    self.init(value: value, lower: interval.lower, upper: interval.upper, n: n)
  }

  /// Undefined if the figure or its interval is.
  static func of(_ estimate: Measured<Estimate>, n: Int) -> Measured<Figure> {
    switch estimate {
    case .undefined(let reason, let n): .undefined(reason: reason, n: n)
    case .value(let estimate): estimate.interval.map { Figure(estimate.value, $0, n: n) }
    }
  }
}

extension GroupName {
  /// COLUMN=VALUE, as policies name a group.
  package var selector: String { "\(column)=\(value)" }
}
