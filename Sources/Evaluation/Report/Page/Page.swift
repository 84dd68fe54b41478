import Metrics
import Statistics

extension AuditReport {
  /// `report.html`: one self-contained page without scripts and without external requests; its first part is for the
  /// people who decide.
  package func html() -> String {
    let ofClasses = [groupsSection, gapsSection, comparisonsSection, calibrationSection, thresholdsSection]
    let ofTexts = [translationSection, likelihoodSection, comparisonsSection]
    let sections =
      ([choicesSection, tokenBiasSection, clozeSection] + (fairness.arms.isEmpty ? ofTexts : ofClasses)
      + furtherTestSections + [
        privacySection, searchSection, costsSection, lossesSection, samplesSection, methodSection,
      ]).filter {
        !$0.body.markup.isEmpty
      }
    let links = sections.map { section -> HTML in "<a href=\"#\(section.anchor)\">\(section.title)</a>" }
    return Page.html(
      title: "\(name) · \(kindText)",
      """
      \(remedies == nil ? decisionSection : remediesOpening)
      <nav>\(links.joined(by: " "))</nav>
      \(sections.map(\.html))
      """
    ).markup
  }
}

/// A self-contained page.
enum Page {
  static func html(title: String, _ body: HTML) -> HTML {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>\(title)</title>
    <style>\(StyleSheet.css)</style>
    </head>
    <body>
    <main>
    \(body)
    </main>
    </body>
    </html>

    """
  }
}

extension AuditReport {
  /// What kind of report it is.
  var kindText: String {
    if remedies != nil { return "Tenbin comparison of remedies" }
    return isOfPredictions ? "Tenbin evaluation of external predictions" : "Tenbin audit"
  }
}

/// A titled part of the page; one without a body is left out.
struct Section {
  var anchor: String
  var title: String
  var body: HTML

  var html: HTML {
    """
    <section id="\(anchor)">
    <h2>\(title)</h2>
    \(body)
    </section>

    """
  }
}

/// The parts of tables.
enum Table {
  static func html(caption: HTML, head: HTML, body: HTML, footnotes: Footnotes? = nil) -> HTML {
    """
    <div class="scroll"><table><caption>\(caption)</caption><thead>\(head)</thead><tbody>\(body)</tbody></table></div>
    \(footnotes?.html ?? .empty)
    """
  }

  /// A row of column titles, the first `textColumns` of them aligned left.
  static func head(_ titles: [String], textColumns: Int) -> HTML {
    let cells = titles.enumerated().map { index, title -> HTML in
      index < textColumns ? "<th class=\"text\" scope=\"col\">\(title)</th>" : "<th scope=\"col\">\(title)</th>"
    }
    return "<tr>\(cells)</tr>"
  }

  /// A figure with its interval in a quieter tone.
  static func percent(_ proportion: Proportion) -> HTML {
    "\(Figures.percent(proportion.value)) <span class=\"range\">\(Figures.percent(proportion.interval))</span>"
  }

  static func percent(_ estimate: Estimate) -> HTML {
    let range = estimate.interval.value.map { Figures.percent($0) } ?? "no interval"
    return "\(Figures.percent(estimate.value)) <span class=\"range\">\(range)</span>"
  }

  /// A difference of shares in points, with its sign.
  static func points(_ difference: FigureDifference) -> HTML {
    let range = difference.interval.value.map { Figures.points($0) } ?? "no interval"
    return "\(Figures.points(difference.value)) <span class=\"range\">\(range)</span>"
  }

  /// The same with a number of decimals, not in percent.
  static func estimate(_ estimate: Estimate, digits: Int) -> HTML {
    let range = estimate.interval.value.map { interval in
      "[\(Figures.fixed(interval.lower, digits: digits)), \(Figures.fixed(interval.upper, digits: digits))]"
    }
    return """
      \(Figures.fixed(estimate.value, digits: digits)) <span class="range">\(range ?? "no interval")</span>
      """
  }
}
