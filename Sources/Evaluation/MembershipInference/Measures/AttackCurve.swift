import Foundation

extension CurvePoint {
  /// The false positive rates of every curve, evenly spaced on a logarithmic axis: 20 a decade from 0.1 % to 100 %.
  static let falsePositiveRates = (0...60).map { $0 == 60 ? 1 : pow(10, Double($0 - 60) / 20) }
}

extension AttackedGroup {
  /// The true positive rate averaged over the targets at equal false positive rates (threshold averaging), from the
  /// finest rate that every target resolves.
  ///
  /// - Parameter fewestNonMembers: The fewest that a target has; there are none for a target without.
  func curve(weights: [Int32], fewestNonMembers: Int) -> [CurvePoint] {
    let rates = CurvePoint.falsePositiveRates.filter { $0 * Double(fewestNonMembers) >= 1 - 1e-9 }
    let averages = reading(weights: weights, limits: rates).ownRates
    return zip(rates, averages).filter { !$1.isNaN }.map { CurvePoint(falsePositiveRate: $0, truePositiveRate: $1) }
  }
}
