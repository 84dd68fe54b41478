import MembershipInference
import Metrics
import Statistics

extension AuditReport {
  /// The first page: the verdict in one sentence, the smallest table that suffices to decide, and cost against
  /// accuracy.
  var decisionSection: HTML {
    let isLong = decisionSentence.count > 230
    return """
      <section class="decision">
      <h1>\(name)</h1>
      <p class="subtitle">\(kindText) · \(taskText) · \(Figures.count(counts.test, "test item", "test items")) · \
      \(Figures.count(arms.count, "arm", "arms")) · \(Figures.count(seeds.count, "seed", "seeds"))</p>
      \(gateSentence)<p class="verdict\(isLong || gate != nil ? " long" : "")">\(decisionSentence)</p>
      \(ruleText.isEmpty ? .empty : "<p class=\"note\">\(ruleText)</p>" as HTML)\(divergenceNote)\(improvementNote)
      \(decisionTable)
      \(scatterFigure)
      </section>
      """
  }

  /// Columns that external predictions cannot fill are left out.
  private var decisionTitles: [String] {
    let verdicts = [
      "\(headlineName.capitalizedFirst) in the worst group", "within the margin", "difference confirmed",
      "too few data",
    ]
    return isOfPredictions
      ? ["Arm"] + verdicts
      : ["Arm", "wall-clock", "bytes moved", "peak memory"] + verdicts + ["Area under the attack’s curve"]
  }

  /// The policy's verdict comes first.
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
    guard fairness.comparisons.contains(where: { !$0.isExploratory }) else { return byHand }
    let origin = isOfPredictions ? "The rule was given with the predictions." : "The rule was fixed before the run."
    let text =
      "\(origin) An arm is within the margin when the 95 % interval of its difference lies "
      + "above \(Figures.minus)\(Figures.margin(rule.margin)) points; otherwise a difference is confirmed when the "
      + "p-value, corrected for \(Figures.count(fairness.familySize, "comparison", "comparisons")), is below .05 and the "
      + "interval does not hold 0; "
      + "otherwise, and in groups of fewer than \(Figures.count(rule.minimumGroupSize)) items or "
      + "\(Figures.count(rule.minimumClusters)) clusters, the data do not suffice."
    return [text, seedsText, byHand].filter { !$0.isEmpty }.joined(separator: " ")
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
        ? "it was trained outside this audit, at a cost that is not known"
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
      let isExternal = description(of: arm)?.kind == .adapter && !privacy.isEmpty
      return notes.mark(
        "undefined", reason: isExternal ? Self.whyNoShadowModels : "membership inference was not measured")
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
      externalAdapters.isEmpty
      ? "" : " Not drawn, because their training cost nothing here: \(externalAdapters.map(\.name).listed)."
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

extension AuditReport {
  /// One sentence that says what the decision rule found, and no more than that.
  package var decisionSentence: String {
    let judged = fairness.judgedArms
    guard !judged.isEmpty else {
      if cloze?.comparisons.isEmpty == false {
        return "Frames have no right answer, so nothing is decided here; how arms differ is described below."
      }
      if choices?.comparisons.isEmpty == false {
        return "No question has a right answer, so nothing is decided here; how arms differ is described below."
      }
      return "No comparison between arms was declared, so nothing is decided here; "
        + "the figures below describe each arm by itself."
    }
    guard judged.contains(where: { !$0.comparisons.isEmpty }) else {
      return "No group was declared, so the decision rule has nothing to decide; "
        + "the comparisons over all items below are exploratory."
    }
    var references: [String] = []
    for arm in judged where !references.contains(arm.reference) { references.append(arm.reference) }
    var namesMargin = true
    func clause(_ arm: JudgedArm) -> String {
      defer { namesMargin = namesMargin && arm.confirmed.count == arm.comparisons.count }
      return arm.clause(rule: fairness.rule, namesMargin: namesMargin)
    }
    let clauses = references.map { reference in
      let arms = judged.filter { $0.reference == reference && !$0.comparisons.isEmpty }
      return "against \(referenceText(reference)), " + arms.map(clause).joined(separator: "; ")
    }
    let sentence = (speaksOfMethod ? "" : "for these trained models, ") + clauses.joined(separator: "; ") + "."
    return sentence.prefix(1).uppercased() + sentence.dropFirst()
  }

  /// Whether every verdict rests on enough seeds to be about the method, and not these trained models only.
  var speaksOfMethod: Bool { fewestSeeds.map { $0 >= TwoWayVariance.fewestSeeds } ?? true }

  /// The fewest seeds that a declared comparison rests on; nil without any.
  private var fewestSeeds: Int? {
    fairness.comparisons.filter { !$0.isExploratory }.map(\.seedSpread.values.count).min()
  }

