import Metrics
import Statistics

extension AuditReport {
  /// Which words models would put into frames, by arm and group.
  var clozeSection: Section {
    guard let cloze else { return Section(anchor: "cloze", title: "Cloze", body: .empty) }
    var notes = Footnotes(prefix: "cloze")
    let candidates = cloze.arms.first?.overall.candidates.map(\.candidate) ?? []
    let shown = candidates.prefix(Self.shownCandidates)
    let body = Table.groupedRows(
      cloze.arms.map { (armLabel($0.arm), [$0.overall] + $0.groups) },
      names: (cloze.arms.first.map { [$0.overall] + $0.groups } ?? []).map {
        Table.groupName($0.group?.description ?? "all frames", "n \(Figures.count($0.n))")
      }
    ) { group, _, _ in
      let cells = shown.indices.map { index -> HTML in
        let candidate = group.candidates[index]
        return """
          <td>\(notes.cell(candidate.share, Table.percent))</td>\
          <td>\(notes.cell(candidate.mass, Table.percent))</td>
          """
      }
      return "\(cells)<td>\(Figures.count(group.ties))</td>"
    }
    let rest = candidates.count - shown.count
    let table = Table.html(
      caption: """
        How often each word is the likeliest of those that a frame offers, and its mean probability among them, in \
        percent with 95 % intervals that resample whole clusters. Only the tokens of the word itself are scored, after \
        the text before the slot.\(rest > 0 ? " \(Figures.count(rest, "more word is", "more words are")) in tables/cloze.csv." : "")
        """,
      head: Table.head(
        ["Group", "Arm"] + shown.flatMap { ["“\($0)” likeliest", "its probability"] } + ["Ties"], textColumns: 2),
      body: body, footnotes: notes)
    return Section(anchor: "cloze", title: "Cloze", body: "\(table)\(differences(cloze, candidates: Array(shown)))")
  }

  private func differences(_ cloze: ClozeEvaluation, candidates: [String]) -> HTML {
    guard !cloze.comparisons.isEmpty else { return .empty }
    var notes = Footnotes(prefix: "cloze-differences")
    // One row per pair of arms and group, the candidates side by side.
    let width = Swift.max(1, cloze.arms.first?.overall.candidates.count ?? 1)
    let rows = stride(from: 0, to: cloze.comparisons.count, by: width).map { first -> HTML in
      let row = cloze.comparisons[first..<Swift.min(first + width, cloze.comparisons.count)]
      let cells = candidates.map { candidate -> HTML in
        guard let found = row.first(where: { $0.candidate == candidate }) else { return "<td></td>" }
        return "<td>\(notes.cell(found.mass) { Table.points($0) })</td>"
      }
      return """
        <tr><td class="text">\(row.first?.group?.description ?? "all frames")</td><td class="text">\
        \(armLabel(row.first?.arm ?? "")) − \(armLabel(row.first?.reference ?? ""))</td>\(cells)</tr>
        """
    }
    return Table.html(
      caption: """
        Differences of a word’s mean probability between arms on the same frames and seeds, in points, with intervals \
        from the same resamples of clusters. Exploratory: nothing is corrected for.
        """,
      head: Table.head(["Group", "Arms"] + candidates.map { "“\($0)”" }, textColumns: 2), body: rows.joined(),
      footnotes: notes)
  }

  /// Candidates beyond these are in the CSV only.
  private static let shownCandidates = 4
}

extension ClozeEvaluation {
  func table() -> CommaSeparatedTable {
    let bounds = ["", "lower", "upper"]
    var table = CommaSeparatedTable(
      header: ["arm", "column", "group", "candidate", "n"] + Field.header("share", bounds)
        + Field.header("probability", bounds))
    for arm in arms {
      for group in [arm.overall] + arm.groups {
        for candidate in group.candidates {
          table.append(
            [arm.arm] + Field.group(group.group) + [candidate.candidate, "\(candidate.n)"]
              + Field.measured(candidate.share, 3) { [Field.number($0.value)] + Field.interval($0.interval) }
              + Field.estimate(candidate.mass))
        }
      }
    }
    return table
  }

  func differencesTable() -> CommaSeparatedTable {
    let bounds = ["", "lower", "upper"]
    var table = CommaSeparatedTable(
      header: ["arm", "reference", "column", "group", "candidate", "n"] + Field.header("share", bounds)
        + Field.header("probability", bounds))
    for found in comparisons {
      table.append(
        [found.arm, found.reference] + Field.group(found.group) + [found.candidate, "\(found.n)"]
          + Field.estimate(found.share.map(\.estimate)) + Field.estimate(found.mass.map(\.estimate)))
    }
    return table
  }
}

extension FigureDifference {
  var estimate: Estimate { Estimate(value: value, interval: interval) }
}
