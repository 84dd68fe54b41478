import Fairness

extension AuditReport {
  /// The declared comparisons: a forest plot for every arm and its reference.
  var comparisonsSection: Section {
    let plots = fairness.judgedArms.map { judged -> HTML in
      let comparisons = fairness.comparisons.filter { $0.arm == judged.arm && $0.reference == judged.reference }
      let plot = ForestPlot(
        rows: comparisons.map { ForestPlot.Row(comparison: $0, verdict: $0.verdictText(rule: fairness.rule)) },
        style: style(of: judged.arm), margin: fairness.rule.margin, extent: extent)
      return "<h3>\(armLabel(judged.arm)) minus \(judged.reference)</h3>\(plot.html)"
    }
    let caption: HTML = """
      <p class="note">Same items, same seeds in both arms. Points are seed-averaged differences of accuracy with 95 % \
      intervals that resample whole clusters; left of the dashed margin an arm is worse than was agreed to accept. \
      The difference over all items is exploratory.</p>
      """
    return Section(
      anchor: "comparisons", title: "Paired comparison", body: plots.isEmpty ? .empty : "\(caption)\(plots)")
  }

  private var extent: [Double] {
    fairness.comparisons.flatMap { [$0.interval.lower, $0.interval.upper] }
  }
}
