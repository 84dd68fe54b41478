package import Statistics
package import Support

/// A figure that is a function of sums over items, and so can be resampled.
package enum ResampledFigure: Int, CaseIterable, Sendable {
  case accuracy
  case truePositiveRate
  case falsePositiveRate
  case selectionRate
  case precision
  case f1
  case expectedCalibrationError
  case debiasedSquaredError
  case signedGap
  case equalMassError
  case classwiseError
  case negativeLogLikelihood
  case brier
  case multiclassBrier
}

/// The sums that the figures of one run are computed from, and their indices in a row.
struct FigureColumns {
  private static let binCount = CalibrationEvaluation.binCount
  /// With more classes the classwise error is not resampled: its sums would outgrow everything else.
  static let mostClasses = 32

  private enum Fixed: Int, CaseIterable {
    case items, correct, positives, selected, truePositives, likelihood, brier, multiclassBrier
  }

  private let classes: Int
  let hasPositives: Bool

  init(classes: Int, hasPositives: Bool) {
    (self.classes, self.hasPositives) = (classes <= Self.mostClasses ? classes : 0, hasPositives)
  }

  private static let bins = Fixed.allCases.count
  private static let equalMass = bins + 3 * binCount
  private static let classBins = equalMass + binCount

  var width: Int { Self.classBins + classes * Self.binCount }

  /// Sums of a subset's items in one run.
  ///
  /// - Parameters:
  ///   - equalMass: bins that hold about as many items each.
  func sums(_ bootstrap: ClusterBootstrap, subset: ItemSubset, scores: ItemScores, equalMass: EqualMassBins)
    -> BlockSums
  {
    var probabilities = [Double](repeating: 0, count: scores.classes)
    return bootstrap.sums(width: width) { position, row in
      let item = subset.items[position]
      let (confidence, correct) = (scores.confidence[item], scores.correct[item])
      row[Fixed.items.rawValue] += 1
      row[Fixed.correct.rawValue] += correct
      row[Fixed.likelihood.rawValue] += scores.negativeLogLikelihood[item]
      row[Fixed.brier.rawValue] += (confidence - correct) * (confidence - correct)
      row[Fixed.multiclassBrier.rawValue] += scores.multiclassBrier[item]
      if hasPositives {
        row[Fixed.positives.rawValue] += scores.positive[item]
        row[Fixed.selected.rawValue] += scores.selected[item]
        row[Fixed.truePositives.rawValue] += scores.positive[item] * scores.selected[item]
      }
      let bin = Self.bins + 3 * CalibrationBins.number(of: confidence, count: Self.binCount)
      row[bin] += 1
      row[bin + 1] += confidence
      row[bin + 2] += correct
      row[Self.equalMass + equalMass.number(of: confidence)] += confidence - correct
      guard classes > 0 else { return }
      scores.logits.probabilities(item: item, temperature: scores.temperature, into: &probabilities)
      for (label, probability) in probabilities.enumerated() {
        let bin = CalibrationBins.number(of: probability, count: Self.binCount)
        row[Self.classBins + label * Self.binCount + bin] += probability - (scores.labels[item] == label ? 1 : 0)
      }
    }
  }

  /// The figure that sums give; nil if it is undefined.
  func figure(_ figure: ResampledFigure, of sums: [Double]) -> Double? {
    func sum(_ column: Fixed) -> Double { sums[column.rawValue] }
    func ratio(_ above: Double, _ below: Double) -> Double? { below > 0 ? above / below : nil }
    let n = sum(.items)
    let (positives, selected, found) = (sum(.positives), sum(.selected), sum(.truePositives))
    switch figure {
    case .accuracy: return ratio(sum(.correct), n)
    case .truePositiveRate: return ratio(found, positives)
    case .falsePositiveRate: return hasPositives ? ratio(selected - found, n - positives) : nil
    case .selectionRate: return hasPositives ? ratio(selected, n) : nil
    case .precision: return ratio(found, selected)
    case .f1: return ratio(2 * found, positives + selected)
    case .expectedCalibrationError, .equalMassError, .classwiseError:
      return gaps(figure, of: sums)?.reduce(0) { $0 + abs($1) }
    case .debiasedSquaredError: return bins(sums).squaredError?.debiased
    case .signedGap: return n > 0 ? bins(sums).signedGap : nil
    case .negativeLogLikelihood: return sum(.likelihood).isFinite ? ratio(sum(.likelihood), n) : nil
    case .brier: return ratio(sum(.brier), n)
    case .multiclassBrier: return ratio(sum(.multiclassBrier), n)
    }
  }

  private func bins(_ sums: [Double]) -> CalibrationBins {
    CalibrationBins(
      (0..<Self.binCount).map { number in
        let bin = Self.bins + 3 * number
        return CalibrationBins.Bin(count: sums[bin], confidence: sums[bin + 1], outcome: sums[bin + 2])
      })
  }

  /// The signed terms of a binned error: Σ (p − y)/n over each; nil for other figures.
  func gaps(_ figure: ResampledFigure, of sums: [Double]) -> [Double]? {
    let n = sums[Fixed.items.rawValue]
    guard n > 0 else { return nil }
    switch figure {
    case .expectedCalibrationError: return bins(sums).bins.map { ($0.confidence - $0.outcome) / n }
    case .equalMassError: return sums[Self.equalMass..<Self.classBins].map { $0 / n }
    case .classwiseError: return classes > 0 ? sums[Self.classBins...].map { $0 / (n * Double(classes)) } : nil
    default: return nil
    }
  }
}

