import Foundation

/// Which of several values is the largest.
enum Ranking {
  /// Log-probabilities that differ by no more count as equal: averages over orders round differently.
  static let tolerance = 1e-9

  /// The largest value; of equal ones the first, which is told. There must be at least one.
  static func largest(_ values: [Double]) -> (place: Int, isTied: Bool) {
    let best = values.max() ?? 0
    let equal = values.indices.filter { values[$0] >= best - tolerance }
    return (equal.first ?? 0, equal.count > 1)
  }

  /// Scores as log-probabilities that sum to one as probabilities: s − log Σ exp s.
  static func normalized(_ scores: [Double]) -> [Double] {
    let largest = scores.max() ?? 0
    // Differences first: scores that are equal up to a shift then tie.
    let sum = log(scores.reduce(0) { $0 + exp($1 - largest) })
    return scores.map { ($0 - largest) - sum }
  }
}
