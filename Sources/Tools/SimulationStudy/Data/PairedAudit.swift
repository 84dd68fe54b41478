import Metrics
import Support

/// How the arms of a simulated audit are drawn.
enum PairedDraw: Sendable {
  /// One seed, and one arm in addition to the reference.
  case cells(PairedCells)
  /// The reference first, then the arms.
  case model(CorrectnessModel)

  var clusterSize: Int {
    switch self {
    case .cells(let cells): cells.clusterSize
    case .model(let model): model.clusterSize
    }
  }
}

/// A simulated audit of arms against full fine-tuning, in groups of equal size.
struct PairedAudit: Sendable {
  /// What is drawn in each group.
  let groups: [PairedDraw]
  let size: Int
  let items: EvaluationItems
  static let rule = DecisionRule(metric: .accuracy, margin: Study.margin, minimumGroupSize: 20)

  init(groups: [PairedDraw], size: Int) {
    self.groups = groups
    self.size = size
    items = .planted(groups: groups.count, size: size, clusterSize: groups.first?.clusterSize ?? 1)
  }

  /// The comparisons of one audit: over all items first where that is wanted, then by arm and group.
  func comparisons(key: RandomKey, isOverallIncluded: Bool = false) throws(StudyError) -> [PairedComparison] {
    do throws(EvaluationError) {
      return try PairedComparison.family(
        drawn(key: key[.data]), of: .correctness, items: items, rule: Self.rule, isOverallIncluded: isOverallIncluded,
        resamples: Study.resamples, key: key[.audit])
    } catch {
      throw .evaluation(error)
    }
  }

  private func drawn(key: RandomKey) -> [ScoreComparison] {
    // By arm, seed and item; the reference comes first.
    var correct: [[[Double]]] = []
    for (number, group) in groups.enumerated() {
      let own: [[[Double]]]
      switch group {
      case .cells(let cells):
        let pair = cells.draw(items: size, key: key[number])
        own = [[pair.reference], [pair.arm]]
      case .model(let model): own = model.draw(items: size, key: key[number])
      }
      correct = correct.isEmpty ? own : zip(correct, own).map { zip($0, $1).map { $0 + $1 } }
    }
    return correct.indices.dropFirst().map { arm in
      ScoreComparison(
        ArmComparison(arm: "lora-\(arm)", reference: "full"), arm: correct[arm], reference: correct[0])
    }
  }
}