/// Replicates of an arm's figures in one subset under resampling of whole clusters, each averaged over the arm's runs.
package struct FigureResamples: Sendable {
  /// The figures of the data themselves, by run; without those that a run does not have.
  private let byRun: [ResampledFigure: [Double]]

  /// The figures of the data themselves; nil if a run has no such figure.
  package var observed: [ResampledFigure: Double] { byRun.mapValues(\.mean) }
  /// One per resample in which every run has the figure.
  package let replicates: [ResampledFigure: [Double]]
  /// For binned errors: the absolute differences between a resample's gaps and the data's gaps, summed over bins.
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
    let bootstrap = ClusterBootstrap(subset.clusters, key: key)
    let tables = zip(runs, equalMass).map {
      columns.sums(bootstrap, subset: subset, scores: $0, equalMass: $1)
    }
    @Sendable func average(_ figure: ResampledFigure, of sums: [[Double]]) -> Double? {
      var total = 0.0
      for sums in sums {
        guard let value = columns.figure(figure, of: sums) else { return nil }
        total += value
      }
      return sums.isEmpty ? nil : total / Double(sums.count)
    }
    var byRun: [ResampledFigure: [Double]] = [:]
    for figure in figures {
      let values = tables.compactMap { columns.figure(figure, of: $0.totals) }
      if values.count == tables.count, !values.isEmpty { byRun[figure] = values }
    }
    let binned = figures.filter { figure in
      tables.contains { columns.gaps(figure, of: $0.totals) != nil }
    }
    let drawn = bootstrap.resampled(resamples) { weights in
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
    for (index, figure) in figures.enumerated() { replicates[figure] = drawn.compactMap { $0.figures[index] } }
    var departures: [ResampledFigure: [Double]] = [:]
    for (index, figure) in binned.enumerated() { departures[figure] = drawn.map { $0.departures[index] }.sorted() }
    (self.byRun, self.replicates, self.departures) = (byRun, replicates, departures)
    (items, clusters, self.resamples) = (subset.items.count, subset.clusters.count, resamples)
  }

  /// All figures, over all items first and then in every group.
  ///
  /// - Parameter runs: what every run says about the items.
  /// - Throws: `EvaluationError` if items, labels and groups do not agree.
  package static func all(
    items: EvaluationItems, runs: [Logits], resamples: Int, key: RandomKey
  ) throws(EvaluationError) -> [FigureResamples] {
    try items.validate()
    for run in runs where run.count != items.count {
      throw .countMismatch(what: "items with logits", expected: items.count, found: run.count)
    }
    let scores = concurrentMap(runs.count) {
      ItemScores(runs[$0], items: items)
    }
    let groups: [Subgroup?] = [nil] + items.groups
    return concurrentMap(groups.count) { number in
      let subset = ItemSubset(group: groups[number], of: items)
      let binCount = CalibrationEvaluation.binCount
      let equalMass = scores.map { run in
        EqualMassBins(
          confidences: subset.items.map { run.confidence[$0] }, outcomes: subset.items.map { run.correct[$0] },
          count: binCount)
      }
      return FigureResamples(
        subset, runs: scores, equalMass: equalMass, figures: ResampledFigure.allCases,
        hasPositives: items.positiveClass != nil, resamples: resamples, key: key.named(subset.name))
    }
  }

  /// The expanded percentile interval, of a figure that is a mean or a smooth function of means; widened for seeds.
  package func interval(_ figure: ResampledFigure) -> Measured<Interval> {
    drawn(figure).interval(.atMostOneInTwenty, n: items).map { widened($0, figure) }
  }

  private func widened(_ interval: Interval, _ figure: ResampledFigure) -> Interval {
    guard let values = byRun[figure] else { return interval }
    return interval.widened(around: values.mean, bySeed: values, clusters: clusters)
  }

  /// The interval of a binned error, whose plug-in estimate lies above the truth by a bias that resampling adds once
  /// more.
  ///
  /// Replicates lie above the estimate by about the bias by which it lies above the truth. The lower bound takes both
  /// off; the upper one keeps the estimate's own, for that bias vanishes where calibration is poor. Were calibration
  /// perfect, the estimate would be what resamples depart from the data: unless it is larger than 95 % of those
  /// departures, the lower bound is 0.
  package func intervalOfBinnedError(_ figure: ResampledFigure) -> Measured<Interval> {
    guard let estimate = observed[figure], let departures = departures[figure] else { return interval(figure) }
    return drawn(figure).defined(.atMostOneInTwenty, n: items).map { replicates in
      let bias = max(0, replicates.reduce(0, +) / Double(max(1, replicates.count)) - estimate)
      let spread = Interval.expandedPercentile(replicates, clusters: clusters)
      let isTold = estimate > quantile(0.95, ofSorted: departures)
      let widened = widened(
        Interval(lower: min(estimate, spread.lower - 2 * bias), upper: max(estimate, spread.upper - bias)), figure)
      return Interval(lower: isTold ? max(0, widened.lower) : 0, upper: widened.upper)
    }
  }

  private func drawn(_ figure: ResampledFigure) -> Replicates {
    Replicates(defined: replicates[figure] ?? [], of: resamples, clusters: clusters)
  }
}
