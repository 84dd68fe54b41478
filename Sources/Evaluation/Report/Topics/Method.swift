import Metrics
import Statistics

extension AuditReport {
  /// What was planned, and how every figure is defined.
  var methodSection: Section {
    let arms = arms.map { arm -> (String, String) in
      ("Arm \(arm.name)", "\(arm.kind.rawValue)\(arm.shape): \(arm.training)")
    }
    let chosen =
      ratesWereFixed
      ? "Rates and epochs were fixed by hand in the specification; no search was made, for any arm."
      : search?.arms.contains { $0.candidates.count == 1 } == true
        ? "Rates and epochs were chosen on the validation items, for those arms that had several candidates."
        : self.arms.allSatisfy { $0.rate == nil }
          ? "Nothing was trained."
          : "Rates and epochs were chosen on the validation items."
    let origin: [(String, String)] =
      isOfPredictions
      ? [("Predictions", planHash), ("Items", Figures.count(counts.test))]
      : [
        ("Plan", "\(planHash) (version \(planVersion))"),
        (
          "Items",
          "\(Figures.count(counts.items)): \(Figures.count(counts.train)) to train, "
            + "\(Figures.count(counts.validation)) to validate, \(Figures.count(counts.test)) to test"
        ),
        ("Precision", precision), ("Rates", chosen),
      ]
    let pooled = pooledGroups.map { "\($0.name.selector) (\(Figures.count($0.n)))" }
    let facts: [(String, String)] = [
      ("Classes", classNames.joined(separator: ", ") + (positiveClass.map { "; positive: \($0)" } ?? "")),
      ("Seeds", seeds.isEmpty ? "none named" : seeds.map { String($0) }.joined(separator: ", ")),
      (
        "Declared family",
        fairness.familySize == 0
          ? "no comparison; everything in this report is exploratory"
          : Figures.count(fairness.familySize, "comparison of", "comparisons of")
            + " \(fairness.rule.metric.rawValue); everything else in this report is exploratory"
      ),
    ]
    let mirrored =
      flipProbability > 0
      ? [
        (
          "Mirrored images",
          "\(Figures.exactPercent(flipProbability)) % of those trained on, others in every epoch; none that is tested"
        )
      ] : []
    let queries =
      queries > 1
      ? [("Queries of an attack", "each image as it is and mirrored, members and others alike")] : []
    let read = inputNotes.isEmpty ? [] : [("As read", inputNotes.joined(separator: " "))]
    let small = pooled.isEmpty ? [] : [("Evaluated together, because too small", pooled.joined(separator: "; "))]
    return Section(
      anchor: "method", title: "Method",
      body:
        "\(Self.list(origin + facts + (dataNotesText.map { [("Items of note", $0)] } ?? []) + read + mirrored + queries + small + arms))<h3>Definitions</h3>\(Self.list(Self.definitions + Self.attackDefinitions))"
    )
  }

  private static func list(_ entries: [(String, String)]) -> HTML {
    let items = entries.map { term, text -> HTML in "<dt>\(term)</dt><dd>\(text)</dd>" }
    return "<dl>\(items)</dl>"
  }

  private static let definitions = [
    (
      "Interval of a rate",
      "Wilson’s (1927) at the effective number of items: n divided by the design effect of clusters (Kish 1965)."
    ),
    (
      "Precision, F1",
      "Ratios with random denominators: linearized variance of whole clusters (Cochran 1977); F1 by its share of found "
        + "items among all that are labelled or predicted positive."
    ),
    (
      "Demographic parity difference",
      "Highest minus lowest share of items predicted positive (Dwork et al. 2012; differences as in fairlearn)."
    ),
    ("Equal opportunity difference", "Highest minus lowest true positive rate (Hardt et al. 2016)."),
    (
      "Equalized odds difference", "The larger of the gaps of true and of false positive rate (Hardt et al. 2016)."
    ),
    (
      "Groups of a gap",
      "Those that have the rate: all for demographic parity, those with positives for equal opportunity, and of "
        + "equalized odds each rate's own. The others are named; with fewer than two the gap is undefined."
    ),
    (
      "Paired difference",
      "Mean over items of the seed-averaged difference; intervals resample clusters, tests flip the signs of clusters."
    ),
    ("Correction", "Holm (1979) over the declared family."),
    ("Expected calibration error", "15 right-closed bins of equal width (Guo et al. 2017)."),
    (
      "In bins of equal mass",
      "15 bins that hold about as many predictions each, ties kept together (Nixon et al. 2019)."
    ),
    (
      "Brier score",
      "With Murphy’s (1973) parts, and the two terms within bins that make them add up (Stephenson et al. 2008)."
    ),
    ("Debiased squared error", "Squared calibration error less its sampling bias (Kumar et al. 2019)."),
    ("Undefined", "A figure that the data do not determine is called so, with its reason; it is never written as 0."),
  ]
}

extension ArmDescription {
  /// ", rank 8, scaled by the root of the rank, dropout 0.05", as far as there is something to say.
  fileprivate var shape: String {
    let rank = rank.map { ", rank \($0)" } ?? ""
    let scaling = isRankStabilized ? ", scaled by the root of the rank (Kalajdzievski 2023)" : ""
    let dropout = dropout > 0 ? ", dropout \(Quantities.rate(dropout))" : ""
    return rank + scaling + dropout
  }

  fileprivate var training: String {
    if kind == .external { return "known by its predictions alone" }
    if kind == .derived { return "made from the predictions of another arm, without training" }
    let parameters = Figures.count(trainableParameters)
    guard let epochs, let rate else {
      if kind == .base { return "the model as it is, evaluated once, because no seed changes it" }
      return
        "\(parameters) parameters, trained outside this audit and evaluated as it is, once, because no seed changes it; whether "
        + "test items were among its training data is not known here"
    }
    return "\(parameters) trainable parameters, \(Figures.count(epochs, "epoch", "epochs")) at a peak rate of "
      + Quantities.rate(rate)
  }
}

/// Something about one item that readers of the figures should know.
package struct DataNote: Equatable, Sendable {
  package enum Kind: String, Codable, CaseIterable, Sendable {
    /// Its text is longer than the model's input, and was cut.
    case cut
    /// A file that is not an item.
    case leftOut = "left out"
    /// Equal, byte for byte, to one with another label.
    case labelledDifferently = "labelled differently"
  }

  package var kind: Kind
  package var item: String
  package var detail: String

  package init(kind: Kind, item: String, detail: String) {
    (self.kind, self.item, self.detail) = (kind, item, detail)
  }
}

extension AuditReport {
  /// Notes on single items by name: a file of its own, like that of the most exposed items.
  package func dataNotesFile() -> ReportFile {
    var table = CommaSeparatedTable(header: ["kind", "item", "detail"])
    for note in dataNotes { table.append([note.kind.rawValue, note.item, note.detail]) }
    return ReportFile(path: "data_notes.csv", bytes: table.bytes)
  }

  /// How many items there are of each kind; nothing where there are none.
  var dataNotesText: String? {
    let counts = DataNote.Kind.allCases.compactMap { kind -> String? in
      let count = dataNotes.count { $0.kind == kind }
      return count == 0 ? nil : "\(Figures.count(count)) \(kind.rawValue)"
    }
    return counts.isEmpty ? nil : counts.joined(separator: ", ") + "; data_notes.csv names them"
  }
}
