import Fairness

extension AuditReport {
  /// What was tried for each arm before the audit, what was chosen, and what that cost.
  var searchSection: Section {
    guard let search else { return Section(anchor: "search", title: "Choice of settings", body: .empty) }
    let rows = search.arms.flatMap { arm in
      arm.candidates.enumerated().map { index, candidate -> HTML in
        let isChosen = index == arm.chosen
        let start: HTML =
          index == 0
          ? """
          <th scope="rowgroup" class="text" rowspan="\(arm.candidates.count)">\(armLabel(arm.name))<br>\
          <span class="note">\(costText(arm.name))</span></th>
          """ : .empty
        let mark = isChosen ? arm.isAtEdge ? "chosen; the edge of the grid" : "chosen" : ""
        let diverged = candidate.diverged > 0 ? "; \(Figures.count(candidate.diverged, "run", "runs")) diverged" : ""
        return """
          <tr\(index == 0 ? " class=\"start\"" as HTML : .empty)>\(start)<td>\(candidate.rate.description)</td>\
          <td>\(candidate.epochs)</td><td>\(Figures.percent(candidate.accuracy.mean))\
          <span class="range"> ± \(Figures.percent(candidate.accuracy.standardDeviation))</span></td>\
          <td>\(Figures.fixed(candidate.logLoss.mean, digits: 3))</td><td class="text">\(mark + diverged)</td></tr>
          """
      }
    }
    return Section(
      anchor: "search", title: "Choice of settings",
      body: Table.html(
        caption: """
          Every arm’s learning rate and epochs were chosen on \(Figures.count(search.validationItems)) validation items, \
          with seeds of the search’s own (\(search.seeds.map { String($0) }.joined(separator: ", "))), by the mean \
          accuracy over seeds; ties by log loss. Where the edge of the grid was chosen, a wider grid may hold better \
          settings. Nothing of the test items was looked at.
          """,
        head: Table.head(
          ["Arm", "Learning rate", "Epochs", "Accuracy, % ± over seeds", "Log loss, nats", ""], textColumns: 1),
        body: rows.joined()))
  }

  private func costText(_ arm: String) -> String {
    guard let cost = cost(of: arm, phase: .search) else { return "" }
    return "\(Quantities.duration(cost.wallSeconds)) wall-clock, \(Quantities.duration(cost.workerSeconds)) of workers"
  }
}
