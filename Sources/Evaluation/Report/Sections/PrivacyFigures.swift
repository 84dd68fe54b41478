import MembershipInference
import Metrics
import Statistics

/// What membership inference found, as figures and tables: of an audit's fleets, or of models that were made elsewhere.
struct PrivacyFigures {
  var evaluations: [PrivacyEvaluation]
  var rule: PrivacyRule?
  var comparisons: [PrivacyComparison]
  /// How an arm is named.
  var label: (String) -> HTML
  var style: (String) -> ArmStyle

  var html: HTML { "\(cautions)\(curves)\(attackTable)\(differenceTable)\(groupTable)\(disparityTable)" }

  /// The attack that stands for all of an arm's: the rule's, otherwise the first likelihood-ratio attack, or the first.
  func leading(_ attacks: [AttackEvaluation]) -> AttackEvaluation? {
    attacks.leading(rule: rule?.attack)
  }

  /// Every attack that ran against some arm, in the order in which they first come.
  private var attacks: [Attack] {
    var attacks: [Attack] = []
    for found in evaluations.flatMap(\.attacks) where !attacks.contains(found.attack) { attacks.append(found.attack) }
    return attacks
  }

  /// Of the arms' intervals: one level, or from the lowest to the highest.
  private var confidence: String {
    let levels = Set(evaluations.map { Figures.level($0.confidence) }).sorted()
    guard let lowest = levels.first, let highest = levels.last else { return "95" }
    return lowest == highest ? lowest : "\(lowest) to \(highest)"
  }

  private var cautions: HTML {
    var cautions: [FleetCaution] = []
    for caution in evaluations.flatMap(\.cautions) where !cautions.contains(caution) { cautions.append(caution) }
    return cautions.map { caution -> HTML in "<p class=\"note\">\(caution.sentence)</p>" }.joined()
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
        Over all items\(targets), with intervals of \(confidence) % that resample whole clusters. Below each true \
        positive rate: the false positive rate attained, and members found of members. The control shuffles \
        membership: its interval should hold 0.5, but for chance.
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

extension FleetCaution {
  /// What a reader has to know, in a sentence.
  var sentence: String {
    switch self {
    case .countsMayTell:
      "These models are not taken as complementary pairs, of which it needs three, so only the target is left out of its "
        + "shadow models. How many of them have an item may then say whether the target has it: without any memory the area under the curve of an "
        + "attack that reads shadow models can lie beside 0.5 (.476 at eight models)."
    case .clustersAreSplit:
      "Items of one cluster are members and non-members of one model. What a model remembers of one of them shows in "
        + "the others, so that members are harder to tell than they are."
    }
  }
}
