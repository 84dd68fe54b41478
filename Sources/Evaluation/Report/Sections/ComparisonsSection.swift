import Metrics
import Statistics

extension AuditReport {
  /// The declared comparisons: a forest plot for every arm and its reference.
  var comparisonsSection: Section {
    let plots =
      remedies == nil
      ? forestPlots(fairness.comparisons, margin: fairness.rule.margin) { $0.verdictText(rule: fairness.rule) }
      : forestPlots(fairness.comparisons, margin: nil) { $0.group == nil ? "exploratory" : toldText($0) }
    let others = forestPlots(fairness.exploratoryComparisons, margin: nil) { _ in "" }
    let caption: HTML = """
      <p class="note">Same items, same seeds in both arms. Points are seed-averaged differences of \(headlineName) with 95 % \
      intervals that resample whole clusters\(marginText). \
      The difference over all items is exploratory.</p>
      """
    return Section(
      anchor: "comparisons", title: "Paired comparison",
      body: plots.isEmpty && others.isEmpty
        ? .empty
        : """
        \(plots.isEmpty ? .empty : caption)\(plots)\(others.isEmpty ? .empty : exploratoryCaption)\(others)
        """)
  }

  /// Remedies are held to no margin.
  private var marginText: String {
    remedies == nil ? "; left of the dashed margin an arm is worse than was agreed to accept" : ""
  }

  private var exploratoryCaption: HTML {
    let isTrained = arms.contains { $0.kind == .head }
    return """
      <p class="note">Against the base \(isTrained ? "with a newly trained head" : "as it is"): what adapting gained. \
      Exploratory: these comparisons were not declared, are corrected for nothing and decide nothing.</p>
      """
  }

  /// A plot for every pair of arms.
  private func forestPlots(
    _ comparisons: [PairedComparison], margin: Double?, verdict: (PairedComparison) -> String
  ) -> [HTML] {
    var pairs: [ArmComparison] = []
    for comparison in comparisons {
      let pair = ArmComparison(arm: comparison.arm, reference: comparison.reference)
      if !pairs.contains(pair) { pairs.append(pair) }
    }
    return pairs.map { pair in
      let own = comparisons.filter { $0.arm == pair.arm && $0.reference == pair.reference }
      let plot = ForestPlot(
        rows: own.map { ForestPlot.Row(comparison: $0, verdict: verdict($0)) },
        style: style(of: pair.arm), margin: margin,
        extent: comparisons.flatMap { [$0.interval.lower, $0.interval.upper] })
      return "<h3>\(armLabel(pair.arm)) minus \(pair.reference)</h3>\(plot.html)"
    }
  }
}
