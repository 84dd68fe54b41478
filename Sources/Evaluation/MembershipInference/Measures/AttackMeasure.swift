/// A figure of an attack that groups or arms are compared by.
package enum AttackMeasure: Hashable, Sendable {
  case areaUnderCurve
  /// At a limit of the false positive rate among `AttackMeasures.limits`, with the group's own threshold.
  case truePositiveRate(limit: Double)

  /// The name in files: `area_under_curve`, `true_positive_rate_at_0.01`.
  package var name: String {
    switch self {
    case .areaUnderCurve: "area_under_curve"
    case .truePositiveRate(let limit): "true_positive_rate_at_\(limit)"
    }
  }
}
