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
    let diverged = losses.filter { !$0.epochs.allSatisfy(\.isFinite) }.map { run in
      let which = run.seed.map { "seed \($0)" } ?? run.model.map { "shadow model \($0)" } ?? "one run"
      return "\(run.arm), \(which)"
    }
    let note: HTML =
      diverged.isEmpty ? .empty : "<p class=\"note\">Loss not finite, and so not drawn: \(diverged.listed).</p>"
    return Section(
      anchor: "losses", title: "Training loss",
      body: """
        <figure><figcaption>Mean loss of every epoch, a line a seed; grey: shadow models.</figcaption>\
        <div class="multiples losses">\(panels)</div></figure>\(note)
        """)
  }
}
