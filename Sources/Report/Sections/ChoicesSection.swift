import AnswerChoice
import Fairness

extension AuditReport {
  /// What models choose: bias scores, and whether choices follow the label rather than the content.
  var choicesSection: Section {
    guard let choices else { return Section(anchor: "choices", title: "Choices", body: .empty) }
    return Section(anchor: "choices", title: "Choices", body: biasTable(choices))
  }

  /// Whether single choices follow what options are called.
  var tokenBiasSection: Section {
    guard let choices else { return Section(anchor: "token-bias", title: "Token bias", body: .empty) }
    var notes = Footnotes(prefix: "token-bias")
    let rows = choices.arms.flatMap { arm in
      let wordings = arm.wordings.filter { $0.wording != nil }
      return wordings.enumerated().map { index, wording -> HTML in
        let bias = wording.overall.tokenBias
        let single: Undefinable<Proportion> =
          switch bias {
          case .value(let found): found.singleOrderAccuracy
          case .undefined(let reason, let n): .undefined(reason: reason, n: n)
          }
        let name: HTML =
          index == 0
          ? "<th scope=\"rowgroup\" class=\"text\" rowspan=\"\(wordings.count)\">\(armLabel(arm.arm))</th>" : .empty
        return """
          <tr\(index == 0 ? " class=\"start\"" as HTML : .empty)>\(name)<td class="text">\(wording.wording ?? "")</td>\
          <td>\(notes.cell(bias) { Table.percent($0.followsLabel) })</td>\
          <td>\(notes.cell(bias) { Table.percent($0.followsContent) })</td>\
          <td>\(notes.cell(bias) { Table.percent($0.mixed) })</td>\
          <td>\(notes.cell(bias) { labelText($0) })</td>\
          <td>\(notes.cell(single, Table.percent))</td>\
          <td>\(notes.cell(wording.overall.accuracy, Table.percent))</td></tr>
          """
      }
    }
    return Section(
      anchor: "token-bias", title: "Token bias",
      body: Table.html(
        caption: """
          Every question is asked in all orders of its options. A choice follows the label where the same position is \
          chosen in every order, and the content where the same option is; percent of questions with 95 % intervals. How \
          often labels are chosen stands beside how far that is from even (total variation), with what would be expected \
          without any preference. Accuracy is that of single orders, and after averaging over them.
          """,
        head: Table.head(
          [
            "Arm", "Wording", "Follows the label", "Follows the content", "Neither", "Labels chosen",
            "Accuracy, one order",
            "Accuracy, averaged",
          ], textColumns: 2),
        body: rows.joined(), footnotes: notes))
  }

  private func labelText(_ bias: TokenBias) -> HTML {
    let shares = bias.labels.map { "\($0.label) \(Figures.percent($0.share.value))" }.joined(separator: ", ")
    let variation = bias.labelVariation
    return """
      \(shares)<small>\(Figures.percent(variation.value)) from even; \(Figures.percent(variation.expected)) expected, \
      \(Figures.pValue(variation.pValue))</small>
      """
  }

  private func biasTable(_ choices: ChoiceEvaluation) -> HTML {
    var notes = Footnotes(prefix: "choices")
    // Averaged over all wordings, or of the one that there is.
    let arms = choices.arms.compactMap { arm in
      arm.wordings.last.map { (armLabel(arm.arm), [$0.overall] + $0.groups) }
    }
    let body = Table.groupedRows(
      arms,
      names: (arms.first?.1 ?? []).map {
        Table.groupName($0.group?.description ?? "all questions", "n \(Figures.count($0.n))")
      }
    ) { group, _, _ in
      """
      <td>\(notes.cell(group.accuracy, Table.percent))</td>\
      <td>\(notes.cell(group.ambiguousAccuracy, Table.percent))</td>\
      <td>\(notes.cell(group.disambiguatedAccuracy, Table.percent))</td>\
      <td>\(notes.cell(group.ambiguousBias, Table.percent))</td>\
      <td>\(notes.cell(group.disambiguatedBias, Table.percent))</td>
      """
    }
    return Table.html(
      caption: """
        Choices averaged over all orders of the options\(choices.arms.first.map { $0.wordings.count > 1 } == true ? " and over all wordings" : ""), in \
        percent with 95 % intervals that resample whole clusters. Bias scores (Parrish et al. 2022) run from −100, always \
        against the stereotype, over 0 to 100, always with it; in ambiguous contexts they are scaled by the share of \
        answers that are not “unknown”.
        """,
      head: Table.head(
        [
          "Group", "Arm", "Accuracy", "in ambiguous contexts", "in disambiguated", "Bias, ambiguous",
          "Bias, disambiguated",
        ],
        textColumns: 2),
      body: body, footnotes: notes)
  }
}
