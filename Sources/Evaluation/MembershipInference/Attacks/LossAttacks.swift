import Metrics
import Statistics

/// The baseline attack: items with a small loss are predicted to be members (Yeom et al. 2018).
package enum LossThresholdAttack {
  /// The negative loss of every item under one target, averaged over queries; higher means member.
  ///
  /// - Parameter losses: `[query][item]` of the target.
  package static func scores(losses: [[Double]]) -> [Double] {
    guard let first = losses.first else { return [] }
    return first.indices.map { item in -losses.reduce(0) { $0 + $1[item] } / Double(losses.count) }
  }
}

/// Items whose loss varied much over the target's own epochs are predicted to be members: the interquartile range of
/// the loss trace (LT-IQR of Pollock, Shilov, Dodd and de Montjoye, arXiv 2411.05743). It needs no shadow models. The
/// paper ranks training items by how exposed they are with it; here it is judged as an attack, on members and
/// non-members alike.
package enum LossTraceAttack {
  /// The interquartile range of every item's losses; higher means member.
  ///
  /// - Parameter trace: `[epoch][item]` of the target; at least one epoch.
  package static func scores(trace: [[Double]]) -> [Double] {
    guard let first = trace.first else { return [] }
    return first.indices.map { item in
      let losses = trace.map { $0[item] }.sorted()
      return quantile(0.75, ofSorted: losses) - quantile(0.25, ofSorted: losses)
    }
  }
}
