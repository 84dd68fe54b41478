import Statistics

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

/// Which sums the figures of one run are made from, and where each stands in a row.
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
  func sums(_ blocks: ResamplingBlocks, subset: ItemSubset, scores: ItemScores, equalMass: EqualMassBins) -> BlockSums {
    var probabilities = [Double](repeating: 0, count: scores.classes)
    return BlockSums(blocks, width: width) { position, row in
      let item = subset.members[position]
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

  /// The figure that sums give; nil where it is undefined.
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

  /// What the bins of a binned error add before their signs are dropped: Σ (p − y)/n over each; nil for other figures.
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
