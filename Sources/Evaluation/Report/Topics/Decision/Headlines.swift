package import Metrics
import Statistics

/// The figure that decides, for one arm in one group: accuracy, or its substitute where items have no classes. A share from
/// 0 to 1.
struct Headline {
  /// nil for all items.
  var group: GroupName?
  var estimate: Estimate

  /// "all items" or the group.
  var groupText: String { group?.description ?? "all items" }
}

/// The headlines of one arm: over all items, then by group.
struct ArmHeadlines {
  var arm: String
  /// nil if the figure is undefined; groups where it is undefined are left out.
  var overall: Headline?
  var groups: [Headline]

  /// The group with the lowest figure, of several the first; all items where there are no groups.
  var worst: Headline? { groups.min { $0.estimate.value < $1.estimate.value } ?? overall }
}

extension AuditReport {
  /// The headlines of every arm, in the order of the specification.
  var headlines: [ArmHeadlines] {
    if let translation {
      return translation.arms.map { arm in
        ArmHeadlines(arm: arm.arm, overall: Headline(arm.overall), groups: arm.groups.compactMap(Headline.init))
      }
    }
    if let likelihoods {
      return likelihoods.arms.map { arm in
        ArmHeadlines(arm: arm.arm, overall: Headline(arm.overall), groups: arm.groups.map(Headline.init))
      }
    }
    if fairness.arms.isEmpty, let choices {
      return choices.arms.map { arm in
        let measures = arm.prompts.last.map { [$0.overall] + $0.groups } ?? []
        return ArmHeadlines(
          arm: arm.arm, overall: measures.first.flatMap(Headline.init),
          groups: measures.dropFirst().compactMap(Headline.init))
      }
    }
    if fairness.arms.isEmpty { return arms.map { ArmHeadlines(arm: $0.name, overall: nil, groups: []) } }
    return fairness.arms.map { arm in
      ArmHeadlines(
        arm: arm.arm, overall: Headline(arm.overSeeds.overall), groups: arm.overSeeds.groups.map(Headline.init))
    }
  }

  /// The name of the figure.
  var headlineName: String { fairness.rule.metric.rawValue }

  /// Replaces what is measured for classes by how likely language models find the test items.
  package mutating func take(_ found: LikelihoodEvaluation) {
    likelihoods = found
    fairness.rule = found.rule
    fairness.comparisons = found.comparisons
    fairness.exploratoryComparisons = found.exploratoryComparisons
    fairness.familySize = found.familySize
  }

  /// Adds what models choose, and the classification of the questions that have a right answer.
  package mutating func take(_ found: ChoiceEvaluation, classification: FairnessEvaluation?) {
    choices = found
    if let classification { fairness = classification }
  }

  /// Replaces what is measured for classes by the quality of translations.
  package mutating func take(_ found: TranslationEvaluation) {
    translation = found
    fairness.rule = found.rule
    fairness.comparisons = found.comparisons
    fairness.exploratoryComparisons = found.exploratoryComparisons
    fairness.familySize = found.familySize
  }
}

extension Headline {
  init(_ rates: GroupRates) {
    self.init(
      group: rates.group,
      estimate: Estimate(value: rates.accuracy.value, interval: .value(rates.accuracy.interval)))
  }

  init(_ group: GroupLikelihood) { self.init(group: group.group, estimate: group.tokenProbability.estimate) }

  /// nil if no question has a right answer.
  init?(_ measures: ChoiceMeasures) {
    guard let accuracy = measures.accuracy.value else { return nil }
    self.init(group: measures.group, estimate: Estimate(value: accuracy.value, interval: .value(accuracy.interval)))
  }

  /// nil if there are no sentences.
  init?(_ group: GroupTranslationQuality) {
    guard let rougeL = group.rougeL.value else { return nil }
    self.init(group: group.group, estimate: rougeL.estimate)
  }
}

extension AuditReport {
  /// The summary for a terminal: the policy's verdict, the decision, then a line for every arm and group.
  package func summaryLines() -> [String] {
    let judged = gate.map { $0.lines(in: .english) } ?? []
    return judged + [decisionSentence.withoutControlCharacters] + verdictLines()
      + noteLines
  }

