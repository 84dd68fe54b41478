internal import MembershipInference
internal import Metrics
internal import Statistics

/// The figures that policies can speak of.
extension Results {
  /// The arms that classes were measured of.
  package var evaluatedArms: [String] { evaluations.map(\.arm) }

  /// The declared comparisons in groups: every arm in every group, in the order of the document.
  var groupComparisons: [PairedComparison] { comparisons.filter { $0.group != nil } }

  /// The arms that are compared with another; nil where none are.
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

  /// - Parameter isDifference: of the arm and what it is compared with.
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
  /// The attack that stands for all of an arm's: the one that arms are compared by, otherwise the first likelihood-ratio
  /// attack, or the first.
  func leading(rule: Attack?) -> AttackEvaluation? {
    first { $0.attack == rule } ?? first { $0.attack.name == "lira" } ?? first
  }
}

extension Figure {
  init(_ value: Double, _ interval: Interval, n: Int) {
    self.init(value: value, lower: interval.lower, upper: interval.upper, n: n)
  }

  /// Undefined where the figure or its interval is.
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
