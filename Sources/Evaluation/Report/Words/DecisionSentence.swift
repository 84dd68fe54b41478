import Metrics

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
    let sentence = clauses.joined(separator: "; ") + "."
    return sentence.prefix(1).uppercased() + sentence.dropFirst()
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
  /// Those of the declared family, in the order of the groups.
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
      if comparison.isInFamily { judged[index].comparisons.append(comparison) }
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
      sayings.append("has too few data\(question) in \(share(undecided, naming: true))\(moreItems)")
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
    let texts = [least, most].map(Figures.percent)
    return texts[0] == texts[1] ? " by \(texts[0]) points" : " by \(texts[0]) to \(texts[1]) points"
  }

  /// " (about 140 more items)" where the data can say so.
  private var moreItems: String {
    let needed = undecided.compactMap { comparison -> Int? in
      if case .notEnoughData(_, let moreItems) = comparison.verdict { moreItems.map(Figures.about) } else { nil }
    }
    guard needed.count == undecided.count, let least = needed.min(), let most = needed.max() else { return "" }
    let range = least == most ? Figures.count(most) : "\(Figures.count(least)) to \(Figures.count(most))"
    let items = most == 1 ? "more item" : "more items"
    return undecided.count == 1 ? " (about \(range) \(items))" : " (about \(range) \(items) in each)"
  }
}
