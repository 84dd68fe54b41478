import Metrics

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

  /// What a terminal shows of further tests: a title and a line for every arm and group.
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
