/// The mean squared error of stated probabilities, and its decomposition (Murphy 1973; with the terms within bins of
/// Stephenson, Coelho and Jolliffe 2008).
///
/// `score` = `reliability` − `resolution` + `uncertainty` + `withinBinVariance` − `withinBinCovariance`; the last two
/// are zero where all probabilities of a bin are equal.
package struct BrierScore: Codable, Equatable, Sendable {
  package let score: Double
  /// Σ n_b/n·(p̄_b − ȳ_b)².
  package let reliability: Double
  /// Σ n_b/n·(ȳ_b − ȳ)².
  package let resolution: Double
  /// ȳ(1 − ȳ).
  package let uncertainty: Double
  /// Σ (p − p̄_b)²/n.
  package let withinBinVariance: Double
  /// 2·Σ (p − p̄_b)(y − ȳ_b)/n.
  package let withinBinCovariance: Double

  /// - Parameters:
  ///   - probabilities: Stated, in [0, 1]; at least one.
  ///   - outcomes: 1 where what was stated came true, otherwise 0.
  ///   - bins: Of each prediction, from 0 to below `binCount`.
  package init(probabilities: [Double], outcomes: [Double], bins: [Int], binCount: Int) {
    var counts = [Double](repeating: 0, count: binCount)
    var stated = counts
    var observations = counts
    var score = 0.0
    for ((probability, outcome), bin) in zip(zip(probabilities, outcomes), bins) {
      counts[bin] += 1
      stated[bin] += probability
      observations[bin] += outcome
      score += (probability - outcome) * (probability - outcome)
    }
    let n = Double(max(1, probabilities.count))
    let rate = observations.reduce(0, +) / n
    var (reliability, resolution) = (0.0, 0.0)
    for bin in 0..<binCount where counts[bin] > 0 {
      let (mean, observed) = (stated[bin] / counts[bin], observations[bin] / counts[bin])
      reliability += counts[bin] * (mean - observed) * (mean - observed)
      resolution += counts[bin] * (observed - rate) * (observed - rate)
    }
    var (variance, covariance) = (0.0, 0.0)
    for ((probability, outcome), bin) in zip(zip(probabilities, outcomes), bins) {
      let deviation = probability - stated[bin] / counts[bin]
      variance += deviation * deviation
      covariance += 2 * deviation * (outcome - observations[bin] / counts[bin])
    }
    self.score = score / n
    self.reliability = reliability / n
    self.resolution = resolution / n
    uncertainty = rate * (1 - rate)
    withinBinVariance = variance / n
    withinBinCovariance = covariance / n
  }

  /// The mean of several, part by part; the parts still add up.
  init(averaging scores: [BrierScore]) {
    func mean(_ part: KeyPath<BrierScore, Double>) -> Double {
      scores.reduce(0) { $0 + $1[keyPath: part] } / Double(max(1, scores.count))
    }
    score = mean(\.score)
    reliability = mean(\.reliability)
    resolution = mean(\.resolution)
    uncertainty = mean(\.uncertainty)
    withinBinVariance = mean(\.withinBinVariance)
    withinBinCovariance = mean(\.withinBinCovariance)
  }
}

/// The quality of one model's probabilities for some items, beyond the binned top-label error.
package struct ProbabilityScores: Equatable, Sendable {
  /// Mean −log p of the label, in nats; infinite where the stated probability of one is 0.
  package let negativeLogLikelihood: Double
  /// The Brier score of the confidence in the predicted class, in 15 bins of equal width.
  package let topLabelBrier: BrierScore
  /// Mean Σ_c (p_c − y_c)², from 0 to 2.
  package let multiclassBrier: Double
  /// The top label's, in 15 bins of equal width.
  package let bins: CalibrationBins
  /// The top label's, in 15 bins of about equal mass.
  package let equalMass: EqualMassBins
  /// The mean over classes of the expected calibration error of p_c against the item being of class c, in 15 bins of
  /// equal width (Kull et al. 2019).
  package let classwiseError: Double

  package init(_ logits: Logits, labels: [Int], temperature: Double = 1) {
    let rule = PredictionRule(classNames: (0..<logits.classes).map(String.init))
    self.init(
      ItemScores(logits, labels: labels, rule: rule, temperature: temperature), positions: Array(labels.indices))
  }

  /// - Parameter positions: positions of the items that count, at least one.
  init(_ scores: ItemScores, positions: [Int]) {
    let binCount = CalibrationEvaluation.binCount
    var (likelihood, brier) = (0.0, 0.0)
    var errors = [Double](repeating: 0, count: scores.classes * binCount)
    var probabilities = [Double](repeating: 0, count: scores.classes)
    for item in positions {
      likelihood += scores.negativeLogLikelihood[item]
      brier += scores.multiclassBrier[item]
      scores.logits.probabilities(item: item, temperature: scores.temperature, into: &probabilities)
      for (label, probability) in probabilities.enumerated() {
        errors[label * binCount + CalibrationBins.number(of: probability, count: binCount)] +=
          probability - (scores.labels[item] == label ? 1 : 0)
      }
    }
    let n = Double(max(1, positions.count))
    negativeLogLikelihood = likelihood / n
    multiclassBrier = brier / n
    let confidences = positions.map { scores.confidence[$0] }
    let outcomes = positions.map { scores.correct[$0] }
    bins = CalibrationBins(confidences: confidences, outcomes: outcomes, count: binCount)
    topLabelBrier = BrierScore(
      probabilities: confidences, outcomes: outcomes,
      bins: confidences.map { CalibrationBins.number(of: $0, count: binCount) }, binCount: binCount)
    equalMass = EqualMassBins(confidences: confidences, outcomes: outcomes, count: binCount)
    classwiseError = errors.reduce(0) { $0 + abs($1) } / (n * Double(max(1, scores.classes)))
  }
}
