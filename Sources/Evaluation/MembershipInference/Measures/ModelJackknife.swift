import Foundation
import Metrics
package import Statistics

/// What is left out in turn to see how much an attack's figures owe to the particular models: complementary pairs, or
/// single models where there are no pairs. What is left out is neither a target nor a shadow model.
package enum ModelJackknife {
  /// The most parts that models are cut into; beyond it, whole pairs are left out several at a time.
  private static let mostParts = 16

  /// Resamples of clusters in which figures with models left out are read too, to see what both count.
  static let resamples = 8 * Lanes.scalarCount - 1

  /// The models that are left out together, ascending; empty where one released model is attacked, since that very model
  /// is what the figures are about.
  package static func parts(design: ShadowModelDesign, models: Int) -> [[Int]] {
    let units: [[Int]]
    switch design {
    case .symmetric: units = stride(from: 0, to: models - 1, by: 2).map { [$0, $0 + 1] }
    case .independent: units = (0..<models).map { [$0] }
    case .released: return []
    }
    guard units.count >= 2 else { return [] }
    let together = (units.count + mostParts - 1) / mostParts
    return stride(from: 0, to: units.count, by: together).map { first in
      Array(units[first..<min(units.count, first + together)].joined())
    }
  }
}

/// The figures of all items, or of a group, in every resample of clusters, and with models left out.
struct AttackReplicates: Sendable {
  typealias Reading = AttackedGroup.Reading

  /// One for every resample of clusters.
  var resampled: [Reading] = []
  /// With each part of the models left out; empty where models are not varied.
  var leftOut: [Reading] = []
  /// The same in the first resamples, `[part][resample]`.
  var leftOutResampled: [[Reading]] = []

  /// One figure of them.
  func figure(_ read: (Reading) -> Double) -> FigureReplicates {
    FigureReplicates(
      resampled: resampled.map(read), leftOut: leftOut.map(read),
      leftOutResampled: leftOutResampled.map { $0.map(read) })
  }

  func figure(_ measure: AttackMeasure) -> FigureReplicates { figure { $0.value(measure) } }
}

/// One figure in every resample of clusters, and with models left out; not a number where it is undefined.
package struct FigureReplicates: Sendable {
  package var resampled: [Double]
  package var leftOut: [Double]
  /// `[part][resample]`.
  package var leftOutResampled: [[Double]]

  package init(resampled: [Double], leftOut: [Double] = [], leftOutResampled: [[Double]] = []) {
    (self.resampled, self.leftOut, self.leftOutResampled) = (resampled, leftOut, leftOutResampled)
  }

  static func - (first: FigureReplicates, second: FigureReplicates) -> FigureReplicates {
    FigureReplicates(
      resampled: zip(first.resampled, second.resampled).map { $0 - $1 },
      leftOut: zip(first.leftOut, second.leftOut).map { $0 - $1 },
      leftOutResampled: zip(first.leftOutResampled, second.leftOutResampled).map { zip($0, $1).map { $0 - $1 } })
  }
}

