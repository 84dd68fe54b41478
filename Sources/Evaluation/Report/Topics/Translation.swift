import Metrics
import Statistics

extension AuditReport {
  /// How good translations are and whom they call he or she, by arm and group.
  var translationSection: Section {
    guard let translation else { return Section(anchor: "translation", title: "Translations by group", body: .empty) }
    return Section(
      anchor: "translation", title: "Translations by group",
      body: "\(qualityTable(translation))\(differenceTable(translation))\(pronounTable(translation))")
  }

  private func rows(_ translation: TranslationEvaluation, _ cells: (GroupTranslationQuality) -> HTML) -> HTML {
    Table.groupedRows(
      translation.arms.map { (armLabel($0.arm), [$0.overall] + $0.groups) },
      names: (translation.arms.first.map { [$0.overall] + $0.groups } ?? []).map {
        Table.groupName($0.group?.description ?? "all items", "n \(Figures.count($0.n))")
      }
    ) { group, _, _ in cells(group) }
  }

  private func qualityTable(_ translation: TranslationEvaluation) -> HTML {
    var notes = Footnotes(prefix: "translation")
    let body = rows(translation) { group in
      """
      <td>\(notes.cell(group.bleu) { Table.estimate($0.estimate, digits: 2) })</td>\
      <td>\(notes.cell(group.rougeL) { Table.percent($0.estimate) })</td>\
      <td>\(notes.cell(group.rougeL) { "\($0.seedSpread.seedText)" })</td>
      """
    }
    return Table.html(
      caption: """
        BLEU as sacreBLEU computes it, in points, of all the group’s sentences together; ROUGE-L in percent, the mean over \
        sentences of the best of their references. 95 % intervals resample whole clusters; both are averaged over seeds.
        """,
      head: Table.head(["Group", "Arm", "BLEU", "ROUGE-L", "± over seeds"], textColumns: 2), body: body,
      footnotes: notes)
  }

  private func differenceTable(_ translation: TranslationEvaluation) -> HTML {
    guard !translation.differences.isEmpty else { return .empty }
    var notes = Footnotes(prefix: "translation-differences")
    let body = translation.differences.map { difference -> HTML in
      """
      <tr><td class="text">\(difference.group?.description ?? "all items")</td>\
      <td class="text">\(armLabel(difference.arm)) − \(armLabel(difference.reference))</td>\
      <td>\(notes.cell(difference.bleu) { Table.estimate($0.estimate, digits: 2) })</td>\
      <td>\(notes.cell(difference.rougeL) { Table.percent($0.estimate) })</td>\
      <td>\(notes.cell(difference.deltaG) { Table.percent($0.estimate) })</td>\
      <td>\(notes.cell(difference.deltaS) { Table.percent($0.estimate) })</td></tr>
      """
    }
    return Table.html(
      caption:
        "Differences between arms on the same sentences and seeds, with intervals from the same resamples, in points.",
      head: Table.head(["Group", "Arms", "BLEU", "ROUGE-L", "ΔG", "ΔS"], textColumns: 2), body: body.joined(),
      footnotes: notes)
  }

  private func pronounTable(_ translation: TranslationEvaluation) -> HTML {
    let measured = translation.arms.contains { $0.overall.deltaG.value != nil || $0.overall.pronouns.value != nil }
    guard measured else { return .empty }
    var notes = Footnotes(prefix: "pronouns")
    func shares(_ shares: Measured<PronounShares>) -> HTML {
      PronounClass.allCases.map { pronouns -> HTML in
        "<td>\(notes.cell(shares) { Table.percent($0[pronouns]) })</td>"
      }.joined()
    }
    let body = rows(translation) { group in
      """
      \(shares(group.pronouns))<td>\(notes.cell(group.deltaG) { Table.percent($0.estimate) })</td>\
      <td>\(notes.cell(group.deltaS) { Table.percent($0.estimate) })</td>
      """
    }
    return Table.html(
      caption: """
        Pronouns of the translations, in percent of sentences (both he and she, or none, are unknown). ΔG is F1 of male \
        minus F1 of female pronouns against whom the sentence means, ΔS the accuracy on sentences that follow the \
        stereotype minus that on those that contradict it (Stanovsky et al. 2019), in points. Shares by stereotype are in \
        tables/translation.csv.
        """,
      head: Table.head(["Group", "Arm", "Female", "Male", "Neutral", "Unknown", "ΔG", "ΔS"], textColumns: 2),
      body: body, footnotes: notes)
  }

  func translationTable() -> CommaSeparatedTable {
    let kinds = ["", "female_stereotype_", "male_stereotype_"]
    var header = ["arm", "column", "group", "n", "clusters"]
    for name in ["bleu", "rouge_l", "female_f1", "male_f1", "delta_g", "delta_s"] {
      header += Field.header(name, ["", "lower", "upper"])
    }
    for kind in kinds { for pronouns in PronounClass.allCases { header.append("\(kind)\(pronouns.rawValue)_share") } }
    var table = CommaSeparatedTable(header: header)
    for arm in translation?.arms ?? [] {
      for group in [arm.overall] + arm.groups {
        var row = [arm.arm] + Field.group(group.group) + ["\(group.n)", "\(group.clusters)"]
        for figure in [group.bleu, group.rougeL, group.femaleF1, group.maleF1, group.deltaG, group.deltaS] {
          row += Field.estimate(figure.map(\.estimate))
        }
        for shares in [group.pronouns, group.pronounsOfFemaleStereotype, group.pronounsOfMaleStereotype] {
          row += PronounClass.allCases.map { pronouns in shares.value.map { Field.number($0[pronouns].value) } ?? "" }
        }
        table.append(row)
      }
    }
    return table
  }
}
