internal import Metrics

extension EvaluationItems {
  /// Items of groups of equal size, one after the other, in clusters of neighbours that do not reach beyond a group.
  ///
  /// - Parameter labels: The class of every item; all of class 1 where none are given.
  static func planted(groups: Int, size: Int, clusterSize: Int, labels: [Int]? = nil) -> EvaluationItems {
    let count = groups * size
    let clustersEach = (size + clusterSize - 1) / clusterSize
    return EvaluationItems(
      identifiers: (0..<count).map { "item-\($0)" }, labels: labels ?? Array(repeating: 1, count: count),
      classNames: ["negative", "positive"],
      clusters: (0..<count).map { $0 / size * clustersEach + $0 % size / clusterSize },
      groups: (0..<groups).map { number in
        Subgroup(column: "group", value: "\(number)", members: Array(number * size..<(number + 1) * size))
      },
      positiveClass: 1)
  }
}

/// Says of simulated data what a row's reader must know.
func clusterWords(_ size: Int, _ correlation: Double) -> String {
  size > 1 ? "clusters of \(size), correlation \(shareWords(correlation))" : "unclustered"
}

func seedWords(_ seeds: Int) -> String { seeds == 1 ? "1 seed" : "\(seeds) seeds" }

/// A share without its leading zero: .05, −.03, 0.
func shareWords(_ share: Double) -> String {
  let text = "\((abs(share) * 10_000).rounded() / 10_000)"
  let short = text == "0.0" ? "0" : String(text.trimmingPrefix("0"))
  return share < 0 ? "−" + short : short
}
