extension AuditReport {
  /// Training loss by epoch, a panel an arm.
  var lossesSection: Section {
    var names: [String] = []
    for run in losses where !names.contains(run.arm) { names.append(run.arm) }
    let finite = losses.flatMap(\.epochs).filter(\.isFinite)
    let epochs = losses.map(\.epochs.count).max() ?? 0
    guard !names.isEmpty, epochs > 0 else { return Section(anchor: "losses", title: "Training loss", body: .empty) }
    let panels = names.map { name in
      LossCurves(
        arm: name, style: style(of: name), runs: losses.filter { $0.arm == name }, extent: finite, epochs: epochs
      ).html
    }
    let infinite = losses.filter { !$0.epochs.allSatisfy(\.isFinite) }.map(\.runText)
    let note: HTML =
      infinite.isEmpty ? .empty : "<p class=\"note\">Loss not finite, and so not drawn: \(infinite.listed).</p>"
    return Section(
      anchor: "losses", title: "Training loss",
      body: """
        <figure><figcaption>Mean loss of every epoch, a line a seed; grey: shadow models.</figcaption>\
        <div class="multiples losses">\(panels)</div></figure>\(note)
        """)
  }

  /// What must be known of runs that broke off, beside everything that is said of their arms.
  var divergenceNote: HTML {
    let diverged = losses.filter { $0.divergedAt != nil }
    guard !diverged.isEmpty else { return .empty }
    let runs = diverged.map { "\($0.runText) at step \($0.divergedAt ?? 0)" }
    return """
      <p class="note">Diverged, because a gradient was not finite: \(runs.listed). Their predictions are those of the \
      parameters before that step: every figure of these arms rests on runs that broke off.</p>
      """
  }
}
