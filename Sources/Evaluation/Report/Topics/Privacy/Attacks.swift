import MembershipInference
import Metrics
import Statistics

/// The findings of membership inference, as figures and tables: of an audit's shadow models, or of external ones.
struct PrivacyFigures {
  var evaluations: [PrivacyEvaluation]
  var rule: PrivacyRule?
  var comparisons: [PrivacyComparison]
  /// The label of an arm.
  var label: (String) -> HTML
  var style: (String) -> ArmStyle

  var html: HTML { "\(cautions)\(curves)\(attackTable)\(differenceTable)\(groupTable)\(disparityTable)" }

  /// The attack that represents all of an arm's attacks: the rule's, otherwise the first likelihood-ratio attack, or
  /// the first.
  func leading(_ attacks: [AttackEvaluation]) -> AttackEvaluation? {
    attacks.leading(rule: rule?.attack)
  }

  /// Every attack that ran against some arm, in the order in which they first come.
  private var attacks: [Attack] {
    var attacks: [Attack] = []
    for found in evaluations.flatMap(\.attacks) where !attacks.contains(found.attack) { attacks.append(found.attack) }
    return attacks
  }

  /// The level of the arms' intervals in percent: one, or from the lowest to the highest.
  private var confidence: String {
    let levels = Set(evaluations.map { Figures.level($0.confidence) }).sorted()
    guard let lowest = levels.first, let highest = levels.last else { return "95" }
    return lowest == highest ? lowest : "\(lowest) to \(highest)"
  }

  private var cautions: HTML {
    evaluations.remarks.map { remark -> HTML in "<p class=\"note\">\(remark)</p>" }.joined()
  }

  private var curves: HTML {
    let drawings = attacks.map { attack -> HTML in
      let curves = evaluations.compactMap { arm -> AttackCurves.Curve? in
        guard let found = arm.attacks.first(where: { $0.attack == attack }) else { return nil }
        let area = found.overall.areaUnderCurve.value.map { Figures.fixed($0.value, digits: 3) } ?? "undefined"
        return AttackCurves.Curve(
          arm: arm.arm, style: style(arm.arm), area: area, points: found.overall.curve)
      }
      return curves.isEmpty ? .empty : AttackCurves(title: attack.title, curves: curves).html
    }
    return """
      <figure><figcaption>Members found against non-members taken for members, over all items, both on logarithmic \
      axes; the dashed line is a guess. Beside each arm: the area under its curve. Curves begin at the smallest rate \
      that every target resolves.</figcaption><div class="pair">\(drawings)</div></figure>
      """
  }

  private var attackTable: HTML {
    var notes = Footnotes(prefix: "attacks")
    let rows = evaluations.flatMap { arm in
      arm.attacks.enumerated().map { index, attack -> HTML in
        let name: HTML =
          index == 0
          ? "<th scope=\"rowgroup\" class=\"text\" rowspan=\"\(arm.attacks.count)\">\(label(arm.arm))</th>" : .empty
        let cells = AttackMeasures.limits.reversed().map { limit -> HTML in
          "<td>\(pointCell(attack.overall, limit: limit, threshold: .own, notes: &notes))</td>"
        }
        return """
          <tr\(index == 0 ? " class=\"start\"" as HTML : .empty)>\(name)<td class="text">\(attack.attack.title)</td>\
          <td>\(notes.cell(attack.overall.areaUnderCurve, areaCell))</td>\(cells)\
          <td>\(notes.cell(attack.control, areaCell))</td></tr>
          """
      }
    }
    let targets =
      evaluations.contains { $0.design == .symmetric || $0.design == .independent } ? ", averaged over targets" : ""
    return Table.html(
      caption: """
        Over all items\(targets), with intervals of \(confidence) % over clusters and models. Below each true \
        positive rate: the false positive rate attained, and members found of members. The control shuffles \
        membership: its interval should hold 0.5, apart from chance.
        """,
      head: Table.head(
        ["Arm", "Attack", "Area under the curve"] + AttackMeasures.limits.reversed().map(limitTitle)
          + ["Control: shuffled membership"], textColumns: 2),
      body: rows.joined(), footnotes: notes)
  }

