import Foundation
import Metrics
package import Statistics
package import Support

/// An estimate of a window's accuracy without its labels, from confidence that was calibrated on the reference.
///
/// It holds as long as inputs alone change (covariate shift), so that the same confidence means the same chance of
/// being right. Where the label of an input changes, confidence does not notice, and neither does the estimate.
package struct LabelFreeEstimate: Equatable, Sendable {
  /// The accuracy of the stream from which the window was drawn, by `CalibratedTransfer`. The accuracy on these very
  /// items would vary around it with the standard deviation √(p(1 − p)/n).
  package let accuracy: Estimate
  /// The mean confidence that the model states for the window.
  package let meanConfidence: Double
  /// How many items of the reference were used for calibration.
  package let referenceItems: Int
  /// Whether all items of the reference were used, because the group has too few items or errors: a guess by which
  /// nothing is judged.
  package let isBorrowed: Bool

  package static let fewestReferenceItems = 50
  /// The fewest right and wrong answers of the reference, each: with fewer, resampling does not show how they depend on
  /// confidence, and intervals are too narrow (92 instead of 95 % at seven).
  package static let fewestAnswers = 10
  package static let fewestWindowItems = 10
}

extension LabelFreeEstimate {
  /// - Parameters:
  ///   - members: Positions in the window.
  ///   - referenceMembers: Positions of the same group in the reference; nil for a group that the reference does not
  ///     have.
  ///   - key: The random stream of the resamples.
  static func make(
    reference: Reference, referenceMembers: [Int]?, window: ScoredItems, members: [Int], key: RandomKey
  ) -> Measured<LabelFreeEstimate> {
    guard members.count >= fewestWindowItems else {
      return .undefined(
        reason: "\(WindowReasons.items(members.count)) in the window; \(fewestWindowItems) are needed", n: members.count
      )
    }
    let own = referenceMembers ?? []
    func answers(_ members: [Int]) -> (right: Int, wrong: Int) {
      let right = members.count { reference.correct[$0] == 1 }
      return (right, members.count - right)
    }
    func suffices(_ members: [Int]) -> Bool {
      let answers = answers(members)
      return members.count >= fewestReferenceItems && min(answers.right, answers.wrong) >= fewestAnswers
    }
    let all = Array(0..<reference.items.count)
    let isBorrowed = !suffices(own)
    let calibrated = isBorrowed ? all : own
    guard suffices(calibrated) else {
      let (right, wrong) = answers(all)
      return .undefined(
        reason:
          "the reference is right for \(right) items and wrong for \(wrong); \(fewestAnswers) of each are needed to "
          + "tell how errors depend on confidence", n: members.count)
    }
    let transfer = CalibratedTransfer(
      reference: reference.items.confidences(of: calibrated), correct: calibrated.map { reference.correct[$0] },
      window: window.confidences(of: members))
    let stated = members.map { window.logits.probability(item: $0, label: window.predictions[$0]) }
    return .value(
      LabelFreeEstimate(
        accuracy: transfer.accuracy(key: key), meanConfidence: stated.reduce(0, +) / Double(stated.count),
        referenceItems: calibrated.count, isBorrowed: isBorrowed))
  }
}

extension ScoredItems {
  fileprivate func confidences(of members: [Int]) -> ConfidenceSample {
    ConfidenceSample(
      logOdds: members.map { logits.logitScaledProbability(item: $0, label: predictions[$0]) },
      clusters: members.lazy.map { clusters[$0] })
  }
}

/// The confidences of some items.
package struct ConfidenceSample: Sendable {
  /// The log-odds that the model states for the predicted class.
  let logOdds: [Double]
  let clusters: ClusterIndex

  /// - Parameter clusters: the number of every item's cluster.
  package init(logOdds: [Double], clusters: some Sequence<Int>) {
    self.logOdds = logOdds
    self.clusters = ClusterIndex(clusters)
  }
}

