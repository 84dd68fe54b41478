import RandomNumbers

/// Replicates of calibration figures under resampling of whole clusters, each averaged over an arm's runs.
struct CalibrationBootstrap {
  private(set) var debiasedSquaredErrors: [Double] = []
  private(set) var signedGaps: [Double] = []

  init(_ subset: ItemSubset, runs: [ItemOutcomes], binCount: Int, resamples: Int, key: RandomKey) {
    let numbers = runs.map { run in
      subset.members.map { CalibrationBins.number(of: run.confidence[$0], count: binCount) }
    }
    var generator = key.generator
    var bins = CalibrationBins(count: binCount)
    for _ in 0..<resamples {
      let weights = generator.clusterWeights(count: subset.clusters.count)
      var squaredError = 0.0
      var gap = 0.0
      var isDefined = true
      for (run, binNumbers) in zip(runs, numbers) {
        bins.removeAll()
        for (position, item) in subset.members.enumerated() {
          let weight = weights[subset.clusters.ofItem[position]]
          guard weight > 0 else { continue }
          bins.add(
            confidence: run.confidence[item], outcome: run.correct[item], bin: binNumbers[position],
            weight: Double(weight))
        }
        guard let error = bins.squaredError else {
          isDefined = false
          break
        }
        squaredError += error.debiased
        gap += bins.signedGap
      }
      guard isDefined else { continue }
      debiasedSquaredErrors.append(squaredError / Double(runs.count))
      signedGaps.append(gap / Double(runs.count))
    }
  }
}

extension CalibrationBins {
  /// Mean confidence minus the share of positive outcomes; 0 without predictions.
  package var signedGap: Double {
    let sums = bins.reduce(into: (gap: 0.0, count: 0.0)) {
      $0.gap += $1.confidence - $1.outcome
      $0.count += $1.count
    }
    return sums.gap / max(1, sums.count)
  }
}
