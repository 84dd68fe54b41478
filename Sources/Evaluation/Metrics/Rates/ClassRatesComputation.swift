import Statistics

extension ClassRates {
  /// With more classes, one against all others is no longer a figure that anybody reads.
  private static let most = 32

  /// - Parameters:
  ///   - runs: The scores of every run.
  ///   - subsets: All items first, then every group.
  static func all(_ runs: [ItemScores], subsets: [ItemSubset], items: EvaluationItems) -> Measured<[ClassRates]> {
    let count = items.classNames.count
    guard items.positiveClass == nil else {
      return .undefined(reason: "one class is declared positive; its rates say it", n: items.count)
    }
    guard count <= most else {
      return .undefined(reason: "there are \(count) classes, more than \(most)", n: items.count)
    }
    return .value(
      concurrentMap(count) { label in
        var relabelled = items
        relabelled.positiveClass = label
        let outcomes = ItemOutcomes(counting: runs, positiveClass: label)
        let rates = subsets.map { GroupRates($0, outcomes: outcomes, items: relabelled) }
        return ClassRates(name: items.classNames[label], overall: rates[0], groups: Array(rates.dropFirst()))
      })
  }
}
