import Fairness
import Privacy

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
        <p>How well can an attacker tell whether an item was in the training set? Each of the \
        \(Figures.count(fleetModels)) models of an arm’s fleet, trained as the arm was on half of \
        \(Figures.count(poolItems)) items, is attacked once; the others, but for its complement, are the \
        attacker’s shadow models.</p>
        \(armsLeftOut)\(privacyFigures.html)
        """)
  }

  private var armsLeftOut: HTML {
    armsFromElsewhere.map { "<p>\(armLabel($0.name)) is left out: \(Self.whyNoFleet).</p>" as HTML }.joined()
  }

  var privacyFigures: PrivacyFigures {
    PrivacyFigures(
      evaluations: privacy, rule: privacyRule, comparisons: privacyComparisons, label: armLabel, style: style)
  }
}
