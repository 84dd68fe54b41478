import Statistics
import Support

/// The figures of every arm in one subset, of the data and under resampling of whole clusters: a resample draws the same
/// clusters for all arms and seeds.
struct QualityResamples: Sendable {
  /// Of every arm, a row of `QualitySums` for each run.
  private let observed: [[QualitySums]]
  /// Of every resample, arm and figure the mean over the runs; nil where a run has no such figure.
  private let replicates: [[[Double?]]]
  private let clusters: Int
  private let items: Int
  private let confidence: Double

  /// - Parameters:
  ///   - arms: Of every arm and run the row of every sentence.
  init(_ subset: ItemSubset, arms: [[[[Double]]]], resamples: Int, confidence: Double, key: RandomKey) {
    let blocks = ResamplingBlocks(subset.clusters, key: key)
    let tables = arms.map { runs in
      runs.map { rows in
        BlockSums(blocks, width: QualitySums.width) { position, row in
          for (column, value) in rows[subset.members[position]].enumerated() { row[column] += value }
        }
      }
    }
    observed = tables.map { $0.map { QualitySums(row: $0.totals) } }
    replicates = concurrentMap(subset.clusters.count > 1 ? resamples : 0) { number in
      let weights = blocks.weights(resample: number, key: key)
      return tables.map { runs in
        let sums = runs.map { QualitySums(row: $0.sums(weights: weights)) }
        return TranslationFigure.allCases.map { figure in
          let values = sums.compactMap { figure.value(of: $0).value }
          return values.count == sums.count ? values.mean : nil
        }
      }
    }
    (clusters, items, self.confidence) = (subset.clusters.count, subset.members.count, confidence)
  }

  /// An arm's figure, averaged over its runs.
  ///
  /// - Parameter seeds: Of the runs, to say which of them has no such figure.
  func estimate(_ figure: TranslationFigure, arm: Int, seeds: [Int?]) -> Measured<SeededEstimate> {
    values(figure, arm: arm, seeds: seeds).map { values in
      seeded(values, replicates: replicates.map { $0[arm][figure.rawValue] })
    }
  }

  /// An arm's figure minus a reference's.
  ///
  /// - Parameter seeds: Of the runs, to say which of them has no such figure.
  func difference(
    _ figure: TranslationFigure, runs: RunPairs, seeds: (arm: [Int?], reference: [Int?])
  ) -> Measured<SeededEstimate> {
    let own = values(figure, arm: runs.arm, seeds: seeds.arm)
    let other = values(figure, arm: runs.reference, seeds: seeds.reference)
    return own.flatMap { own in
      other.map { other in
        let drawn = replicates.map { resample -> Double? in
          guard let first = resample[runs.arm][figure.rawValue],
            let second = resample[runs.reference][figure.rawValue]
          else { return nil }
          return first - second
        }
        return seeded(runs.differences(own, other), replicates: drawn)
      }
    }
  }

  /// Of every run; undefined where one of them has no such figure.
  private func values(_ figure: TranslationFigure, arm: Int, seeds: [Int?]) -> Measured<[Double]> {
    var values: [Double] = []
    for (sums, seed) in zip(observed[arm], seeds) {
      switch figure.value(of: sums) {
      case .value(let value): values.append(value)
      case .undefined(let reason, let n):
        return .undefined(reason: seed.map { "seed \($0): \(reason)" } ?? reason, n: n)
      }
    }
    return .value(values)
  }

  private func seeded(_ values: [Double], replicates: [Double?]) -> SeededEstimate {
    SeededEstimate(
      estimate: Estimate(value: values.mean, interval: interval(replicates)), seedSpread: SeedSpread(values: values))
  }

  private func interval(_ replicates: [Double?]) -> Measured<Interval> {
    guard clusters > 1 else { return .undefined(reason: "one cluster says nothing about variation", n: items) }
    let found = replicates.compactMap(\.self)
    guard !found.isEmpty, found.count * 20 >= replicates.count * 19 else {
      return .undefined(
        reason: "the figure is undefined in \(replicates.count - found.count) of \(replicates.count) resamples",
        n: items)
    }
    return .value(.expandedPercentile(found, clusters: clusters, tail: (1 - confidence) / 2))
  }
}

extension Measured {
  /// The figure transformed where that is defined too, or undefined for the first reason.
  fileprivate func flatMap<Other>(_ transform: (Value) -> Measured<Other>) -> Measured<Other> {
    switch self {
    case .value(let value): transform(value)
    case .undefined(let reason, let n): .undefined(reason: reason, n: n)
    }
  }
}
