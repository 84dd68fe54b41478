internal import Foundation

/// The chance of being right as σ(a + b·x) of the log-odds x that the model states (Platt 1999).
///
/// Fitted by maximum likelihood with a weak pull towards the model's own word, a = 0 and b = 1, without which a sample that
/// is always right, or cleanly separated, would have no fit.
struct LogisticRecalibration: Equatable, Sendable {
  private(set) var intercept = 0.0
  private(set) var slope = 1.0

  /// The standard deviation of the pull.
  private static let pull = 2.0

  /// Items of about the same log-odds, together.
  struct Cell {
    var logOdds: Double
    var weight = 0.0
    var correct = 0.0
  }

  func callAsFunction(_ logOdds: Double) -> Double { 1 / (1 + exp(-(intercept + slope * logOdds))) }

  /// By Newton's method from where it stands, steps being halved where they overshoot.
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

  /// The negative log-likelihood with the pull.
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
