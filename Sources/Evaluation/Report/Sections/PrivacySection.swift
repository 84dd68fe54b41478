import MembershipInference
import Metrics

extension AuditReport {
  /// What membership inference finds against every arm.
  var privacySection: Section {
    // Predictions made elsewhere say nothing of who was trained on.
    if isOfPredictions { return Section(anchor: "privacy", title: "Membership inference", body: .empty) }
    guard !privacy.isEmpty else {
      return Section(
        anchor: "privacy", title: "Membership inference",
        body: "<p>Membership inference was not measured: the specification asks for no shadow models.</p>")
    }
    return Section(
      anchor: "privacy", title: "Membership inference",
      body: """
        <p>How well can an attacker tell whether an item was in the training set? \(design)</p>
        \(armsLeftOut)\(looks)\(privacyFigures.html)
        """)
  }

  private var design: String {
    guard case .released? = privacy.first?.design else {
      return "Each of the \(fleetSizes()) models of an arm’s fleet, trained as the arm was on half of "
        + "\(Figures.count(poolItems)) items, is attacked once; the others, but for its complement, are the "
        + "attacker’s shadow models."
    }
    let deviation =
      shadowItems.map { shadow in
        shadow == counts.train
          ? "as many items as it, \(Figures.count(shadow))"
          : "\(Figures.count(shadow)) items, while it was trained on \(Figures.count(counts.train)): a deviation that the "
            + "specification names, or that keeping clusters whole makes necessary"
      } ?? "as many items as it"
    return
      "The model of the first seed is attacked for \(Figures.count(poolItems)) items, \(Figures.count(poolMembers)) of which it was "
      + "trained on, by \(fleetSizes(besides: 1)) shadow models that were trained as the arm was and never saw any of these "
      + "items. Each was trained on \(deviation)."
  }

  /// "8", or "6 (base, lora-r2) or 8 (full)".
  ///
  /// - Parameter targets: models among them that are no shadow models.
  private func fleetSizes(besides targets: Int = 0) -> String {
    let sizes = Set(privacy.map(\.models)).sorted()
    guard sizes.count > 1 else { return Figures.count(sizes.first.map { $0 - targets } ?? fleetModels) }
    return sizes.map { size in
      let arms = privacy.filter { $0.models == size }.map(\.arm).joined(separator: ", ")
      return "\(Figures.count(size - targets)) (\(arms))"
    }.joined(separator: " or ")
  }

  /// How many models were enough, where that was asked.
  private var looks: HTML {
    guard !fleetLooks.isEmpty else { return .empty }
    let items = fleetLooks.map { look -> HTML in
      let sizes = look.looks.map { Figures.count($0) }.listed
      return "<li>\(armLabel(look.arm)), looks at \(sizes) models: \(look.sentence)</li>"
    }
    return """
      <p>Fleets were looked at before they were whole, at sizes that were fixed before the run; all looks together err no \
      more often than one would, so that intervals are those of the last look. Arms are compared on the first models that \
      both have.</p><ul>\(items)</ul>
      """
  }

  private var armsLeftOut: HTML {
    armsFromElsewhere.map { "<p>\(armLabel($0.name)) is left out: \(Self.whyNoFleet).</p>" as HTML }.joined()
  }

  var privacyFigures: PrivacyFigures {
    PrivacyFigures(
      evaluations: privacy, rule: privacyRule, comparisons: privacyComparisons, label: armLabel, style: style)
  }
}
