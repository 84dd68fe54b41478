package import Statistics
package import Support

/// Replicates of an arm's figures in one subset under resampling of whole clusters, each averaged over the arm's runs.
package struct FigureResamples: Sendable {
  /// From the data themselves; nil where a run has no such figure.
  package let observed: [ResampledFigure: Double]
  /// One a resample in which every run has the figure.
  package let replicates: [ResampledFigure: [Double]]
  /// Of binned errors: how far a resample's gaps lie from those of the data, summed over bins without signs.
  private let departures: [ResampledFigure: [Double]]
  private let items: Int
  private let clusters: Int
  private let resamples: Int

  /// - Parameters:
  ///   - runs: the scores of every run on all items.
  ///   - equalMass: each run's bins of about equal mass in this subset.
  ///   - figures: those that are resampled.
  init(
    _ subset: ItemSubset, runs: [ItemScores], equalMass: [EqualMassBins], figures: [ResampledFigure],
    hasPositives: Bool, resamples: Int, key: RandomKey
  ) {
    let classes = figures.contains(.classwiseError) ? runs.first?.classes ?? 0 : 0
    let columns = FigureColumns(classes: classes, hasPositives: hasPositives)
    let blocks = ResamplingBlocks(subset.clusters, key: key)
    let tables = zip(runs, equalMass).map {
      columns.sums(blocks, subset: subset, scores: $0, equalMass: $1)
    }
    @Sendable func average(_ figure: ResampledFigure, of sums: [[Double]]) -> Double? {
      var total = 0.0
      for sums in sums {
        guard let value = columns.figure(figure, of: sums) else { return nil }
        total += value
      }
      return sums.isEmpty ? nil : total / Double(sums.count)
    }
    var observed: [ResampledFigure: Double] = [:]
    for figure in figures { observed[figure] = average(figure, of: tables.map(\.totals)) }
    let binned = figures.filter { figure in
      tables.contains { columns.gaps(figure, of: $0.totals) != nil }
    }
    let drawn = concurrentMap(resamples) { number in
      let weights = blocks.weights(resample: number, key: key)
      let sums = tables.map { $0.sums(weights: weights) }
      let departures = binned.map { figure in
        zip(tables, sums).reduce(0.0) { total, run in
          let gaps = zip(columns.gaps(figure, of: run.0.totals) ?? [], columns.gaps(figure, of: run.1) ?? [])
          return total + gaps.reduce(0) { $0 + abs($1.0 - $1.1) } / Double(tables.count)
        }
      }
      return (figures: figures.map { average($0, of: sums) }, departures: departures)
    }
    var replicates: [ResampledFigure: [Double]] = [:]
    for (place, figure) in figures.enumerated() { replicates[figure] = drawn.compactMap { $0.figures[place] } }
    var departures: [ResampledFigure: [Double]] = [:]
    for (place, figure) in binned.enumerated() { departures[figure] = drawn.map { $0.departures[place] }.sorted() }
    (self.observed, self.replicates, self.departures) = (observed, replicates, departures)
    (items, clusters, self.resamples) = (subset.members.count, subset.clusters.count, resamples)
  }

  /// All figures, over all items first and then in every group.
  ///
  /// - Parameter runs: what every run says about the items.
  /// - Throws: `EvaluationError` where items, labels and groups do not agree.
  package static func all(
    items: EvaluationItems, runs: [Logits], resamples: Int, key: RandomKey
  ) throws(EvaluationError) -> [FigureResamples] {
    try items.validate()
    for run in runs where run.count != items.count {
      throw .countMismatch(what: "items with logits", expected: items.count, found: run.count)
    }
    let scores = concurrentMap(runs.count) {
      ItemScores(runs[$0], labels: items.labels, positiveClass: items.positiveClass)
    }
    let groups: [Subgroup?] = [nil] + items.groups
    return concurrentMap(groups.count) { number in
      let subset = ItemSubset(group: groups[number], of: items)
      let binCount = CalibrationEvaluation.binCount
      let equalMass = scores.map { run in
        EqualMassBins(
          confidences: subset.members.map { run.confidence[$0] }, outcomes: subset.members.map { run.correct[$0] },
          count: binCount)
      }
      return FigureResamples(
        subset, runs: scores, equalMass: equalMass, figures: ResampledFigure.allCases,
        hasPositives: items.positiveClass != nil, resamples: resamples, key: key.named(subset.name))
    }
  }

  /// The expanded percentile interval, of a figure that is a mean or a smooth function of means.
  package func interval(_ figure: ResampledFigure) -> Measured<Interval> {
    switch enough(figure) {
    case .value(let replicates): .value(.expandedPercentile(replicates, clusters: clusters))
    case .undefined(let reason, let n): .undefined(reason: reason, n: n)
    }
  }

  /// The interval of a binned error, whose plug-in estimate lies above the truth by a bias that resampling adds once more.
  ///
  /// Replicates lie above the estimate by about the bias by which it lies above the truth. The lower bound takes both off;
  /// the upper one keeps the estimate's own, for that bias vanishes where calibration is poor. Were calibration perfect,
  /// the estimate would be what resamples depart from the data: unless it is larger than 95 % of those departures, the
  /// lower bound is 0.
  package func intervalOfBinnedError(_ figure: ResampledFigure) -> Measured<Interval> {
    guard let estimate = observed[figure], let departures = departures[figure] else { return interval(figure) }
    return enough(figure).map { replicates in
      let bias = max(0, replicates.reduce(0, +) / Double(max(1, replicates.count)) - estimate)
      let spread = Interval.expandedPercentile(replicates, clusters: clusters)
      let isTold = estimate > quantile(0.95, ofSorted: departures)
      return Interval(
        lower: isTold ? max(0, min(estimate, spread.lower - 2 * bias)) : 0, upper: max(estimate, spread.upper - bias))
    }
  }

  private func enough(_ figure: ResampledFigure) -> Measured<[Double]> {
    let found = replicates[figure] ?? []
    guard clusters > 1 else { return .undefined(reason: "one cluster says nothing about variation", n: items) }
    guard !found.isEmpty, found.count * 20 >= resamples * 19 else {
      return .undefined(
        reason: "the figure is undefined in \(resamples - found.count) of \(resamples) resamples", n: items)
    }
    return .value(found)
  }
}
