import Metrics
import Statistics

extension AuditReport {
  /// The declared comparisons: a forest plot for every arm and its reference.
  var comparisonsSection: Section {
    let plots =
      remedies == nil
      ? forestPlots(fairness.comparisons, margin: fairness.rule.margin) { $0.verdictText(rule: fairness.rule) }
      : forestPlots(fairness.comparisons, margin: nil) { $0.group == nil ? "exploratory" : significanceText($0) }
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

  /// Remedies are not judged by a margin.
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

/// Paired differences by group: estimate, interval, the margin, and the verdict in words.
struct ForestPlot {
  struct Row {
    var comparison: PairedComparison
    var verdict: String
  }

  var rows: [Row]
  var style: ArmStyle
  /// nil if none was agreed.
  var margin: Double?
  /// The range of all forest plots of a page, so that they can be compared.
  var extent: [Double]

  private static let (width, left, right) = (1_040.0, 206.0, 486.0)
  private static let rowHeight = 25.0

  var html: HTML {
    let scale = LinearScale(
      covering: extent + [0, -(margin ?? 0)], within: -1...1, minimumSpan: 0.02, from: Self.left, to: Self.right,
      tickCount: 7, endsOnTicks: false)
    let top = 22.0
    let bottom = top + Self.rowHeight * Double(rows.count) + 4
    let digits = scale.step < 0.0099 ? 1 : 0
    let axis = Axes.horizontal(
      scale, top: top, bottom: bottom, title: "difference of accuracy in points",
      label: {
        let text = Figures.fixed($0 * 100, digits: digits)
        return $0 > 0 && text != "0" ? "+" + text : text
      })
    let zero = scale.position(0)
    var (beyond, line): (HTML, HTML) = (.empty, .empty)
    if let limit = margin.map({ scale.position(-$0) }) {
      beyond = """
        <rect class="beyond" x="\(Self.left)" y="\(top)" width="\(limit - Self.left)" height="\(bottom - top)"/>
        """
      line = """
        <line class="limit" x1="\(limit)" x2="\(limit)" y1="\(top)" y2="\(bottom)"/>\
        <text class="tick" x="\(limit)" y="\(top - 7)" text-anchor="middle">margin</text>
        """
    }
    let drawn = rows.enumerated().map { index, row -> HTML in
      self.row(row, y: top + Self.rowHeight * (Double(index) + 0.5) + 2, scale: scale)
    }
    return Axes.drawing(
      width: Self.width, height: bottom + 42, title: "Paired differences by group",
      """
      \(beyond)\(axis)\
      <line class="zero" x1="\(zero)" x2="\(zero)" y1="\(top)" y2="\(bottom)"/>\
      \(line)\(drawn)
      """)
  }

  private func row(_ row: Row, y: Double, scale: LinearScale) -> HTML {
    let comparison = row.comparison
    return """
      <text class="label" x="\(Self.left - 16)" y="\(y + 4)" \
      text-anchor="end">\(comparison.groupText.shortened(to: 22)) \
      <tspan class="quiet">n \(Figures.count(comparison.n))</tspan></text>\
      \(Marks.whisker(comparison.interval, on: scale, y: y, style: style))\
      \(Marks.point(x: scale.position(comparison.estimate), y: y, style: style, size: 4.5))\
      <text class="figure" x="\(Self.right + 56)" y="\(y + 4)" text-anchor="end">\(Figures.points(comparison.estimate))\
      </text>\
      <text class="figure quiet" x="\(Self.right + 63)" y="\(y + 4)">\(Figures.points(comparison.interval))</text>\
      <text class="label" x="\(Self.right + 172)" y="\(y + 4)">\(row.verdict)</text>
      """
  }
}

extension AuditReport {
  /// One row for every comparison, over all items and in every group; those that were declared first.
  func comparisonsTable() -> CommaSeparatedTable {
    var table = CommaSeparatedTable(
      header: ["arm", "reference", "column", "group", "n", "clusters", "discordant_clusters", "estimate", "lower"]
        + ["upper", "interval_method", "seed_standard_deviation", "p_value", "test", "adjusted_p_value"]
        + ["adjusted_p_value_undefined", "verdict", "because", "more_items", "more_seeds"])
    for comparison in fairness.comparisons + fairness.exploratoryComparisons {
      table.append([comparison.arm, comparison.reference] + Field.group(comparison.group) + comparison.fields)
    }
    return table
  }
}

extension PairedComparison {
  fileprivate var fields: [String] {
    [String(n), String(clusters), String(discordantClusters), Field.number(estimate)] + Field.interval(interval)
      + [intervalMethod.rawValue, Field.number(seedSpread.standardDeviation), Field.number(pValue), test.rawValue]
      + Field.measured(adjustedPValue, 1) { [Field.number($0)] } + verdict.fields
  }
}

extension Verdict {
  fileprivate var fields: [String] {
    switch self {
    case .withinMargin, .differenceConfirmed: [name, "", "", ""]
    case .notEnoughData(let because, let more):
      [name, because.name] + [more.items, more.seeds].map { $0.map { String($0) } ?? "" }
    }
  }
}

extension PairedComparison {
  /// "all items" or the group.
  var groupText: String { group?.description ?? "all items" }

  /// "−4.1 points [−7.9, −0.5]".
  package var estimateText: String { "\(Figures.points(estimate)) points \(Figures.points(interval))" }

  /// The verdict in plain words, with the p-value or the missing data that it rests on.
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
      case .notEnoughData(let because, let more):
        "not enough data (\(because.text(n: n, clusters: clusters, more: more)))"
      }
    return isExploratory ? text + ", exploratory" : text
  }
}

extension MoreData {
  /// "about 140 more items and 2 more seeds"; nil where nothing is known to suffice.
  var text: String? {
    let parts = [
      items.map { Figures.count(Figures.about($0), "more item", "more items") },
      seeds.map { Figures.count($0, "more seed", "more seeds") },
      modelPairs.map { Figures.count($0, "more pair of shadow models", "more pairs of shadow models") },
    ].compactMap(\.self)
    return parts.isEmpty ? nil : "about " + parts.listed
  }
}

extension InsufficientData {
  /// What is missing: "about 140 more items".
  func text(n: Int, clusters: Int, more: MoreData) -> String {
    let needed = more.text.map { "; \($0)" } ?? ""
    switch self {
    case .belowMinimumSize(let minimum):
      return "\(Figures.count(n, "item", "items")), minimum \(Figures.count(minimum))" + needed
    case .belowMinimumClusters(let minimum):
      return "\(Figures.count(clusters, "cluster", "clusters")), minimum \(Figures.count(minimum))" + needed
    case .oneCluster: return more.text.map { "one cluster; \($0)" } ?? "all items are of one cluster"
    case .intervalTooWide: return more.text ?? "at this estimate no number of items or seeds would settle it"
    }
  }
}
