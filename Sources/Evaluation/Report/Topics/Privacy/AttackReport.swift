package import MembershipInference
package import Metrics
import Statistics
import Support

/// What attacks find against external models, from their scores alone.
package struct AttackReport: Sendable {
  package var name: String
  /// The hash of all scores, in hexadecimal digits.
  package var contentHash: String
  package var study: PrivacyStudy
  /// The groups of the items of the first arm.
  package var groups: [Subgroup]
  /// Further notes for the reader, a sentence each.
  package var notes: [String]

  /// The version of the form of `results.json`.
  static let schemaVersion = 1
  static let kind = "attack"

  package init(name: String, contentHash: String, study: PrivacyStudy, groups: [Subgroup], notes: [String]) {
    self.name = name
    self.contentHash = contentHash
    self.study = study
    self.groups = groups
    self.notes = notes
  }

  /// `results.json`, `report.html` and `tables/*.csv`; and in addition `exposed_items.csv`, the only file that names
  /// items.
  package func files() throws -> [ReportFile] {
    [
      ReportFile(path: "results.json", bytes: try JSONDocument.bytes(of: document)),
      ReportFile(path: "report.html", bytes: Array(html.markup.utf8)),
      ReportFile(path: "tables/privacy.csv", bytes: figures.privacyTable().bytes),
      ReportFile(path: "tables/roc.csv", bytes: figures.attackCurvesTable().bytes),
      ReportFile(path: "tables/vulnerability.csv", bytes: figures.disparitiesTable().bytes),
      ReportFile(path: "tables/vulnerability_differences.csv", bytes: figures.comparisonsTable().bytes),
      ReportFile(path: "exposed_items.csv", bytes: figures.exposedItemsTable().bytes),
    ]
  }

  /// The notes for a terminal: those of the page, its cautions and what attacks leave out included.
  package var allNotes: [String] { (notes + study.evaluations.remarks).map(\.withoutControlCharacters) }

  /// One line for every arm and attack, then for every declared comparison, for a terminal.
  package func lines() -> [String] {
    let attacks = study.evaluations.flatMap { arm in
      arm.attacks.map { attack -> String in
        let area: String =
          switch attack.overall.areaUnderCurve {
          case .value(let area): "area under the curve \(Figures.estimate(area, digits: 3))"
          case .undefined(let reason, _): "undefined: \(reason)"
          }
        return "\(arm.arm)  \(attack.attack.text)  \(area)"
      }
    }
    let comparisons = study.comparisons.compactMap { comparison -> String? in
      guard let rule = study.rule, let found = comparison.difference.value,
        comparison.isInFamily || found.isBelowMinimum && rule.declares(comparison)
      else { return nil }
      return "\(comparison.arm) minus \(comparison.reference)  \(comparison.attack.text)  "
        + "\(comparison.group?.description ?? "all items")  "
        + "\(Figures.points(found.value)) points \(Figures.points(found.interval))  "
        + found.verdictText(comparison, rule: rule)
    }
    return (attacks + comparisons).map(\.withoutControlCharacters)
  }

  /// results.json of an attack, which differs from an audit's.
  private struct Document: Codable, Equatable {
    struct Privacy: Codable, Equatable {
      let arms: [PrivacyEvaluation]
      let decision: Results.VulnerabilityDecision?
      let comparisons: [PrivacyComparison]
    }

    var schema = AttackReport.schemaVersion
    var kind = AttackReport.kind
    let name: String
    let content: String
    let groups: [Results.GroupCount]
    let notes: [String]
    let privacy: Privacy
  }

  private var document: Document {
    Document(
      name: name, content: contentHash, groups: groups.map(Results.GroupCount.init), notes: notes,
      privacy: Document.Privacy(
        arms: study.evaluations,
        decision: Results.VulnerabilityDecision(study.rule, familySize: study.familySize),
        comparisons: study.comparisons))
  }

  private var figures: PrivacyFigures {
    PrivacyFigures(
      evaluations: study.evaluations, rule: study.rule, comparisons: study.comparisons, label: label, style: style)
  }

  private func style(of arm: String) -> ArmStyle {
    if arm == "full" { return ArmStyle(className: "arm-full", shape: .square) }
    if ["head", "base"].contains(arm) { return ArmStyle(className: "arm-base", shape: .ring) }
    let others = study.evaluations.map(\.arm).filter { !["full", "head", "base"].contains($0) }
    return ArmStyle(className: "arm-lora-\((others.firstIndex(of: arm) ?? 0) % 5)", shape: .disc)
  }

  private func label(_ arm: String) -> HTML { ArmStyle.label(arm, style: style(of: arm)) }

  private var html: HTML {
    let first = study.evaluations.first
    let sentences = notes.map { note -> HTML in "<p class=\"note\">\(note)</p>" }
    let arms = study.evaluations.map { arm -> HTML in
      """
      <dt>\(label(arm.arm))</dt><dd>\(arm.design.sentence(models: arm.models)); \
      \(Figures.count(arm.items, "item", "items")), \(Figures.count(arm.queries, "query", "queries")) each.</dd>
      """
    }
    return Page.html(
      title: "\(name) · Tenbin attack",
      """
      <section class="decision">
      <h1>\(name)</h1>
      <p class="subtitle">Tenbin attack on external models · \
      \(Figures.count(study.evaluations.count, "arm", "arms")) · \(Figures.count(first?.items ?? 0, "item", "items"))</p>
      <p class="note">How well can an attacker tell whether an item was in the training set? Items are never named \
      here; the most exposed ones are in exposed_items.csv.</p>\(sentences)
      <dl>\(arms)</dl>
      </section>
      \(Section(anchor: "privacy", title: "Membership inference", body: figures.html).html)
      \(Section(anchor: "method", title: "Method", body: method).html)
      """)
  }

  private var method: HTML {
    let facts =
      [("Scores", contentHash)]
      + AuditReport.attackDefinitions
    let items = facts.map { term, text -> HTML in "<dt>\(term)</dt><dd>\(text)</dd>" }
    return "<dl>\(items)</dl>"
  }
}

extension ShadowModelDesign {
  /// Which models are attacked, and by which, in words.
  fileprivate func sentence(models: Int) -> String {
    switch self {
    case .symmetric:
      "\(Figures.count(models)) models in complementary pairs, each attacked once; its partner is not one of its shadow "
        + "models"
    case .independent:
      "\(Figures.count(models, "model", "models")), each attacked once by all others"
    case .released: "one model, attacked by \(Figures.count(models - 1, "other", "others"))"
    }
  }
}
