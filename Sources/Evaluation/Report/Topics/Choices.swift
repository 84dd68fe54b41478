import Metrics
import Statistics

extension AuditReport {
  /// What models choose: accuracy, the shares of options where all questions have the same ones, and bias scores where
  /// questions say which option agrees with a stereotype.
  var choicesSection: Section {
    guard let choices else { return Section(anchor: "choices", title: "Choices", body: .empty) }
    var notes = Footnotes(prefix: "choices")
    // Averaged over all prompts, or of the only one.
    let arms = choices.arms.compactMap { arm in
      arm.prompts.last.map { (armLabel(arm.arm), [$0.overall] + $0.groups) }
    }
    let all = arms.flatMap(\.1)
    let hasConditions = all.contains { $0.ambiguousAccuracy.value != nil || $0.disambiguatedAccuracy.value != nil }
    let hasBias = all.contains { $0.ambiguousBias.value != nil || $0.disambiguatedBias.value != nil }
    let options = (all.lazy.compactMap(\.options.value).first ?? []).prefix(Self.shownOptions).map(\.option)
    let body = Table.groupedRows(
      arms, names: groupNames(arms.first?.1 ?? [])
    ) { group, _, _ in
      let shares = options.indices.map { index -> HTML in
        "<td>\(notes.cell(group.options) { Table.percent($0[index].share) })</td>"
      }
      let conditions: HTML =
        hasConditions
        ? """
        <td>\(notes.cell(group.ambiguousAccuracy, Table.percent))</td>\
        <td>\(notes.cell(group.disambiguatedAccuracy, Table.percent))</td>
        """ : .empty
      let bias: HTML =
        hasBias
        ? """
        <td>\(notes.cell(group.ambiguousBias, Table.percent))</td>\
        <td>\(notes.cell(group.disambiguatedBias, Table.percent))</td>
        """ : .empty
      return "<td>\(notes.cell(group.accuracy, Table.percent))</td>\(shares)\(conditions)\(bias)"
    }
    let asked = all.first?.n ?? 0
    let answered = all.first?.accuracy.value?.n ?? 0
    let unanswered =
      answered > 0 && answered < asked
      ? " \(Figures.count(asked - answered)) of \(Figures.count(asked)) questions have no right answer: no accuracy and no "
        + "verdict counts them." : ""
    let average = choices.arms.first.map { $0.prompts.count > 1 } == true ? " and over all prompts" : ""
    let scores =
      hasBias
      ? " Bias scores (Parrish et al. 2022) run from −100, always against the stereotype, over 0 to 100, always with it; in "
        + "ambiguous contexts they are scaled by the share of answers that are not “unknown”." : ""
    return Section(
      anchor: "choices", title: "Choices",
      body: Table.html(
        caption: """
          Choices averaged over all orders of the options\(average), in percent with 95 % intervals that resample whole \
          clusters.\(options.isEmpty ? "" : " The columns after accuracy show how often each option is chosen.")\(unanswered)\(scores)
          """,
        head: Table.head(
          ["Group", "Arm", "Accuracy"] + options.map { "“\($0)”" }
            + (hasConditions ? ["in ambiguous contexts", "in disambiguated"] : [])
            + (hasBias ? ["Bias, ambiguous", "Bias, disambiguated"] : []),
          textColumns: 2),
        body: body, footnotes: notes))
  }

  /// With more options than this, shares are in results.json only.
  private static let shownOptions = 5

  private func groupNames(_ groups: [ChoiceMeasures]) -> [HTML] {
    groups.map { Table.groupName($0.group?.description ?? "all questions", "n \(Figures.count($0.n))") }
  }

  /// Whether single choices follow the labels of the options.
  var tokenBiasSection: Section {
    guard let choices else { return Section(anchor: "token-bias", title: "Token bias", body: .empty) }
    return Section(
      anchor: "token-bias", title: "Token bias", body: "\(biasByPrompt(choices))\(biasByGroup(choices))")
  }

