import Foundation

/// One number that all logits are divided by, fitted on validation data (Guo et al. 2017): it changes how confident a model
/// says to be, and none of its predictions.
package enum TemperatureScaling {
  /// Temperatures beyond these are not looked for: there the fit says that the data cannot tell.
  package static let range = 0.01...100.0

  /// The temperature with the smallest negative log-likelihood, which is convex in its inverse.
  ///
  /// - Parameters:
  ///   - runs: Logits of the same items by one or more models; all share the temperature.
  ///   - labels: The class of every item; at least one.
  /// - Returns: 1 without items; a bound of `range` where the likelihood has no minimum within.
  package static func fit(_ runs: [Logits], labels: [Int]) -> Double {
    guard !labels.isEmpty, !runs.isEmpty else { return 1 }
    /// The derivative of the mean negative log-likelihood by the inverse temperature.
    func slope(_ inverse: Double) -> Double {
      var sum = 0.0
      for logits in runs {
        for (item, label) in labels.enumerated() {
          var largest = -Double.infinity
          for other in 0..<logits.classes { largest = max(largest, inverse * logits[item, other]) }
          var (weights, weighted) = (0.0, 0.0)
          for other in 0..<logits.classes where !logits.isRuledOut(item: item, label: other) {
            let weight = exp(inverse * logits[item, other] - largest)
            weights += weight
            weighted += weight * logits[item, other]
          }
          sum += weighted / weights - logits[item, label]
        }
      }
      return sum
    }
    var low = 1 / range.upperBound
    var high = 1 / range.lowerBound
    if slope(low) >= 0 { return range.upperBound }
    if slope(high) <= 0 { return range.lowerBound }
    for _ in 0..<200 {
      let middle = (low * high).squareRoot()
      if middle <= low || middle >= high { break }
      if slope(middle) < 0 { low = middle } else { high = middle }
      if high / low < 1 + 1e-13 { break }
    }
    return 1 / (low * high).squareRoot()
  }
}
