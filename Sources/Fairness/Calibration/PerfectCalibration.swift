import RandomNumbers

/// What the expected calibration error would be on average if every stated confidence were exactly right.
enum PerfectCalibration {
  /// Outcomes are drawn this many times from the confidences.
  private static let simulations = 400

  /// - Parameters:
  ///   - runs: The outcomes of an arm's runs; only their confidences are read.
  ///   - subsets: Each gets a figure, in this order.
  ///   - keys: One a run.
  static func expectedErrors(
    runs: [ItemOutcomes], subsets: [ItemSubset], binCount: Int, keys: [RandomKey]
  ) -> [Double] {
    var totals = [Double](repeating: 0, count: subsets.count)
    for (run, key) in zip(runs, keys) {
      let bins = run.confidence.map { CalibrationBins.number(of: $0, count: binCount) }
      let stated = subsets.map { subset in
        var sums = [Double](repeating: 0, count: binCount)
        for item in subset.members { sums[bins[item]] += run.confidence[item] }
        return sums
      }
      var generator = key.generator
      var outcomes = [Double](repeating: 0, count: run.confidence.count)
      for _ in 0..<simulations {
        for item in outcomes.indices { outcomes[item] = generator.uniform() < run.confidence[item] ? 1 : 0 }
        for (number, subset) in subsets.enumerated() {
          var sums = [Double](repeating: 0, count: binCount)
          for item in subset.members { sums[bins[item]] += outcomes[item] }
          let error = zip(sums, stated[number]).reduce(0) { $0 + abs($1.0 - $1.1) }
          totals[number] += error / Double(subset.members.count)
        }
      }
    }
    return totals.map { $0 / Double(simulations * max(1, runs.count)) }
  }
}