  /// What the verdicts are about: the method, or these trained models.
  var seedsText: String {
    guard let fewestSeeds else { return "" }
    return speaksOfMethod
      ? "Intervals count the variation between clusters of items and between \(fewestSeeds) seeds."
      : "With \(Figures.count(fewestSeeds, "seed", "seeds")) a verdict is about these trained models: training again may "
        + "come out otherwise; \(TwoWayVariance.fewestSeeds) seeds or more speak of the method."
  }

  /// "full fine-tuning" for the arm that is called full.
  func referenceText(_ arm: String) -> String {
    guard description(of: arm)?.kind == .full else { return arm }
    return arm == "full" ? "full fine-tuning" : "full fine-tuning (\(arm))"
  }
}

/// The declared comparisons of one arm with one reference, by group.
struct JudgedArm {
  var arm: String
  var reference: String
  /// The comparisons of the declared family, in the order of the groups.
  var comparisons: [PairedComparison]

  var within: [PairedComparison] { comparisons.filter { $0.verdict == .withinMargin } }
  var confirmed: [PairedComparison] { comparisons.filter { $0.verdict == .differenceConfirmed } }
  var undecided: [PairedComparison] {
    comparisons.filter { if case .notEnoughData = $0.verdict { true } else { false } }
  }
}

extension FairnessEvaluation {
  /// The arms that are compared with another, in the order of the declared comparisons.
  var judgedArms: [JudgedArm] {
    var judged: [JudgedArm] = []
    for comparison in comparisons {
      let index =
        judged.firstIndex { $0.arm == comparison.arm && $0.reference == comparison.reference } ?? judged.endIndex
      if index == judged.endIndex {
        judged.append(JudgedArm(arm: comparison.arm, reference: comparison.reference, comparisons: []))
      }
      if !comparison.isExploratory { judged[index].comparisons.append(comparison) }
    }
    return judged
  }
}

extension JudgedArm {
  /// "lora-r8 stays within the margin of 3 points of accuracy in 4 of 5 groups; in …".
  fileprivate func clause(rule: DecisionRule, namesMargin: Bool) -> String {
    let margin =
      namesMargin ? "the margin of \(Figures.margin(rule.margin)) points of \(rule.metric.rawValue)" : "the margin"
    var sayings: [String] = []
    if !within.isEmpty { sayings.append("stays within \(margin) in \(share(within))") }
    let worse = confirmed.filter { $0.estimate < 0 }
    let better = confirmed.filter { $0.estimate >= 0 }
    if !worse.isEmpty { sayings.append("is worse\(sizes(worse)) in \(share(worse, naming: true))") }
    if !better.isEmpty { sayings.append("is better\(sizes(better)) in \(share(better, naming: true))") }
    if !undecided.isEmpty {
      let question = within.isEmpty ? " to say whether it stays within \(margin)" : " to tell"
      sayings.append("has too few data\(question) in \(share(undecided, naming: true))\(moreData)")
    }
    return "\(arm) \(sayings.listed)"
  }

  /// "4 of 5 groups", "all 5 groups", or up to two groups by name.
  private func share(_ part: [PairedComparison], naming: Bool = false) -> String {
    let total = comparisons.count
    if total == 1 { return "the one group, \(part.map(\.groupText).listed)" }
    if part.count == total { return "all \(total) groups" }
    if naming, part.count <= 2 { return part.map(\.groupText).listed }
    return "\(part.count) of \(total) groups"
  }

  /// " by 4.1 points" or " by 2.0 to 4.1 points".
  private func sizes(_ part: [PairedComparison]) -> String {
    let sizes = part.map(\.estimate.magnitude)
    guard let least = sizes.min(), let most = sizes.max() else { return "" }
    let texts = [least, most].map(Figures.size)
    return texts[0] == texts[1] ? " by \(texts[0]) points" : " by \(texts[0]) to \(texts[1]) points"
  }

  /// " (about 140 more items)" or " (about 4 more seeds)" where the data can say so.
  private var moreData: String {
    let needed = undecided.compactMap { comparison -> MoreData? in
      if case .notEnoughData(_, let more) = comparison.verdict, more.text != nil { more } else { nil }
    }
    guard needed.count == undecided.count else { return "" }
    let each = undecided.count == 1 ? "" : " in each"
    func range(_ counts: [Int], _ one: String, _ several: String) -> String? {
      guard let least = counts.min(), let most = counts.max() else { return nil }
      let range = least == most ? Figures.count(most) : "\(Figures.count(least)) to \(Figures.count(most))"
      return "\(range) \(most == 1 ? one : several)"
    }
    let items = range(needed.compactMap(\.items).map(Figures.about), "more item", "more items")
    let seeds = range(needed.compactMap(\.seeds), "more seed", "more seeds")
    guard let items else { return seeds.map { " (about \($0))" } ?? "" }
    guard let seeds else { return " (about \(items)\(each))" }
    let isEverywhereBoth = needed.allSatisfy { $0.items != nil && $0.seeds != nil }
    return " (about \(items)\(each) \(isEverywhereBoth ? "and" : "or") \(seeds))"
  }
}
