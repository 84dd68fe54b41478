import Metrics
import Statistics

extension AuditReport {
  /// Perplexity of every arm in every group, where language models read texts.
  var likelihoodSection: Section {
    guard let likelihoods else { return Section(anchor: "perplexity", title: "Perplexity by group", body: .empty) }
    var notes = Footnotes(prefix: "perplexity")
    let body = Table.groupedRows(
      likelihoods.arms.map { (armLabel($0.arm), [$0.overall] + $0.groups) },
      names: (likelihoods.arms.first.map { [$0.overall] + $0.groups } ?? []).map { group in
        Table.groupName(
          group.group?.description ?? "all items",
          "n \(Figures.count(group.n)), \(Figures.count(group.tokens, "token", "tokens"))")
      }
    ) { group, _, _ in
      """
      <td>\(notes.estimate(group.perplexity.estimate, digits: 2))</td>\
      <td>\(Table.percent(group.tokenProbability.estimate))</td>\
      <td>\(group.tokenProbability.seedSpread.seedText)</td>
      """
    }
    return Section(
      anchor: "perplexity", title: "Perplexity by group",
      body: Table.html(
        caption: """
          Perplexity is exp of the mean negative log-likelihood of all tokens of the group’s texts; token probability, in \
          percent, the mean over texts of exp of their mean log-likelihood, so that every text weighs the same. 95 % \
          intervals resample whole clusters; the deviation over seeds is that of the token probability in points.
          """,
        head: Table.head(["Group", "Arm", "Perplexity", "Token probability", "± over seeds"], textColumns: 2),
        body: body, footnotes: notes))
  }

  func perplexityTable() -> CommaSeparatedTable {
    let bounds = ["", "lower", "upper"]
    var table = CommaSeparatedTable(
      header: ["arm", "column", "group", "n", "clusters", "tokens"] + Field.header("perplexity", bounds)
        + Field.header("token_probability", bounds))
    for arm in likelihoods?.arms ?? [] {
      for group in [arm.overall] + arm.groups {
        let counts = [group.n, group.clusters, group.tokens].map { "\($0)" }
        let figures = [group.perplexity.estimate, group.tokenProbability.estimate].flatMap { Field.estimate($0) }
        table.append([arm.arm] + Field.group(group.group) + counts + figures)
      }
    }
    return table
  }
}
