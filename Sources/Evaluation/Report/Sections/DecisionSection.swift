import MembershipInference
import Metrics

extension AuditReport {
  /// The first page: the verdict in one sentence, the smallest table that lets somebody decide, cost against accuracy.
  var decisionSection: HTML {
    let isLong = decisionSentence.count > 230
    return """
      <section class="decision">
      <h1>\(name)</h1>
      <p class="subtitle">\(kindText) · \(taskText) · \(Figures.count(counts.test, "test item", "test items")) · \
      \(Figures.count(arms.count, "arm", "arms")) · \(Figures.count(seeds.count, "seed", "seeds"))</p>
      \(gateSentence)<p class="verdict\(isLong || gate != nil ? " long" : "")">\(decisionSentence)</p>
      \(ruleText.isEmpty ? .empty : "<p class=\"note\">\(ruleText)</p>" as HTML)\(divergenceNote)
      \(decisionTable)
      \(scatterFigure)
      </section>
      """
  }

  /// What predictions made elsewhere cannot tell is left out.
  private var decisionTitles: [String] {
    let verdicts = [
      "\(headlineName.capitalizedFirst) in the worst group", "within the margin", "difference confirmed",
      "too few data",
    ]
    return isOfPredictions
      ? ["Arm"] + verdicts
      : ["Arm", "wall-clock", "bytes moved", "peak memory"] + verdicts + ["Area under the attack’s curve"]
  }

  /// What the policy says comes first.
  private var gateSentence: HTML {
    guard let gate else { return .empty }
    let sentence = gate.headline(in: .english)
    let unmet = gate.worstFirst.filter { $0.outcome != .met }
    var items = unmet.prefix(Self.shownDemands).map { judgement -> HTML in
      "<li>\(judgement.line(in: .english))</li>"
    }
    let rest = unmet.dropFirst(Self.shownDemands)
    if !rest.isEmpty {
      let broken = rest.count { $0.outcome == .broken }
      items.append(
        """
        <li>and \(Figures.count(rest.count)) more: \(broken) broken, \(rest.count - broken) without enough data; \
        tenbin gate lists all</li>
        """
      )
    }
    let list: HTML = items.isEmpty ? .empty : "<ul class=\"note\">\(items)</ul>"
    return "<p class=\"verdict\">\(sentence.prefix(1).uppercased() + sentence.dropFirst()).</p>\(list)"
  }

  /// Unmet demands beyond these are counted, not shown.
  private static let shownDemands = 8

  private var taskText: String { String(task.map { $0 == "-" ? " " : $0 }) }

  private var ruleText: String {
    let rule = fairness.rule
    let byHand =
      ratesWereFixed
      ? "Learning rates and epochs were set by hand, not searched for: another choice may move every figure." : ""
    // Without a declared comparison the rule decides nothing.
    guard fairness.familySize > 0 else { return byHand }
    let origin = isOfPredictions ? "The rule was given beside the predictions." : "The rule was fixed before the run."
    let text =
      "\(origin) An arm is within the margin when the 95 % interval of its difference lies "
      + "above \(Figures.minus)\(Figures.margin(rule.margin)) points; otherwise a difference is confirmed when the "
      + "p-value, corrected for \(Figures.count(fairness.familySize, "comparison", "comparisons")), is below .05; "
      + "otherwise, and in groups of fewer than \(Figures.count(rule.minimumGroupSize)) items, the data do not suffice."
    return byHand.isEmpty ? text : "\(text) \(byHand)"
  }

