internal import Datasets
internal import Metrics
internal import Planning
internal import Report
internal import Specification
internal import Support

// What the same models make of other data.
extension AuditEvidence {
  /// Of every further test, the same as of the test items; temperatures are not fitted.
  func furtherTests() throws -> [FurtherTest] {
    let trained = Set(plan.splits.train.map { plan.input.contents[$0] })
    return try plan.input.furtherTests.enumerated().map { number, test in
      let units = Units(
        clusters: Array(plan.input.clusters[test.items]), contents: Array(plan.input.contents[test.items]))
      let groups = test.groups.map { group in
        Subgroup(
          column: group.column, value: group.value, members: group.members.map { $0 - test.items.lowerBound })
      }
      let items = EvaluationItems(
        identifiers: test.items.map { inputs.manifest.items[$0].name },
        labels: test.items.map { plan.input.labels[$0] }, classNames: inputs.classNames, clusters: units.unitOfItem,
        groups: groups, positiveClass: positiveClass)
      return FurtherTest(
        name: test.name, items: test.items.count,
        trainedOn: test.items.count { trained.contains(plan.input.contents[$0]) },
        clusterColumn: inputs.specification.data.furtherTests[number].cluster, groups: groups,
        fairness: try FairnessEvaluation.evaluate(
          items: items,
          arms: try arms.indices.map { try armPredictions($0, at: plan.positions(ofFurtherTest: number)) },
          comparisons: comparisons(), exploratory: exploratoryComparisons(), rule: rule, validation: nil,
          key: plan.statisticsKey[.fairness][test.name]))
    }
  }
}