  /// One line of plain text for every arm and group, aligned, for a terminal: the verdict where one was declared, the
  /// figure that the decision is about otherwise; then what models chose.
  package func verdictLines() -> [String] {
    let rows = headlines.flatMap(verdictRows) + chosenRows
    let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { row in
      let line = zip(row, widths).map { $0.padded(to: $1) } + row.dropFirst(3)
      return String(line.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
    }
    return lines + tieLines + classLines + furtherTestLines() + improvementWarnings
  }

  /// What a reader of the lines above must know, a line each: which class is positive, what limits the verdicts' worth,
  /// and how files were read where that was not a matter of course.
  package var noteLines: [String] {
    var notes: [String] = []
    if let positiveClass { notes.append("the positive class is \(positiveClass)") }
    if !speaksOfMethod { notes.append(seedsText) }
    if ratesWereFixed, !isOfPredictions { notes.append("learning rates and epochs were set by hand, not searched for") }
    if !pooledGroups.isEmpty {
      notes.append(
        "groups too small to stand alone are judged together: " + pooledGroups.map(\.name.selector).listed)
    }
    return (notes + inputNotes).map { "note: \($0)".withoutControlCharacters }
  }

  /// Why there are no rates of classes, where there are too many; where one class is positive its own rates are there.
  private var classLines: [String] {
    guard positiveClass == nil, let reason = fairness.arms.first?.classes.reason else { return [] }
    return ["note: tables/classes.csv holds no rates of single classes: \(reason)"]
  }

  /// Arm, group, figure and words of each line.
  private func verdictRows(_ arm: ArmHeadlines) -> [[String]] {
    ([arm.overall].compactMap(\.self) + arm.groups).map { figure in
      let comparisons = fairness.comparisons.filter { $0.arm == arm.arm && $0.group == figure.group }
      return ([arm.arm, figure.groupText] + sayings(figure, arm: arm.arm, comparisons: comparisons))
        .map(\.withoutControlCharacters)
    }
  }

  /// A figure with its interval, and what it means.
  private func sayings(_ figure: Headline, arm: String, comparisons: [PairedComparison]) -> [String] {
    let verdicts = comparisons.map { "vs \($0.reference): \($0.verdictText(rule: fairness.rule))" }
    if let first = comparisons.first, ![.head, .base].contains(description(of: arm)?.kind) {
      let others = zip(comparisons, verdicts).dropFirst().map { "\($0.estimateText) \($1)" }
      return [first.estimateText, ([verdicts[0]] + others).joined(separator: "; ")]
    }
    let estimate = figure.estimate
    let interval = estimate.interval.value.map { Figures.percent($0) } ?? "(no interval)"
    let text = "\(headlineName) \(Figures.percent(estimate.value)) % \(interval)"
    if !comparisons.isEmpty {
      return [text, zip(comparisons, verdicts).map { "\($0.estimateText) \($1)" }.joined(separator: "; ")]
    }
    return [text, fairness.comparisons.contains { $0.reference == arm } ? "the reference" : ""]
  }

  /// Label bias by arm and prompt; the likeliest words by arm.
  private var chosenRows: [[String]] {
    func text(_ what: String, _ share: Measured<Proportion>) -> String {
      share.value.map { "\(what) \(Figures.percent($0.value)) % \(Figures.percent($0.interval))" }
        ?? "\(what) undefined"
    }
    let choices = (choices?.arms ?? []).flatMap { arm in
      arm.prompts.compactMap { prompt -> [String]? in
        guard let name = prompt.prompt else { return nil }
        return [arm.arm, name, text("label bias", prompt.overall.tokenBias.map(\.labelBias)), ""]
      }
    }
    let cloze = (cloze?.arms ?? []).flatMap { arm in
      arm.overall.candidates.prefix(4).map { [arm.arm, $0.candidate, text("likeliest", $0.share), ""] }
    }
    return (choices + cloze).map { $0.map(\.withoutControlCharacters) }
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
