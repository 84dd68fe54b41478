package import Metrics

/// How the same models do on another file of items, none of them meant for training.
package struct FurtherTest: Equatable, Sendable {
  package var name: String
  /// How many items it has.
  package var items: Int
  /// How many of them are equal, byte for byte, to one that was trained on.
  package var trainedOn: Int
  /// The column that says which items belong together; nil if items are not clustered.
  package var clusterColumn: String?
  /// With positions among the test's items.
  package var groups: [Subgroup]
  package var fairness: FairnessEvaluation

  package init(
    name: String, items: Int, trainedOn: Int, clusterColumn: String?, groups: [Subgroup], fairness: FairnessEvaluation
  ) {
    self.name = name
    self.items = items
    self.trainedOn = trainedOn
    self.clusterColumn = clusterColumn
    self.groups = groups
    self.fairness = fairness
  }
}

extension AuditReport {
  /// The report with the further test in place of the test split, from which its tables and figures are made.
  func replacingTest(by test: FurtherTest) -> AuditReport {
    var report = self
    report.fairness = test.fairness
    report.groups = test.groups
    report.clusterColumn = test.clusterColumn
    report.counts.test = test.items
    report.furtherTests = []
    report.footnotePrefix = "\(test.name)-"
    return report
  }
}

extension AuditReport {
  /// One section a further test: accuracy by group, and the arms compared.
  var furtherTestSections: [Section] {
    furtherTests.map { test in
      let report = replacingTest(by: test)
      let seen =
        test.trainedOn == 0
        ? "None of its items is equal to one that was trained on."
        : "\(Figures.count(test.trainedOn, "of its items is", "of its items are")) equal to one that was trained on: what "
          + "is right of them may have been learned by heart."
      return Section(
        anchor: "test-\(test.name)", title: "Further test: \(test.name)",
        body: """
          <p class="note">The same models on \(Figures.count(test.items, "item", "items")) of another file\
          \(test.clusterColumn.map { ", whole clusters of equal \($0) resampled" } ?? ""). The rule and the margin are \
          those of the audit; corrected by themselves. \(seen)</p>\(report.groupsSection.body)\
          \(report.comparisonsSection.body)
          """)
    }
  }

  /// The lines for a terminal: a title for each further test, and a line for every arm and group.
  func furtherTestLines() -> [String] {
    furtherTests.flatMap { test in
      ["on \(test.name):".withoutControlCharacters] + replacingTest(by: test).verdictLines().map { "  \($0)" }
    }
  }

  /// The tables of further tests by name.
  func furtherTestTables() -> [(name: String, table: CommaSeparatedTable)] {
    furtherTests.flatMap { test in
      let report = replacingTest(by: test)
      return [
        ("tests/\(test.name)/groups", report.groupsTable()),
        ("tests/\(test.name)/comparisons", report.comparisonsTable()),
      ]
    }
  }
}