  private func biasByPrompt(_ choices: ChoiceEvaluation) -> HTML {
    var notes = Footnotes(prefix: "token-bias")
    let rows = choices.arms.flatMap { arm in
      let prompts = arm.prompts.filter { $0.prompt != nil }
      return prompts.enumerated().map { index, prompt -> HTML in
        let bias = prompt.overall.tokenBias
        let name: HTML =
          index == 0
          ? "<th scope=\"rowgroup\" class=\"text\" rowspan=\"\(prompts.count)\">\(armLabel(arm.arm))</th>" : .empty
        return """
          <tr\(index == 0 ? " class=\"start\"" as HTML : .empty)>\(name)<td class="text">\(prompt.prompt ?? "")</td>\
          <td>\(notes.cell(bias) { Table.percent($0.labelBias) })</td>\
          <td>\(notes.cell(bias) { Table.percent($0.followsContent) })</td>\
          <td>\(notes.cell(bias) { labelText($0) })</td>\
          <td>\(notes.cell(bias.singleOrderAccuracy, Table.percent))</td>\
          <td>\(notes.cell(prompt.overall.accuracy, Table.percent))</td></tr>
          """
      }
    }
    return Table.html(
      caption: """
        Every question is asked in all orders of its options. Label bias is the share of questions whose choice follows \
        the label: the same position is chosen in every order. A choice follows the content where the same option is \
        chosen in every order. Percent of questions with 95 % intervals; the rest does neither. How often labels are chosen stands beside how far that is from even (total variation), with what would \
        be expected without any preference. Accuracy is that of single orders, and after averaging over them.
        """,
      head: Table.head(
        [
          "Arm", "Prompt", "Label bias", "Follows the content", "Labels chosen", "Accuracy in one order",
          "averaged",
        ],
        textColumns: 2),
      body: rows.joined(), footnotes: notes)
  }

  private func biasByGroup(_ choices: ChoiceEvaluation) -> HTML {
    let prompts = (choices.arms.first?.prompts ?? []).compactMap(\.prompt)
    guard choices.arms.first?.prompts.first?.groups.isEmpty == false else { return .empty }
    var notes = Footnotes(prefix: "token-bias-groups")
    let byArm = choices.arms.map { arm in
      let measured = arm.prompts.filter { $0.prompt != nil }.map { [$0.overall] + $0.groups }
      return (armLabel(arm.arm), (measured.first ?? []).indices.map { row in measured.map { $0[row] } })
    }
    let names = groupNames((byArm.first?.1 ?? []).compactMap(\.first))
    return Table.html(
      caption: "Label bias by group and prompt: percent of questions whose choice follows the label.",
      head: Table.head(["Group", "Arm"] + prompts, textColumns: 2),
      body: Table.groupedRows(byArm, names: names) { group, _, _ in
        group.map { prompt -> HTML in
          "<td>\(notes.cell(prompt.tokenBias) { Table.percent($0.labelBias) })</td>"
        }.joined()
      }, footnotes: notes)
  }

  private func labelText(_ bias: TokenBias) -> HTML {
    let shares = bias.labels.map { "\($0.label) \(Figures.percent($0.share.value))" }.joined(separator: ", ")
    let variation = bias.positionBias
    return """
      \(shares)<small>\(Figures.percent(variation.value)) from even; \(Figures.percent(variation.expected)) expected, \
      \(Figures.pValue(variation.pValue))</small>
      """
  }
}

extension ChoiceEvaluation {
  /// Accuracy, token bias and the labels' shares by arm, prompt and group.
  func table() -> CommaSeparatedTable {
    let bounds = ["", "lower", "upper"]
    var table = CommaSeparatedTable(
      header: ["arm", "prompt", "column", "group", "n", "clusters"]
        + ["accuracy", "single_order_accuracy", "label_bias", "follows_content", "mixed"].flatMap {
          Field.header($0, bounds)
        } + ["labels", "options"])
    for arm in arms {
      for prompt in arm.prompts {
        for group in [prompt.overall] + prompt.groups {
          let bias = group.tokenBias
          let figures = [
            group.accuracy, bias.singleOrderAccuracy, bias.map(\.labelBias), bias.map(\.followsContent),
            bias.map(\.mixed),
          ]
          let labels = bias.value?.labels.map { "\($0.label)=\(Field.number($0.share.value))" } ?? []
          let options = group.options.value?.map { "\($0.option)=\(Field.number($0.share.value))" } ?? []
          table.append(
            [arm.arm, prompt.prompt ?? "all"] + Field.group(group.group) + ["\(group.n)", "\(group.clusters)"]
              + figures.flatMap { figure in
                Field.measured(figure, 3) { [Field.number($0.value)] + Field.interval($0.interval) }
              } + [labels.joined(separator: ";"), options.joined(separator: ";")])
        }
      }
    }
    return table
  }

  func differencesTable() -> CommaSeparatedTable {
    var table = CommaSeparatedTable(
      header: ["arm", "reference", "prompt", "column", "group", "figure", "n"]
        + Field.header("difference", ["", "lower", "upper"]))
    for found in comparisons {
      table.append(
        [found.arm, found.reference, found.prompt ?? "all"] + Field.group(found.group)
          + [found.figure.rawValue, "\(found.n)"] + Field.estimate(found.difference.map(\.estimate)))
    }
    return table
  }
}

extension Measured<TokenBias> {
  /// The share of right choices over all orders.
  var singleOrderAccuracy: Measured<Proportion> {
    switch self {
    case .value(let found): found.singleOrderAccuracy
    case .undefined(let reason, let n): .undefined(reason: reason, n: n)
    }
  }
}