  private var decisionTable: HTML {
    let judged = fairness.judgedArms
    var notes = Footnotes(prefix: "decision")
    let full = fullArm.flatMap { cost(of: $0.name, phase: .training) }
    let rows = headlines.map { arm -> HTML in
      let tallies = judged.filter { $0.arm == arm.arm && !$0.comparisons.isEmpty }
      let isReference = judged.contains { $0.reference == arm.arm }
      let tally: HTML =
        tallies.isEmpty
        ? "<td colspan=\"3\" class=\"quiet\">\(isReference ? "the reference" : "not compared")</td>"
        : [\JudgedArm.within, \.confirmed, \.undecided].map { part -> HTML in
          "<td>\(tallies.map { judged -> HTML in "\(judged[keyPath: part].count)" }.joined(by: "<br>"))</td>"
        }.joined()
      let worst: HTML =
        arm.worst.map { "\(Table.percent($0.estimate))<small>\($0.groupText)</small>" }
        ?? notes.mark("undefined", reason: "nothing is right or wrong of it")
      let costs = isOfPredictions ? .empty : costCells(arm.arm, full: full, notes: &notes)
      let attack: HTML = isOfPredictions ? .empty : "<td>\(attackCell(arm.arm, notes: &notes))</td>"
      return """
        <tr><th scope="row">\(armLabel(arm.arm))</th>\(costs)\
        <td>\(worst)</td>\(tally)\(attack)</tr>
        """
    }
    let relative = full == nil ? "Training cost" : "Training cost relative to \(fullArm?.name ?? "full")"
    let judgedGroups =
      fairness.groupCount == 0
      ? "Verdicts" : fairness.groupCount == 1 ? "Its one group" : "Of \(fairness.groupCount) groups"
    let costHead: HTML =
      isOfPredictions ? .empty : "<th class=\"span\" colspan=\"3\" scope=\"colgroup\">\(relative)</th>"
    let head: HTML = """
      <tr class="over"><th></th>\(costHead)<th></th>\
      <th class="span" colspan="3" scope="colgroup">\(judgedGroups)</th>\(isOfPredictions ? "" : "<th></th>" as HTML)</tr>\
      \(Table.head(decisionTitles, textColumns: 1))
      """
    return Table.html(
      caption: """
        \(headlineName.capitalizedFirst) in percent; in brackets 95 % intervals\(otherLevels). That of the worst group makes no allowance for its being \
        picked as the worst.\(isOfPredictions ? "" : " An attack that guesses has an area of 0.5.")
        """, head: head,
      body: rows.joined(), footnotes: notes)
  }

  private func costCells(_ arm: String, full: PhaseCost?, notes: inout Footnotes) -> HTML {
    guard let cost = cost(of: arm, phase: .training) else {
      let description = description(of: arm)
      let reason =
        description?.kind == .adapter
        ? "it was trained elsewhere, at a cost that is not known here"
        : description?.kind == .base && description?.rate == nil
          ? "nothing was trained" : "the cost of training was not measured"
      let cell: HTML = "<td>\(notes.mark("undefined", reason: reason))</td>"
      return cell + cell + cell
    }
    func cell(_ value: Double, _ reference: Double?, _ text: String) -> HTML {
      guard let ratio = reference.flatMap({ Quantities.ratio(value, to: $0) }) else { return "<td>\(text)</td>" }
      return "<td>\(ratio)<small>\(text)</small></td>"
    }
    return cell(cost.wallSeconds, full?.wallSeconds, Quantities.duration(cost.wallSeconds))
      + cell(cost.bytesMoved, full?.bytesMoved, Quantities.bytes(cost.bytesMoved))
      + cell(
        Double(cost.peakResidentBytes), full.map { Double($0.peakResidentBytes) },
        Quantities.bytes(Double(cost.peakResidentBytes)))
  }

  private var otherLevels: String {
    privacy.contains { Figures.level($0.confidence) != "95" } ? " where no other level stands" : ""
  }

  private func attackCell(_ arm: String, notes: inout Footnotes) -> HTML {
    let attacked = privacy.first { $0.arm == arm }
    guard let attacked, let attack = privacyFigures.leading(attacked.attacks) else {
      let isFromElsewhere = description(of: arm)?.kind == .adapter && !privacy.isEmpty
      return notes.mark(
        "undefined", reason: isFromElsewhere ? Self.whyNoFleet : "membership inference was not measured")
    }
    let level = Figures.level(attacked.confidence)
    let note = level == "95" ? attack.attack.title : "\(attack.attack.title), \(level) %"
    return notes.cell(attack.overall.areaUnderCurve) { "\(Figures.estimate($0, digits: 3))<small>\(note)</small>" }
  }

  private var scatterFigure: HTML {
    let points = headlines.compactMap { arm -> CostScatter.Point? in
      guard let cost = cost(of: arm.arm, phase: .training), cost.wallSeconds.isFinite, cost.wallSeconds > 0 else {
        return nil
      }
      guard let worst = arm.worst else { return nil }
      return CostScatter.Point(
        arm: arm.arm, style: style(of: arm.arm), seconds: cost.wallSeconds, group: worst.groupText,
        figure: worst.estimate)
    }
    guard !points.isEmpty else { return .empty }
    let leftOut =
      armsFromElsewhere.isEmpty
      ? "" : " Not drawn, because their training cost nothing here: \(armsFromElsewhere.map(\.name).listed)."
    return """
      <figure><figcaption>\(headlineName.capitalizedFirst) in the worst group, in percent with its 95 % interval, against the time of \
      training. Up and left is better.\(leftOut)</figcaption>\(CostScatter(name: headlineName, points: points).html)</figure>
      """
  }
}

extension GroupRates {
  /// "all items" or the group.
  var groupText: String { group?.description ?? "all items" }
}

extension FairnessEvaluation {
  /// How many groups every arm is judged in.
  fileprivate var groupCount: Int { judgedArms.map(\.comparisons.count).max() ?? 0 }
}

extension String {
  /// "Accuracy" for "accuracy".
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
