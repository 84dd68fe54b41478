import Metrics
import Statistics

extension ChoiceEvaluation {
  /// Accuracy, token bias and the labels' shares by arm, wording and group.
  func table() -> CommaSeparatedTable {
    let bounds = ["", "lower", "upper"]
    var table = CommaSeparatedTable(
      header: ["arm", "prompt", "column", "group", "n", "clusters"]
        + ["accuracy", "single_order_accuracy", "label_bias", "follows_content", "mixed"].flatMap {
          Field.header($0, bounds)
        } + ["labels", "options"])
    for arm in arms {
      for wording in arm.wordings {
        for group in [wording.overall] + wording.groups {
          let bias = group.tokenBias
          let figures = [
            group.accuracy, bias.singleOrderAccuracy, bias.map(\.followsLabel), bias.map(\.followsContent),
            bias.map(\.mixed),
          ]
          let labels = bias.value?.labels.map { "\($0.label)=\(Field.number($0.share.value))" } ?? []
          let options = group.options.value?.map { "\($0.option)=\(Field.number($0.share.value))" } ?? []
          table.append(
            [arm.arm, wording.wording ?? "all"] + Field.group(group.group) + ["\(group.n)", "\(group.clusters)"]
              + figures.flatMap { figure in
                Field.undefinable(figure, 3) { [Field.number($0.value)] + Field.interval($0.interval) }
              } + [labels.joined(separator: ";"), options.joined(separator: ";")])
        }
      }
    }
    return table
  }

  func differencesTable() -> CommaSeparatedTable {
    var table = CommaSeparatedTable(
      header: ["arm", "reference", "prompt", "column", "group", "figure", "n"]
        + Field.header("difference", ["", "lower", "upper"]))
    for found in comparisons {
      table.append(
        [found.arm, found.reference, found.wording ?? "all"] + Field.group(found.group)
          + [found.figure.rawValue, "\(found.n)"] + Field.estimate(found.difference.map(\.estimate)))
    }
    return table
  }
}

extension Measured<TokenBias> {
  /// The share of right choices over all orders.
  var singleOrderAccuracy: Measured<Proportion> {
    switch self {
    case .value(let found): found.singleOrderAccuracy
    case .undefined(let reason, let n): .undefined(reason: reason, n: n)
    }
  }
}
