import Metrics
import Statistics

/// Items whose loss varied much over the target's own epochs are taken for members: the interquartile range of the loss
/// trace (LT-IQR of Pollock, Shilov, Dodd and de Montjoye, arXiv 2411.05743). It needs no shadow models. The paper ranks
/// training items by how exposed they are with it; here it is judged as an attack, on members and non-members alike.
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
