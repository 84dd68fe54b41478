internal import Datasets

extension PredictionsTable {
  /// The rows of one arm in the form in which they are read.
  ///
  /// - Parameter groups: the names of the columns of groups.
  func bytes(ofArm arm: String, groups: [String]) -> [UInt8] {
    let prefix = holdsProbabilities ? "probability_" : "logit_"
    var writer = CommaSeparatedValuesWriter(
      header: ["arm", "seed", "split", "item", "label"] + classNames.map { prefix + $0 } + groups + ["cluster"])
    let count = classNames.count
    for (number, row) in rows.enumerated() where row.arm == arm {
      let start = [row.arm, row.seed.map { "\($0)" } ?? "", row.isValidation ? "validation" : "test", row.item]
      let label = row.label.map { classNames[$0] } ?? ""
      let stated = scores[number * count..<(number + 1) * count].map { "\($0)" }
      writer.append(start + [label] + stated + row.groups + [row.cluster])
    }
    return writer.bytes
  }
}

extension String {
  /// The name of an arm's table; what a path could not hold is written as in an address, so that two arms never share one.
  package var predictionsFile: String {
    flatMap { character -> String in
      switch character {
      case "/": "%2F"
      case "%": "%25"
      case "\0": "%00"
      default: String(character)
      }
    } + ".csv"
  }
}
