/// The baseline attack: items with a small loss are taken for members (Yeom et al. 2018).
package enum LossThresholdAttack {
  /// The negative loss of every item under one target, averaged over queries; higher means member.
  ///
  /// - Parameter losses: `[query][item]` of the target.
  package static func scores(losses: [[Double]]) -> [Double] {
    guard let first = losses.first else { return [] }
    return first.indices.map { item in -losses.reduce(0) { $0 + $1[item] } / Double(losses.count) }
  }
}
