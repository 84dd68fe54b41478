package import Fairness
internal import RandomNumbers

/// An estimate of a window's accuracy without its labels, from confidence that was calibrated on the reference.
///
/// Confidences are cut into bins of equal mass; in each the reference's accuracy is carried over, changed by the difference
/// of the mean confidences (Guillory et al. 2021, "Predicting with confidence on unseen distributions", within bins), and
/// bins are weighted by the window. With one bin it is the difference of confidences, with many the average of binned
/// calibrated confidence.
///
/// It holds as long as inputs alone change (covariate shift), so that the same confidence means the same chance of being
/// right. Where the label of an input changes, confidence does not notice, and neither does the estimate.
package struct LabelFreeEstimate: Equatable, Sendable {
  /// The accuracy of the stream that the window is a sample of, with its interval: the hull of the expanded percentile
  /// bootstrap of whole clusters of both samples, and Wilson's interval at the reference's effective number of items, below
  /// which no calibration can be known.
  package let accuracy: Estimate
  /// Mean stated confidence of the window, as the model says it.
  package let meanConfidence: Double
  /// Items of the reference that were calibrated on.
  package let referenceItems: Int
  /// The group has too few of its own, and all items of the reference stand for it: a guess that nothing is judged by.
  package let isBorrowed: Bool

  package static let fewestReferenceItems = 50
  package static let fewestWindowItems = 10
}

/// Items as estimates need them.
struct CalibrationSample {
  /// Of the predicted class, after the temperature.
  let confidence: [Double]
  let clusters: ClusterIndex

  init(confidence: [Double], clusters: some Sequence<Int>) {
    self.confidence = confidence
    self.clusters = ClusterIndex(clusters)
  }
}

/// Accuracy by confidence, and how it carries over.
struct BinnedCalibration {
  private let reference: CalibrationSample
  private let correct: [Double]
  private let window: CalibrationSample
  private let referenceBins: [Int]
  private let windowBins: [Int]
  private let binCount: Int

  private static let itemsABin = 40.0
  private static let mostBins = 10
  private static let resamples = 1_000

  /// - Parameter effectiveN: of the reference's items, on which the number of bins depends.
  init(reference: CalibrationSample, correct: [Double], effectiveN: Double, window: CalibrationSample) {
    (self.reference, self.correct, self.window) = (reference, correct, window)
    let wanted = min(Self.mostBins, max(1, Int(effectiveN / Self.itemsABin)))
    let sorted = reference.confidence.sorted()
    var bounds: [Double] = []
    for number in 1..<max(2, wanted) where wanted > 1 {
      let bound = sorted[max(0, (sorted.count * number + wanted - 1) / wanted - 1)]
      if bound < sorted[sorted.count - 1], bounds.last.map({ $0 < bound }) ?? true { bounds.append(bound) }
    }
    binCount = bounds.count + 1
    func bin(_ confidence: Double) -> Int { bounds.firstIndex { confidence <= $0 } ?? bounds.count }
    referenceBins = reference.confidence.map(bin)
    windowBins = window.confidence.map(bin)
  }

  private struct Bin {
    var weight = 0.0
    var confidence = 0.0
    var correct = 0.0
  }

  /// The estimate with clusters weighted.
  private func estimate(
    reference referenceWeights: [Int32]?, window windowWeights: [Int32]?, fallback: [Bin]
  ) -> (value: Double, bins: [Bin]) {
    var known = [Bin](repeating: Bin(), count: binCount)
    for (item, bin) in referenceBins.enumerated() {
      let weight = referenceWeights.map { Double($0[reference.clusters.ofItem[item]]) } ?? 1
      known[bin].weight += weight
      known[bin].confidence += weight * reference.confidence[item]
      known[bin].correct += weight * correct[item]
    }
    var new = [Bin](repeating: Bin(), count: binCount)
    for (item, bin) in windowBins.enumerated() {
      let weight = windowWeights.map { Double($0[window.clusters.ofItem[item]]) } ?? 1
      new[bin].weight += weight
      new[bin].confidence += weight * window.confidence[item]
    }
    var (sum, total) = (0.0, 0.0)
    for bin in 0..<binCount where new[bin].weight > 0 {
      // A resample may leave a bin empty; what the sample itself says of it then stands.
      let source = known[bin].weight > 0 || fallback.isEmpty ? known[bin] : fallback[bin]
      guard source.weight > 0 else { continue }
      let accuracy = (source.correct - source.confidence) / source.weight + new[bin].confidence / new[bin].weight
      sum += new[bin].weight * accuracy
      total += new[bin].weight
    }
    return (min(1, max(0, sum / max(1, total))), known)
  }

  /// - Parameter floor: the reference's effective number of items.
  func accuracy(floor: Double, key: RandomKey) -> Estimate {
    let point = estimate(reference: nil, window: nil, fallback: [])
    guard reference.clusters.count > 1, window.clusters.count > 1 else {
      return Estimate(
        value: point.value,
        interval: .undefined(reason: "one cluster says nothing about variation", n: windowBins.count))
    }
    var generator = key.generator
    let replicates = (0..<Self.resamples).map { _ in
      let old = generator.clusterWeights(count: reference.clusters.count)
      let new = generator.clusterWeights(count: window.clusters.count)
      return estimate(reference: old, window: new, fallback: point.bins).value
    }
    let spread = Interval.expandedPercentile(
      replicates, clusters: min(reference.clusters.count, window.clusters.count))
    return Estimate(
      value: point.value, interval: .value(spread.hull(.wilson(proportion: point.value, n: max(1, floor)))))
  }
}

extension LabelFreeEstimate {
  /// - Parameters:
  ///   - members: positions in the window.
  ///   - referenceMembers: those of the same group in the reference; nil for a group that it never saw.
  ///   - key: where resamples are drawn from.
  static func make(
    reference: Reference, referenceMembers: [Int]?, window: ScoredItems, members: [Int], key: RandomKey
  ) -> Undefinable<LabelFreeEstimate> {
    guard members.count >= fewestWindowItems else {
      return .undefined(
        reason: "\(members.count) items in the window; \(fewestWindowItems) are needed", n: members.count)
    }
    let own = referenceMembers ?? []
    let isBorrowed = own.count < fewestReferenceItems && own.count < reference.items.count
    let calibrated = isBorrowed ? Array(0..<reference.items.count) : own
    let confidence = (
      reference.items.confidence(temperature: reference.temperature, of: calibrated),
      window.confidence(temperature: reference.temperature, of: members)
    )
    let old = CalibrationSample(
      confidence: confidence.0, clusters: calibrated.lazy.map { reference.items.clusters[$0] })
    let new = CalibrationSample(confidence: confidence.1, clusters: members.lazy.map { window.clusters[$0] })
    let correct = calibrated.map { reference.correct[$0] }
    let effect = DesignEffect(values: correct, clusters: old.clusters.ofItem, clusterCount: old.clusters.count)
    let calibration = BinnedCalibration(
      reference: old, correct: correct, effectiveN: effect.effectiveN, window: new)
    let stated = window.confidence(temperature: 1, of: members)
    return .value(
      LabelFreeEstimate(
        accuracy: calibration.accuracy(floor: effect.effectiveN, key: key),
        meanConfidence: stated.reduce(0, +) / Double(stated.count), referenceItems: calibrated.count,
        isBorrowed: isBorrowed))
  }
}
