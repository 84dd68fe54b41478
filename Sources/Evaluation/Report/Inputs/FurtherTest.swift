package import Metrics

/// What the same models make of another file of items, none of which was meant to be trained on.
package struct FurtherTest: Equatable, Sendable {
  package var name: String
  /// How many items it has.
  package var items: Int
  /// How many of them are equal, byte for byte, to one that was trained on.
  package var trainedOn: Int
  /// The column that says which items belong together; nil where items stand alone.
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
  /// The report as if the further test were the test split: what tables and figures of it are made from.
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
