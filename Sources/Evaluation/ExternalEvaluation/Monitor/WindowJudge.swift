import Metrics
package import Report
import Statistics

/// A judged demand of the policy, and what its breach may be by chance.
///
/// A demand is met by the bound of the window's own 95 % interval: the whole is met only where every demand of every
/// window is, which needs no correction. It is broken where the interval lies beyond the limit even after the correction
/// for all windows of the series, for one alarm is enough. As in `tenbin gate`, every demand stands for itself.
package struct JudgedDemand: Equatable, Sendable {
  package var judgement: Judgement
  /// Of a figure as far on the wrong side of the limit, two-sided: below .05 where the 95 % interval lies beyond it. nil
  /// if the demand cannot be broken, because the figure is undefined or there are too few items.
  package let pValue: Double?
  /// After the correction, nil before it.
  package private(set) var adjustedPValue: Double?

  /// The demand and the group that it is about, the same in every window.
  var name: String {
    let limit =
      switch judgement.rule.demand {
      case .atLeast(let limit): "at least \(limit)"
      case .atMost(let limit): "at most \(limit)"
      case .margin(let margin): "margin \(margin)"
      }
    return "\(judgement.rule.metric.rawValue), \(judgement.group ?? "all"), \(limit)"
  }

  init(_ judgement: Judgement, pValue: Double? = nil) {
    (self.judgement, self.pValue) = (judgement, pValue)
  }

  /// - Parameter value: nil if there is no p-value.
  func corrected(_ value: Double?) -> JudgedDemand {
    guard let value else { return self }
    var corrected = self
    corrected.adjustedPValue = value
    guard judgement.outcome == .broken, value >= SeriesCorrection.level else { return corrected }
    corrected.judgement = Judgement(
      arm: judgement.arm, group: judgement.group, rule: judgement.rule, outcome: .insufficient,
      figure: judgement.figure, reason: WindowReasons.byChance(value))
    return corrected
  }
}

extension Policy.Demand {
  /// The p-value that `JudgedDemand` describes; 1 for a figure on the right side of the limit.
  ///
  /// - Parameters:
  ///   - isProportion: Whether the interval is Wilson's, which asks for the spread at the limit and not at the estimate.
  ///   - degreesOfFreedom: Of the interval's quantile.
  func breachPValue(_ figure: Figure, isProportion: Bool, degreesOfFreedom: Double) -> Double {
    let (limit, bound) =
      switch self {
      case .atLeast(let limit): (limit, figure.upper)
      case .atMost(let limit): (limit, figure.lower)
      case .margin(let margin): (-margin, figure.upper)
      }
    let isBelow = if case .atMost = self { false } else { true }
    guard isBelow ? figure.value < limit : figure.value > limit, bound != figure.value else { return 1 }
    var ratio = (limit - figure.value) / (bound - figure.value)
    if isProportion {
      func spread(_ share: Double) -> Double { max(0, share * (1 - share)).squareRoot() }
      // A limit of 0 or 1 leaves no spread: one success, or failure, would refute it.
      guard spread(bound) > 0 else { return 1 }
      ratio = spread(limit) > 0 ? ratio * spread(bound) / spread(limit) : ratio
    }
    return FewClusters.pValue(ratioToBound: ratio, degreesOfFreedom: degreesOfFreedom)
  }
}

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
  var demands: [JudgedDemand] {
    policy.rules.flatMap { rule -> [JudgedDemand] in
      switch rule.groups {
      case .all: [judge(rule, group: nil)]
      case .every: (groups + figures.filter(\.isUnseen).compactMap(\.group)).map { judge(rule, group: $0) }
      case .one(let column, let value): [judge(rule, group: GroupName(column: column, value: value))]
      }
    }
  }

  private func judge(_ rule: Policy.Rule, group: GroupName?) -> JudgedDemand {
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
    let byLabels = own.labelled > 0 ? judgeByLabels(rule, own) : nil
    guard own.labelled < own.n || byLabels == nil else {
      return byLabels ?? insufficient(rule, group, WindowReasons.noLabels)
    }
    let without = judgeWithoutLabels(rule, own)
    guard let byLabels, let first = byLabels.pValue, let second = without.pValue else {
      // Whether an item is selected needs no label; beyond that, the unlabelled items can raise an alarm and no more.
      if rule.metric == .selectionRate || without.judgement.outcome == .broken { return without }
      return byLabels ?? without
    }
    if rule.metric == .selectionRate { return without }
    // Judged twice: the one that says more counts, at twice its p-value.
    let chosen = without.judgement.outcome == .broken && second < first ? without : byLabels
    return JudgedDemand(chosen.judgement, pValue: chosen.pValue.map { min(1, 2 * $0) })
  }

  private func judgeByLabels(_ rule: Policy.Rule, _ own: GroupFigures) -> JudgedDemand? {
    let single = Policy(
      owner: nil, deadline: nil, minimumSize: policy.minimumSize, minimumClusters: policy.minimumClusters, arms: [arm],
      rules: [rule])
    guard let judgement = labelled.flatMap({ single.judge($0).first }) else { return nil }
    guard let figure = judgement.figure, judgement.reason == nil else { return JudgedDemand(judgement) }
    let isProportion = ![.f1, .signedGap].contains(rule.metric)
    return JudgedDemand(
      judgement,
      pValue: rule.demand.breachPValue(
        figure, isProportion: isProportion, degreesOfFreedom: own.labelledDegreesOfFreedom))
  }

  private func insufficient(_ rule: Policy.Rule, _ group: GroupName?, _ reason: String) -> JudgedDemand {
    JudgedDemand(
      Judgement(arm: arm, group: group?.selector, rule: rule, outcome: .insufficient, figure: nil, reason: reason))
  }

  private func judgeWithoutLabels(_ rule: Policy.Rule, _ own: GroupFigures) -> JudgedDemand {
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
      return JudgedDemand(judgement(.insufficient, GateReasons.tooFew(own.n, minimum: policy.minimumSize)))
    }
    // Infinite where every item is a cluster.
    if own.group != nil, own.degreesOfFreedom + 1 < Double(policy.minimumClusters) {
      return JudgedDemand(
        judgement(
          .insufficient,
          GateReasons.tooFewClusters(Int(own.degreesOfFreedom + 1), minimum: policy.minimumClusters)))
    }
    let outcome = rule.demand.outcome(figure)
    guard isMeasured || mayBreak else { return JudgedDemand(judgement(.insufficient, reason)) }
    let pValue = rule.demand.breachPValue(
      figure, isProportion: isMeasured, degreesOfFreedom: own.degreesOfFreedom)
    if isMeasured { return JudgedDemand(judgement(outcome, nil), pValue: pValue) }
    return JudgedDemand(judgement(outcome == .broken ? .broken : .insufficient, reason), pValue: pValue)
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
