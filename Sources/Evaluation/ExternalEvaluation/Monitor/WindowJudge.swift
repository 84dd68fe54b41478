import Metrics
import Report
import Statistics

/// Judges a policy by one window: by labels where there are any, otherwise by what is known without them.
struct WindowJudge {
  let policy: Policy
  let arm: String
  /// The reference's groups, whether or not the window has items of them.
  let groups: [GroupName]
  let figures: [GroupFigures]
  let missingColumns: [String]
  /// The results on the labelled items; nil without any.
  let labelled: Results?

  /// Every rule for every group that it is about. A rule about every group is also about those that the window has no items of.
  var judgements: [Judgement] {
    policy.rules.flatMap { rule -> [Judgement] in
      switch rule.groups {
      case .all: [judge(rule, group: nil)]
      case .every: (groups + figures.filter(\.isUnseen).compactMap(\.group)).map { judge(rule, group: $0) }
      case .one(let column, let value): [judge(rule, group: GroupName(column: column, value: value))]
      }
    }
  }

  private func judge(_ rule: Policy.Rule, group: GroupName?) -> Judgement {
    var rule = rule
    if let group { rule.groups = .one(column: group.column, value: group.value) }
    if case .margin = rule.demand {
      return insufficient(rule, group, WindowReasons.oneModel)
    }
    if rule.metric == .attackArea {
      return insufficient(rule, group, WindowReasons.noAttack)
    }
    guard let own = figures.first(where: { $0.group == group }) else {
      let column = group.flatMap { name in missingColumns.first(where: FrozenGroups.parts(of: name.column).contains) }
      let unknown = group.flatMap { groups.contains($0) ? nil : WindowReasons.noSuchGroup($0) }
      return insufficient(
        rule, group, unknown ?? column.map { "the window has no column \($0)" } ?? WindowReasons.noItems)
    }
    let byLabels = own.labelled > 0 ? labelled.flatMap { single(rule).judge($0).first } : nil
    guard own.labelled < own.n || byLabels == nil else {
      return byLabels ?? insufficient(rule, group, WindowReasons.noLabels)
    }
    let without = judgeWithoutLabels(rule, own)
    // Whether an item is selected needs no label; beyond that, the unlabelled items can raise an alarm and no more.
    if rule.metric == .selectionRate || without.outcome == .broken { return without }
    return byLabels ?? without
  }

  private func single(_ rule: Policy.Rule) -> Policy {
    Policy(
      owner: nil, deadline: nil, minimumSize: policy.minimumSize, minimumClusters: policy.minimumClusters,
      arms: [arm], rules: [rule])
  }

  private func insufficient(_ rule: Policy.Rule, _ group: GroupName?, _ reason: String) -> Judgement {
    Judgement(
      arm: arm, group: group?.selector, rule: rule, outcome: .insufficient, figure: nil, reason: reason)
  }

  private func judgeWithoutLabels(_ rule: Policy.Rule, _ own: GroupFigures) -> Judgement {
    let found: Measured<Figure>
    var mayBreak = true
    var isMeasured = false
    var reason = WindowReasons.estimated
    switch rule.metric {
    case .selectionRate:
      isMeasured = true
      found = own.selectionRate.map {
        Figure(value: $0.value, lower: $0.interval.lower, upper: $0.interval.upper, n: $0.n)
      }
    case .accuracy, .signedGap:
      found = Self.figure(rule.metric, of: own)
      if own.estimate.value?.isBorrowed == true {
        mayBreak = false
        reason = WindowReasons.borrowed
      }
    default: return insufficient(rule, own.group, WindowReasons.noLabels)
    }
    guard case .value(let figure) = found else {
      if case .undefined(let why, _) = found { return insufficient(rule, own.group, why) }
      return insufficient(rule, own.group, "undefined")
    }
    func judgement(_ outcome: Judgement.Outcome, _ reason: String?) -> Judgement {
      Judgement(
        arm: arm, group: own.group?.selector, rule: rule, outcome: outcome, figure: figure, reason: reason)
    }
    if own.group != nil, own.n < policy.minimumSize {
      return judgement(.insufficient, GateReasons.tooFew(own.n, minimum: policy.minimumSize))
    }
    let outcome = rule.demand.outcome(figure)
    if isMeasured { return judgement(outcome, nil) }
    return judgement(outcome == .broken && mayBreak ? .broken : .insufficient, reason)
  }

  /// Accuracy as estimated, or mean confidence minus it.
  private static func figure(_ metric: Policy.Metric, of own: GroupFigures) -> Measured<Figure> {
    switch own.estimate {
    case .undefined(let reason, let n): return .undefined(reason: reason, n: n)
    case .value(let estimate):
      switch estimate.accuracy.interval {
      case .undefined(let reason, let n): return .undefined(reason: reason, n: n)
      case .value(let interval):
        let accuracy = Figure(
          value: estimate.accuracy.value, lower: interval.lower, upper: interval.upper, n: own.n)
        guard metric == .signedGap else { return .value(accuracy) }
        let confidence = estimate.meanConfidence
        return .value(
          Figure(
            value: confidence - accuracy.value, lower: confidence - accuracy.upper, upper: confidence - accuracy.lower,
            n: own.n))
      }
    }
  }
}