/// The variance of an attack's figure: over clusters of items, which are resampled, and over models, of which pairs are
/// left out in turn.
///
/// A cluster's items under a pair's models vary in both, so what both count is subtracted once:
/// V = V_clusters + V_models − V_both, as the two-way variance of differences does, and never below V_clusters. With K
/// parts, V_models = (K − 1)/K·Σ(A₋ₖ − Ā)² (Quenouille and Tukey's jackknife), and V_both is what the same jackknife gives
/// for resampled clusters once its value on the data is taken away, averaged over the resamples.
package struct AttackVariance: Equatable, Sendable {
  /// The variance of the resamples times C/(C − 1).
  package let ofClusters: Double
  /// Zero where models are not varied.
  package let ofModels: Double
  package let ofBoth: Double
  package let clusters: Int
  /// Parts that the models were cut into; below two where they are not varied.
  package let parts: Int

  package init(_ replicates: FigureReplicates, clusters: Int) {
    self.clusters = clusters
    let known = replicates.resampled.filter { !$0.isNaN }
    let factor = clusters > 1 ? Double(clusters) / Double(clusters - 1) : 1
    let deviation = AttackIntervals.deviation(known)
    ofClusters = factor * deviation * deviation
    // A part whose figure is undefined says nothing.
    let defined = replicates.leftOut.indices.filter { !replicates.leftOut[$0].isNaN }
    guard defined.count >= 2 else {
      (ofModels, ofBoth, parts) = (0, 0, 0)
      return
    }
    parts = defined.count
    ofModels = Self.jackknife(defined.map { replicates.leftOut[$0] })
    let resamples = defined.map { replicates.leftOutResampled[$0].count }.min() ?? 0
    let overlaps = (0..<resamples).map { resample in
      Self.jackknife(defined.map { replicates.leftOutResampled[$0][resample] - replicates.leftOut[$0] })
    }.filter { !$0.isNaN }
    ofBoth = overlaps.isEmpty ? 0 : factor * overlaps.reduce(0, +) / Double(overlaps.count)
  }

  /// (K − 1)/K·Σ(Aₖ − Ā)².
  private static func jackknife(_ values: [Double]) -> Double {
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    return (count - 1) / count * values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  }

  /// The part of the variance that more items alone do not take away.
  private var ofModelsAlone: Double { max(0, ofModels - ofBoth) }

  package var total: Double { ofClusters + ofModelsAlone }

  package var standardError: Double { total.squareRoot() }

  /// Satterthwaite's, V²/(V_clusters²/(C − 1) + V_models²/(K − 1)); V_models counts as V at most, since a jackknife of a
  /// figure that reads the other models counts what it shares with clusters more than once.
  package var degreesOfFreedom: Double {
    let ofItems = Double(max(1, clusters - 1))
    guard parts >= 2, total > 0 else { return ofItems }
    let models = min(ofModels, total) / total
    let items = ofClusters / total
    return 1 / (items * items / ofItems + models * models / Double(parts - 1))
  }

  /// How far Student's t reaches.
  package func reach(tail: Double) -> Double {
    StudentT.quantile(1 - tail, degreesOfFreedom: degreesOfFreedom) * standardError
  }

  /// An interval that resampled clusters gave, as much wider to both sides of the value as the reach of both sources
  /// exceeds that of clusters alone.
  package func widened(_ interval: Interval, about value: Double, tail: Double) -> Interval {
    guard parts >= 2 else { return interval }
    let ofItems = StudentT.quantile(1 - tail, degreesOfFreedom: Double(max(1, clusters - 1))) * ofClusters.squareRoot()
    let reach = reach(tail: tail)
    guard ofItems > 1e-12 else {
      return reach > 1e-12 ? interval.hull(Interval(lower: value - reach, upper: value + reach)) : interval
    }
    let ratio = max(1, reach / ofItems)
    return Interval(
      lower: interval.lower - (ratio - 1) * max(0, value - interval.lower),
      upper: interval.upper + (ratio - 1) * max(0, interval.upper - value))
  }

  /// The same with other numbers of clusters and of models, which keep what they vary by.
  ///
  /// - Parameters:
  ///   - items: The factor of the number of clusters.
  ///   - models: The factor of the number of parts.
  func scaled(items: Double, models: Double) -> AttackVariance {
    let both = min(ofBoth, ofClusters)
    let shared = both / (items * models)
    return AttackVariance(
      ofClusters: (ofClusters - both) / items + shared, ofModels: ofModelsAlone / models + shared, ofBoth: shared,
      clusters: Int((Double(clusters) * items).rounded()), parts: Int((Double(parts) * models).rounded()))
  }

  private init(ofClusters: Double, ofModels: Double, ofBoth: Double, clusters: Int, parts: Int) {
    (self.ofClusters, self.ofModels, self.ofBoth) = (ofClusters, ofModels, ofBoth)
    (self.clusters, self.parts) = (clusters, parts)
  }
}
