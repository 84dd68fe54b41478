import Metrics
import Statistics

extension PairedComparison {
  /// "all items" or the group.
  var groupText: String { group?.description ?? "all items" }

  /// "−4.1 points [−7.9, −0.5]".
  package var estimateText: String { "\(Figures.points(estimate)) points \(Figures.points(interval))" }

  /// The verdict in plain words, with what it rests on.
  func verdictText(rule: DecisionRule) -> String {
    let text =
      switch verdict {
      case .withinMargin: "within the margin of \(Figures.margin(rule.margin)) points"
      case .differenceConfirmed:
        if let adjusted = adjustedPValue.value {
          "difference confirmed (Holm \(Figures.pValue(adjusted)))"
        } else {
          "difference (\(Figures.pValue(pValue)))"
        }
      case .notEnoughData(let because, let moreItems):
        "not enough data (\(because.text(n: n, moreItems: moreItems)))"
      }
    return isInFamily ? text : text + ", exploratory"
  }
}

extension InsufficientData {
  /// What is missing: "about 140 more items".
  func text(n: Int, moreItems: Int?) -> String {
    let more = moreItems.map { "about \(Figures.count(Figures.about($0), "more item", "more items"))" }
    switch self {
    case .belowMinimumSize(let minimum):
      return "\(Figures.count(n, "item", "items")), minimum \(Figures.count(minimum))" + (more.map { "; \($0)" } ?? "")
    case .oneCluster: return more.map { "one cluster; \($0)" } ?? "all items are of one cluster"
    case .intervalTooWide: return more ?? "at this estimate no number of items would settle it"
    }
  }
}
