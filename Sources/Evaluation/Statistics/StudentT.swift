/// Student's t distribution.
package enum StudentT {
  /// The value below which a share `probability` in (0, 1) lies.
  package static func quantile(_ probability: Double, degreesOfFreedom: Double) -> Double {
    guard probability >= 0.5 else { return -quantile(1 - probability, degreesOfFreedom: degreesOfFreedom) }
    let share = BetaDistribution.quantile(2 * probability - 1, a: 0.5, b: degreesOfFreedom / 2)
    return (degreesOfFreedom * share / (1 - share)).squareRoot()
  }

  /// The probability of a value up to `t`.
  package static func cumulative(_ t: Double, degreesOfFreedom: Double) -> Double {
    let inside = BetaDistribution.cumulative(t * t / (degreesOfFreedom + t * t), a: 0.5, b: degreesOfFreedom / 2)
    return t >= 0 ? 0.5 + inside / 2 : 0.5 - inside / 2
  }
}