  private var groupTable: HTML {
    var notes = Footnotes(prefix: "attacked-groups")
    let attacks = evaluations.compactMap { arm in
      leading(arm.attacks).map { (arm: arm.arm, attack: $0.attack, groups: $0.groups) }
    }
    let names = Set(attacks.map(\.attack.title)).sorted().listed
    let groups = attacks.map(\.groups.count).min() ?? 0
    guard groups > 0 else { return .empty }
    let rows = (0..<groups).flatMap { group in
      attacks.enumerated().map { index, attack -> HTML in
        let measures = attack.groups[group]
        let name: HTML =
          index == 0
          ? """
          <th scope="rowgroup" class="text" rowspan="\(attacks.count)">\(measures.group?.description ?? "all items")\
          <br><span class="note">n \(Figures.count(measures.n))</span></th>
          """ : .empty
        let cells = [0.1, 0.01].flatMap { limit in
          [ThresholdSource.own, .global].map { threshold -> HTML in
            "<td>\(pointCell(measures, limit: limit, threshold: threshold, notes: &notes))</td>"
          }
        }
        return """
          <tr\(index == 0 ? " class=\"start\"" as HTML : .empty)>\(name)<td class="text">\(label(attack.arm))</td>\
          <td>\(notes.cell(measures.areaUnderCurve, areaCell))</td>\(cells)</tr>
          """
      }
    }
    return Table.html(
      caption: """
        By group, \(names). The group’s own threshold keeps the false positive rate of the group itself \
        below the limit; the global one is set on all items, so that a group may be hit by more. Further limits are in \
        tables/privacy.csv, and so are the other attacks.
        """,
      head: Table.head(
        [
          "Group", "Arm", "Area under the curve", "Found at 10 %, own threshold", "Found at 10 %, global",
          "Found at 1 %, own threshold", "Found at 1 %, global",
        ], textColumns: 2),
      body: rows.joined(), footnotes: notes)
  }

  private func areaCell(_ area: Estimate) -> HTML { "\(Figures.estimate(area, digits: 3))" }

  private func limitTitle(_ limit: Double) -> String {
    "True positives at \(Figures.margin(limit)) % false positives"
  }

  private func pointCell(
    _ measures: AttackMeasures, limit: Double, threshold: ThresholdSource, notes: inout Footnotes
  ) -> HTML {
    let point = measures.operatingPoints.first { $0.falsePositiveRateLimit == limit && $0.threshold == threshold }
    guard let point else { return notes.mark("undefined", reason: "this rate was not computed") }
    return notes.cell(point.truePositiveRate) { rate in
      """
      \(Figures.percent(rate.value)) <span class="range">\(Figures.percent(rate.interval))</span>\
      <small>at \(Figures.fixed(rate.attainedFalsePositiveRate * 100, digits: 2)) %, \
      \(Figures.count(rate.truePositives)) of \(Figures.count(rate.members))</small>
      """
    }
  }
}

extension Attack {
  /// The attack's name in words, with its options where they are not the usual ones.
  var title: String {
    let name =
      switch self {
      case .lossThreshold: "loss threshold"
      case .likelihoodRatio: "likelihood ratio"
      case .offlineLikelihoodRatio: "likelihood ratio, offline"
      case .relativeMembership: "relative membership"
      case .lossTrace: "loss trace"
      }
    return text == self.name ? name : "\(name) (\(text))"
  }
}

extension [PrivacyEvaluation] {
  /// What a reader must know of the shadow models to judge the figures, a sentence each.
  var remarks: [String] {
    var cautions: [ShadowModelCaution] = []
    for caution in flatMap(\.cautions) where !cautions.contains(caution) { cautions.append(caution) }
    let leftOut = flatMap { arm in
      arm.attacks.compactMap { attack in
        attack.leftOut.map { $0.sentence(attack: attack.attack, arm: arm.arm, items: arm.items) }
      }
    }
    return cautions.map(\.sentence) + leftOut
  }
}

extension UnscoredItems {
  fileprivate func sentence(attack: Attack, arm: String, items all: Int) -> String {
    "The attack \(attack.text) on \(arm) leaves \(Figures.count(items)) of \(Figures.count(all, "item", "items")) out against "
      + "at least one model (\(Figures.count(scores)) of \(Figures.count(ofScores)) scores), because too few of its shadow "
      + "models have the item or are without it."
  }
}

