import Foundation

/// One model's logits, `[count, classes]`, stored flat as Float32 without loss and read as Float64.
package struct Logits: Equatable, Sendable {
  package let count: Int
  package let classes: Int
  private let values: [Float]

  /// - Parameter values: `count × classes` logits, item by item.
  /// - Throws: `EvaluationError.countMismatch` when the storage has another size.
  package init(values: [Float], count: Int, classes: Int) throws(EvaluationError) {
    guard count >= 0, classes > 0, values.count == count * classes else {
      throw .countMismatch(what: "logits (items × classes)", expected: max(0, count * classes), found: values.count)
    }
    self.count = count
    self.classes = classes
    self.values = values
  }

  /// The logit of class `label` for the item at position `item`.
  package subscript(item: Int, label: Int) -> Double { Double(values[item * classes + label]) }

  /// The first item with a logit that is not finite.
  package var firstNonFiniteItem: Int? {
    values.firstIndex { !$0.isFinite }.map { $0 / classes }
  }

  /// The class with the largest logit; of several, the first.
  package func prediction(item: Int) -> Int {
    var best = 0
    for label in 1..<max(1, classes) where values[item * classes + label] > values[item * classes + best] {
      best = label
    }
    return best
  }

  /// The probability of class `label`, the softmax of an item's logits; stable for logits of any size.
  package func probability(item: Int, label: Int) -> Double {
    let score = logitScaledProbability(item: item, label: label)
    return score > 0 ? 1 / (1 + exp(-score)) : exp(score) / (1 + exp(score))
  }

  /// log(p / (1 − p)) of the probability p of class `label`: z_y − log Σ_{j≠y} exp z_j, which stays finite where p
  /// rounds to 1; infinite with a single class.
  package func logitScaledProbability(item: Int, label: Int) -> Double {
    var largest = -Double.infinity
    for other in 0..<classes where other != label { largest = max(largest, self[item, other]) }
    guard largest.isFinite else { return .infinity }
    var sum = 0.0
    for other in 0..<classes where other != label { sum += exp(self[item, other] - largest) }
    // Differences first: logits that are equal up to a shift then tie to the last bit.
    return (self[item, label] - largest) - log(sum)
  }
}