/// How accuracy by confidence carries over from the reference to a window.
///
/// Confidence is recalibrated on the reference (Platt 1999) and cut into bins of equal mass; in each the reference's
/// accuracy is carried over, changed by the difference of the mean recalibrated confidences (the difference of
/// confidences of Guillory et al. 2021, within bins), and bins are weighted by the window. With one bin it is the
/// difference of confidences, with many the average of binned calibrated confidence.
package struct CalibratedTransfer: Sendable {
  private let reference: ConfidenceSample
  private let correct: [Double]
  private let window: ConfidenceSample
  private let referenceCells: [Int]
  /// The mean log-odds of each cell, of equal mass, by which recalibration is fitted.
  private let cellLogOdds: [Double]
  private let referenceBins: [Int]
  private let windowBins: [Int]
  private let binCount: Int
  /// The reference's effective sample size.
  private let effectiveN: Double

  private static let itemsABin = 40.0
  private static let mostBins = 10
  private static let mostCells = 64
  private static let resamples = 1_000

  /// - Parameters:
  ///   - reference: at least one item.
  ///   - correct: For every reference item 1 where the prediction equals the label, otherwise 0.
  package init(reference: ConfidenceSample, correct: [Double], window: ConfidenceSample) {
    (self.reference, self.correct, self.window) = (reference, correct, window)
    effectiveN =
      DesignEffect(
        values: correct, clusters: reference.clusters.ofItem, clusterCount: reference.clusters.count
      ).effectiveN
    let sorted = reference.logOdds.sorted()
    let bins = Self.bounds(min(Self.mostBins, max(1, Int(effectiveN / Self.itemsABin))), ofSorted: sorted)
    binCount = bins.count + 1
    referenceBins = reference.logOdds.map { Self.position(of: $0, among: bins) }
    windowBins = window.logOdds.map { Self.position(of: $0, among: bins) }
    let cells = Self.bounds(Self.mostCells, ofSorted: sorted)
    referenceCells = reference.logOdds.map { Self.position(of: $0, among: cells) }
    var sums = [(sum: Double, count: Double)](repeating: (0, 0), count: cells.count + 1)
    for (item, cell) in referenceCells.enumerated() {
      sums[cell].sum += reference.logOdds[item]
      sums[cell].count += 1
    }
    cellLogOdds = sums.map { $0.sum / max(1, $0.count) }
  }

  /// The upper bounds of all but the last of `count` parts of equal mass; ties leave fewer.
  private static func bounds(_ count: Int, ofSorted values: [Double]) -> [Double] {
    var bounds: [Double] = []
    for number in 1..<max(2, count) where count > 1 {
      let bound = values[max(0, (values.count * number + count - 1) / count - 1)]
      if bound < values[values.count - 1], bounds.last.map({ $0 < bound }) ?? true { bounds.append(bound) }
    }
    return bounds
  }

  private static func position(of value: Double, among bounds: [Double]) -> Int {
    bounds.firstIndex { value <= $0 } ?? bounds.count
  }

  private struct Bin {
    var weight = 0.0
    var confidence = 0.0
    var correct = 0.0
  }

  private struct Fit {
    var value: Double
    var recalibration: LogisticRecalibration
    var bins: [Bin]
  }

  /// The estimate with clusters weighted; without weights every cluster counts once.
  ///
  /// - Parameter first: The fit of the sample itself, from which the fit of a resample starts.
  private func fit(reference old: [Int32]?, window new: [Int32]?, from first: Fit?) -> Fit {
    func weight(_ item: Int, _ sample: ConfidenceSample, _ weights: [Int32]?) -> Double {
      weights.map { Double($0[sample.clusters.ofItem[item]]) } ?? 1
    }
    var cells = cellLogOdds.map { LogisticRecalibration.Cell(logOdds: $0) }
    for (item, cell) in referenceCells.enumerated() {
      let weight = weight(item, reference, old)
      cells[cell].weight += weight
      cells[cell].correct += weight * correct[item]
    }
    let recalibration = (first?.recalibration ?? LogisticRecalibration()).fitted(to: cells)
    var known = [Bin](repeating: Bin(), count: binCount)
    for (item, bin) in referenceBins.enumerated() {
      let weight = weight(item, reference, old)
      guard weight > 0 else { continue }
      known[bin].weight += weight
      known[bin].confidence += weight * recalibration(reference.logOdds[item])
      known[bin].correct += weight * correct[item]
    }
    var found = [Bin](repeating: Bin(), count: binCount)
    for (item, bin) in windowBins.enumerated() {
      let weight = weight(item, window, new)
      guard weight > 0 else { continue }
      found[bin].weight += weight
      found[bin].confidence += weight * recalibration(window.logOdds[item])
    }
    var (sum, total) = (0.0, 0.0)
    for bin in 0..<binCount where found[bin].weight > 0 {
      // A resample may leave a bin empty: then the bin keeps the value of the sample itself.
      let source = known[bin].weight > 0 ? known[bin] : first?.bins[bin] ?? known[bin]
      guard source.weight > 0 else { continue }
      let accuracy =
        (source.correct - source.confidence) / source.weight + found[bin].confidence / found[bin].weight
      sum += found[bin].weight * accuracy
      total += found[bin].weight
    }
    return Fit(value: min(1, max(0, sum / max(1, total))), recalibration: recalibration, bins: known)
  }

  /// The accuracy of the stream from which the window was drawn.
  ///
  /// Its interval is the hull of the expanded percentile bootstrap of whole clusters of both samples, recalibration and
  /// all, and Wilson's interval at the reference's effective number of items, below which no calibration can be known.
  package func accuracy(key: RandomKey) -> Estimate {
    let point = fit(reference: nil, window: nil, from: nil)
    guard reference.clusters.count > 1, window.clusters.count > 1 else {
      return Estimate(
        value: point.value,
        interval: .undefined(reason: "one cluster says nothing about variation", n: windowBins.count))
    }
    var generator = key.generator
    let replicates = (0..<Self.resamples).map { _ in
      let old = generator.clusterWeights(count: reference.clusters.count)
      let new = generator.clusterWeights(count: window.clusters.count)
      return fit(reference: old, window: new, from: point).value
    }
    let spread = Interval.expandedPercentile(
      replicates, clusters: min(reference.clusters.count, window.clusters.count))
    return Estimate(
      value: point.value,
      interval: .value(spread.hull(.wilson(proportion: point.value, n: max(1, effectiveN)))))
  }
}

