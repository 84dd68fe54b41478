import Fairness
import Privacy

extension AuditReport {
  /// What membership inference finds against every arm.
  var privacySection: Section {
    // Predictions made elsewhere say nothing of who was trained on.
    if isOfPredictions { return Section(anchor: "privacy", title: "Membership inference", body: .empty) }
    guard !privacy.isEmpty else {
      return Section(
        anchor: "privacy", title: "Membership inference",
        body: "<p>Membership inference was not measured: the specification asks for no shadow models.</p>")
    }
    return Section(
      anchor: "privacy", title: "Membership inference",
      body: """
        <p>How well can an attacker tell whether an item was in the training set? Each of the \
        \(Figures.count(fleetModels)) models of an arm’s fleet, trained as the arm was on half of \
        \(Figures.count(poolItems)) items, is attacked once; the others, but for its complement, are the \
        attacker’s shadow models. Exploratory: described, not decided upon.</p>
        \(armsLeftOut)\(curves)\(attackTable)\(groupTable)
        """)
  }

  private var armsLeftOut: HTML {
    armsFromElsewhere.map { "<p>\(armLabel($0.name)) is left out: \(Self.whyNoFleet).</p>" as HTML }.joined()
  }

  private var curves: HTML {
    let drawings = Attack.allCases.map { attack -> HTML in
      let curves = privacy.compactMap { arm -> AttackCurves.Curve? in
        guard let found = arm.attacks.first(where: { $0.attack == attack }) else { return nil }
        let area = found.overall.areaUnderCurve.value.map { Figures.fixed($0.value, digits: 3) } ?? "undefined"
        return AttackCurves.Curve(
          arm: arm.arm, style: style(of: arm.arm), area: area, points: found.overall.curve)
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
    let rows = privacy.flatMap { arm in
      arm.attacks.enumerated().map { index, attack -> HTML in
        let name: HTML =
          index == 0
          ? "<th scope=\"rowgroup\" class=\"text\" rowspan=\"\(arm.attacks.count)\">\(armLabel(arm.arm))</th>" : .empty
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
    return Table.html(
      caption: """
        Over all items, averaged over targets, with 95 % intervals that resample whole clusters. Below each true \
        positive rate: the false positive rate attained, and members found of members. The control shuffles \
        membership: its interval should hold 0.5, and misses it by chance once in twenty.
        """,
      head: Table.head(
        ["Arm", "Attack", "Area under the curve"] + AttackMeasures.limits.reversed().map(limitTitle)
          + ["Control: shuffled membership"], textColumns: 2),
      body: rows.joined(), footnotes: notes)
  }

  private var groupTable: HTML {
    var notes = Footnotes(prefix: "attacked-groups")
    let attacks = privacy.compactMap { arm in
      arm.attacks.first { $0.attack == .likelihoodRatio }.map { (arm: arm.arm, groups: $0.groups) }
    }
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
          <tr\(index == 0 ? " class=\"start\"" as HTML : .empty)>\(name)<td class="text">\(armLabel(attack.arm))</td>\
          <td>\(notes.cell(measures.areaUnderCurve, areaCell))</td>\(cells)</tr>
          """
      }
    }
    return Table.html(
      caption: """
        By group, likelihood ratio attack. The group’s own threshold keeps the false positive rate of the group itself \
        below the limit; the global one is set on all items, so that a group may be hit by more. Further limits are in \
        tables/privacy.csv.
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
  /// The attack's name in words.
  var title: String {
    switch self {
    case .likelihoodRatio: "Likelihood ratio"
    case .lossThreshold: "Loss threshold"
    }
  }
}