extension ShadowModelCaution {
  /// The caution in a sentence for the reader.
  var sentence: String {
    switch self {
    case .countsMayTell:
      "These models are not used as complementary pairs, because fewer than three are. How many of a target’s shadow models have an item "
        + "says something about whether the target has it: without any memory the area under the curve of an "
        + "attack that reads shadow models can differ from 0.5 (.476 at eight models)."
    case .modelsLeftOut:
      "These models are not used as complementary pairs, because fewer than three are. Against each model, one or more of its shadow "
        + "models are left out item by item, so that how many of them have an item says nothing about whether the model "
        + "has it."
    case .clustersAreSplit:
      "Items of one cluster are members and non-members of one model. What a model remembers of one of them shows in "
        + "the others, so that members are harder to tell than they are."
    }
  }
}

/// Receiver operating characteristics of one attack against every arm, on logarithmic axes, with the diagonal of a
/// guess.
struct AttackCurves {
  struct Curve {
    var arm: String
    var style: ArmStyle
    /// The area under it, in words.
    var area: String
    var points: [CurvePoint]
  }

  var title: String
  var curves: [Curve]

  private static let (width, height) = (508.0, 420.0)
  private static let (left, right, top, bottom) = (58.0, 488.0, 30.0, 366.0)
  private static let floor = 0.001

  var html: HTML {
    let x = LogarithmicScale(Self.floor...1, from: Self.left, to: Self.right)
    let y = LogarithmicScale(Self.floor...1, from: Self.bottom, to: Self.top)
    let lines = curves.map { curve -> HTML in
      Marks.line(
        visible(curve).map { (x.position($0.falsePositiveRate), y.position($0.truePositiveRate)) },
        class: "curve \(curve.style.className)")
    }
    return Axes.drawing(
      width: Self.width, height: Self.height, title: title,
      """
      <text class="direct" x="\(Self.left)" y="16">\(title)</text>\
      \(Axes.vertical(y, left: Self.left, right: Self.right, label: Self.label))\
      \(Axes.horizontal(x, top: Self.top, bottom: Self.bottom, title: "false positive rate", label: Self.label))\
      <text class="axis" transform="translate(14 \((Self.top + Self.bottom) / 2)) rotate(-90)" \
      text-anchor="middle">true positive rate</text>\
      <line class="diagonal" x1="\(Self.left)" y1="\(Self.bottom)" x2="\(Self.right)" y2="\(Self.top)"/>\
      \(lines)\(labels)
      """)
  }

  /// On logarithmic axes a rate of 0 cannot be drawn.
  private func visible(_ curve: Curve) -> [CurvePoint] {
    curve.points.filter { $0.falsePositiveRate >= Self.floor * 0.999 && $0.truePositiveRate > 0 }
  }

  /// The arms' names below the diagonal, in the order of the curves' heights at 1 % or as near to it as they go.
  private var labels: HTML {
    let heights = curves.map { curve in
      visible(curve).first { $0.falsePositiveRate >= 0.0099 }?.truePositiveRate ?? 0
    }
    let order = curves.indices.sorted { (-heights[$0], $0) < (-heights[$1], $1) }
    return order.enumerated().map { row, index -> HTML in
      let y = Self.bottom - 14 - 19 * Double(order.count - 1 - row)
      return """
        <text class="direct \(curves[index].style.className)" x="\(Self.right - 12)" y="\(y)" \
        text-anchor="end">\(curves[index].arm.shortened(to: 24)) \
        <tspan class="quiet">\(curves[index].area)</tspan></text>
        """
    }.joined()
  }

  private static func label(_ rate: Double) -> String { "\(Figures.margin(rate)) %" }
}

extension AuditReport {
  /// The attacks on membership and what they are judged by.
  static let attackDefinitions = [
    (
      "Likelihood ratio attack",
      "LiRA (Carlini et al. 2022). Online: the log density of an item’s logit-scaled confidence among shadow models with "
        + "the item minus that among shadow models without it. Offline: how many standard deviations it lies above "
        + "those without it. Variances are pooled over items below 64 shadow models."
    ),
    (
      "Relative membership attack",
      "RMIA (Zarifzadeh et al. 2024), offline: the share of other items outside the training set whose probability, "
        + "relative to shadow models without them, the item’s reaches; with several queries in more than half of them."
    ),
    ("Loss threshold attack", "Items with a small loss are predicted to be members (Yeom et al. 2018)."),
    (
      "Loss trace attack",
      "The interquartile range of an item’s loss over the epochs (Pollock et al. 2024); needs no shadow models."
    ),
    (
      "Found at a false positive rate",
      "The true positive rate at the largest attainable false positive rate within the limit; undefined where there are "
        + "too few non-members for one false positive to be within it."
    ),
    (
      "Unequal vulnerability",
      "The largest difference between groups, and its expectation and p-value when group labels are permuted over "
        + "clusters."
    ),
    (
      "Difference of vulnerability",
      "An arm’s figure minus the reference’s on the same items, with whole clusters resampled and pairs of models left out "
        + "in both together; the p-value is of Student’s t."
    ),
    (
      "Intervals of attacks",
      "They hold what clusters vary by, which are resampled, and what models vary by, of which complementary pairs are left "
        + "out in turn, as targets and as shadow models; of a released model, clusters alone."
    ),
  ]
}