/// The chance of being right as σ(a + b·x) of the log-odds x that the model states (Platt 1999).
///
/// Fitted by maximum likelihood with a weak prior around the model's own statement, a = 0 and b = 1, without which a
/// sample that is always right, or cleanly separated, would have no fit.
struct LogisticRecalibration: Equatable, Sendable {
  private(set) var intercept = 0.0
  private(set) var slope = 1.0

  /// The standard deviation of the prior.
  private static let pull = 2.0

  /// Items of about the same log-odds.
  struct Cell {
    var logOdds: Double
    var weight = 0.0
    var correct = 0.0
  }

  func callAsFunction(_ logOdds: Double) -> Double { 1 / (1 + exp(-(intercept + slope * logOdds))) }

  /// By Newton's method from the present parameters, with steps halved where they overshoot.
  func fitted(to cells: [Cell]) -> LogisticRecalibration {
    var current = self
    var value = current.loss(cells)
    for _ in 0..<50 {
      let step = current.newtonStep(cells)
      var scale = 1.0
      var next = current
      var found = value
      repeat {
        next.intercept = current.intercept - scale * step.intercept
        next.slope = current.slope - scale * step.slope
        found = next.loss(cells)
        scale /= 2
      } while !(found <= value) && scale > 1e-6
      guard found < value else { break }
      let gain = value - found
      (current, value) = (next, found)
      if gain < 1e-9 * (1 + abs(value)) { break }
    }
    return current
  }

  /// The negative log-likelihood with the prior.
  private func loss(_ cells: [Cell]) -> Double {
    let pull = (intercept * intercept + (slope - 1) * (slope - 1)) / (2 * Self.pull * Self.pull)
    return cells.reduce(pull) { sum, cell in
      let x = intercept + slope * cell.logOdds
      // log(1 + e^x), without losing either end.
      let normalizer = x > 0 ? x + log1p(exp(-x)) : log1p(exp(x))
      return sum + cell.weight * normalizer - cell.correct * x
    }
  }

  private func newtonStep(_ cells: [Cell]) -> (intercept: Double, slope: Double) {
    let precision = 1 / (Self.pull * Self.pull)
    var gradient = (intercept * precision, (slope - 1) * precision)
    var curvature = (precision, 0.0, precision)
    for cell in cells where cell.weight > 0 {
      let probability = self(cell.logOdds)
      let residual = cell.weight * probability - cell.correct
      gradient.0 += residual
      gradient.1 += residual * cell.logOdds
      let spread = cell.weight * probability * (1 - probability)
      curvature.0 += spread
      curvature.1 += spread * cell.logOdds
      curvature.2 += spread * cell.logOdds * cell.logOdds
    }
    let determinant = curvature.0 * curvature.2 - curvature.1 * curvature.1
    return (
      (curvature.2 * gradient.0 - curvature.1 * gradient.1) / determinant,
      (curvature.0 * gradient.1 - curvature.1 * gradient.0) / determinant
    )
  }
}
