import Metrics
import Statistics
import Support

/// How the arms of a simulated audit are drawn in a group.
enum PairedDraw: Sendable {
  /// One seed, and one arm in addition to the reference.
  case cells(PairedCells)
  /// The reference first, then the arms.
  case model(CorrectnessModel)

  var layout: ClusterLayout {
    switch self {
    case .cells(let cells): cells.layout
    case .model(let model): model.layout
    }
  }

  /// Of the difference between the first arm and the reference.
  func variance(items: Int) -> TwoWayVariance {
    switch self {
    case .cells(let cells): cells.variance(items: items)
    case .model(let model): model.variance(items: items)
    }
  }
}

/// One group of a simulated audit.
struct PairedGroup: Sendable {
  var draw: PairedDraw
  var size: Int
}

/// A simulated audit of arms against full fine-tuning.
struct PairedAudit: Sendable {
  let groups: [PairedGroup]
  /// Whether a seed's model is better or worse in all groups by as much; otherwise every group has its own effects.
  let areSeedsShared: Bool
  let items: EvaluationItems
  static let rule = DecisionRule(metric: .accuracy, margin: Study.margin, minimumGroupSize: 20)

  init(groups: [PairedGroup], areSeedsShared: Bool = true) {
    self.groups = groups
    self.areSeedsShared = areSeedsShared
    items = .planted(groups: groups.map { ($0.size, $0.draw.layout) })
  }

  /// One group.
  init(_ draw: PairedDraw, size: Int) { self.init(groups: [PairedGroup(draw: draw, size: size)]) }

  /// The comparisons of one audit: over all items first where that is wanted, then by arm and group.
  func comparisons(key: RandomKey, isOverallIncluded: Bool = false) throws(StudyError) -> [PairedComparison] {
    try comparisons(drawn(key: key[.data]), key: key, isOverallIncluded: isOverallIncluded)
  }

  private func comparisons(
    _ drawn: [ScoreComparison], key: RandomKey, isOverallIncluded: Bool = false
  ) throws(StudyError) -> [PairedComparison] {
    do throws(EvaluationError) {
      return try PairedComparison.family(
        drawn, of: .correctness, items: items, rule: Self.rule, isOverallIncluded: isOverallIncluded,
        resamples: Study.resamples, key: key[.audit])
    } catch {
      throw .evaluation(error)
    }
  }

  /// The first group's comparison of the first arm as a finding about its true difference: that of these models with
  /// one or two seeds, of the method from three on.
  func finding(key: RandomKey) throws(StudyError) -> IntervalFinding {
    let drawn = drawn(key: key[.data])
    guard let group = groups.first, let comparison = try comparisons(drawn, key: key).first else {
      throw .undefinedFigure("A comparison")
    }
    return IntervalFinding(
      estimate: comparison.estimate, interval: comparison.interval, truth: difference(of: group, number: 0, key: key),
      shown: drawn.first.map { discordantClusters($0, of: group) } ?? 0)
  }

  /// Over all items, as `finding(key:)`.
  func overallFinding(key: RandomKey) throws(StudyError) -> IntervalFinding {
    guard let comparison = try comparisons(key: key, isOverallIncluded: true).first else {
      throw .undefinedFigure("A comparison")
    }
    let truth = groups.enumerated().reduce(0) { sum, group in
      sum + Double(group.element.size) * difference(of: group.element, number: group.offset, key: key)
    }
    return IntervalFinding(
      estimate: comparison.estimate, interval: comparison.interval, truth: truth / Double(items.count))
  }

  private func difference(of group: PairedGroup, number: Int, key: RandomKey) -> Double {
    switch group.draw {
    case .cells(let cells): return cells.difference
    case .model(let model):
      guard model.seeds < TwoWayVariance.fewestSeeds else { return model.accuracies[1] - model.accuracies[0] }
      let own = model.accuracies(key: seedKey(of: number, in: key[.data]))
      return zip(own[1], own[0]).reduce(0) { $0 + $1.0 - $1.1 } / Double(model.seeds)
    }
  }

  /// The clusters of the first group in which the arm is worse, or those in which it is better where they are fewer.
  private func discordantClusters(_ drawn: ScoreComparison, of group: PairedGroup) -> Int {
    var sums = [Double](repeating: 0, count: group.draw.layout.sizes(items: group.size).count)
    for (item, cluster) in group.draw.layout.numbers(items: group.size).enumerated() {
      sums[cluster] += zip(drawn.arm, drawn.reference).reduce(0) { $0 + $1.0[item] - $1.1[item] }
    }
    return min(sums.count { $0 < 0 }, sums.count { $0 > 0 })
  }

  private func seedKey(of group: Int, in key: RandomKey) -> RandomKey { areSeedsShared ? key : key[group] }

  private func drawn(key: RandomKey) -> [ScoreComparison] {
    // By arm, seed and item; the reference comes first.
    var correct: [[[Double]]] = []
    for (number, group) in groups.enumerated() {
      let own: [[[Double]]]
      switch group.draw {
      case .cells(let cells):
        let pair = cells.draw(items: group.size, key: key[number])
        own = [[pair.reference], [pair.arm]]
      case .model(let model):
        own = model.draw(items: group.size, key: key[number], seedKey: seedKey(of: number, in: key))
      }
      correct = correct.isEmpty ? own : zip(correct, own).map { zip($0, $1).map { $0 + $1 } }
    }
    return correct.indices.dropFirst().map { arm in
      ScoreComparison(
        ArmComparison(arm: "lora-\(arm)", reference: "full"), arm: correct[arm], reference: correct[0])
    }
  }
}