extension PrivacyFigures {
  /// One row for every arm, attack, all items and every group, limit of the false positive rate and threshold.
  func privacyTable() -> CommaSeparatedTable {
    var table = CommaSeparatedTable(
      header: ["arm", "attack", "column", "group", "n", "clusters"]
        + Field.header("area_under_curve", ["", "lower", "upper"])
        + Field.header("shuffled_control", ["", "lower", "upper"])
        + ["false_positive_rate_limit", "threshold", "true_positive_rate", "true_positive_rate_lower"]
        + ["true_positive_rate_upper", "attained_false_positive_rate", "true_positives", "members"]
        + ["false_positives", "non_members", "true_positive_rate_undefined"])
    for (arm, attack, measures) in attackMeasures {
      let control = measures.group == nil ? Field.estimate(attack.control) : ["", "", "", "only for all items"]
      let start =
        [arm, attack.attack.text] + Field.group(measures.group) + [String(measures.n), String(measures.clusters)]
        + Field.estimate(measures.areaUnderCurve) + control
      for point in measures.operatingPoints {
        table.append(start + [Field.number(point.falsePositiveRateLimit), point.threshold.rawValue] + point.fields)
      }
    }
    return table
  }

  /// One row for every arm, attack, all items and every group, and point of the curve.
  func attackCurvesTable() -> CommaSeparatedTable {
    var table = CommaSeparatedTable(
      header: ["arm", "attack", "column", "group", "false_positive_rate", "true_positive_rate"])
    for (arm, attack, measures) in attackMeasures {
      for point in measures.curve {
        table.append(
          [arm, attack.attack.text] + Field.group(measures.group)
            + [Field.number(point.falsePositiveRate), Field.number(point.truePositiveRate)])
      }
    }
    return table
  }

  /// The most exposed items of every arm and attack: a file that names items, and so is not a part of a report.
  func exposedItemsTable() -> CommaSeparatedTable {
    let limits = AttackMeasures.limits
    var table = CommaSeparatedTable(
      header: ["arm", "attack", "rank", "position", "item", "groups", "percentile", "targets_trained_on_it"]
        + ["targets_not_trained_on_it"]
        + limits.flatMap { ["found_at_\($0)", "falsely_suspected_at_\($0)"] })
    for arm in evaluations {
      for attack in arm.attacks {
        for (rank, item) in attack.exposedItems.enumerated() {
          let found = limits.flatMap { limit -> [String] in
            let finding = item.findings.first { $0.falsePositiveRateLimit == limit }
            return [finding.map { String($0.asMember) } ?? "", finding.map { String($0.asNonMember) } ?? ""]
          }
          table.append(
            [arm.arm, attack.attack.text, String(rank + 1), String(item.item), item.name ?? ""]
              + [item.groups.map(\.description).joined(separator: ";"), Field.number(item.percentile)]
              + [String(item.asMember), String(item.asNonMember)] + found)
        }
      }
    }
    return table
  }

  private var attackMeasures: [(arm: String, attack: AttackEvaluation, measures: AttackMeasures)] {
    evaluations.flatMap { arm in
      arm.attacks.flatMap { attack in ([attack.overall] + attack.groups).map { (arm.arm, attack, $0) } }
    }
  }
}

extension OperatingPoint {
  fileprivate var fields: [String] {
    Field.measured(truePositiveRate, 8) { rate in
      [Field.number(rate.value)] + Field.interval(rate.interval) + [Field.number(rate.attainedFalsePositiveRate)]
        + [rate.truePositives, rate.members, rate.falsePositives, rate.nonMembers].map { String($0) }
    }
  }
}
