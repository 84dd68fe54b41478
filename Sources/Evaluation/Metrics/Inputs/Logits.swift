import Foundation

/// One model's logits, `[count, classes]`, stored flat; or the probabilities that it states. Both in Float64: as Float32,
/// summed log-likelihoods near −24,000 that differ in the eighth digit would tie.
package struct Logits: Equatable, Sendable {
  package let count: Int
  package let classes: Int
  /// Empty if probabilities were stated.
  let values: [Double]
  /// The given probabilities; empty if logits were given.
  let probabilities: [Double]
  /// The logarithms of given probabilities, used as logits; empty if logits were given.
  private let logarithms: [Double]

  /// The parts of logits that were checked before.
  init(count: Int, classes: Int, values: [Double], probabilities: [Double]) {
    (self.count, self.classes, self.values, self.probabilities) = (count, classes, values, probabilities)
    logarithms = Self.logarithms(probabilities)
  }

  /// - Parameter values: `count × classes` logits, item by item.
  /// - Throws: `EvaluationError.countMismatch` when the storage has another size.
  package init(values: [Double], count: Int, classes: Int) throws(EvaluationError) {
    guard count >= 0, classes > 0, values.count == count * classes else {
      throw .countMismatch(what: "logits (items × classes)", expected: max(0, count * classes), found: values.count)
    }
    self.count = count
    self.classes = classes
    self.values = values
    (probabilities, logarithms) = ([], [])
  }

  /// The logits that a model computed, which Float64 holds exactly.
  ///
  /// - Throws: as above.
  package init(values: [Float], count: Int, classes: Int) throws(EvaluationError) {
    try self.init(values: values.map(Double.init), count: count, classes: classes)
  }

  /// What a model says that states probabilities: they are kept as they are, for a rounded one may lie on the bound of
  /// a bin. Their logarithms stand for the logits; where a finite one must stand for that of 0, or of less, it is
  /// that of 1.2e-38, which leaves a logit of a size that models have.
  ///
  /// - Parameter probabilities: `count × classes` in [0, 1], item by item.
  /// - Throws: `EvaluationError.countMismatch` when the storage has another size.
  package init(probabilities: [Double], count: Int, classes: Int) throws(EvaluationError) {
    guard count >= 0, classes > 0, probabilities.count == count * classes else {
      throw .countMismatch(
        what: "probabilities (items × classes)", expected: max(0, count * classes), found: probabilities.count)
    }
    self.count = count
    self.classes = classes
    self.probabilities = probabilities
    values = []
    logarithms = Self.logarithms(probabilities)
  }

  private static func logarithms(_ probabilities: [Double]) -> [Double] {
    probabilities.map { log(max($0, Double(Float.leastNormalMagnitude))) }
  }

  /// The largest magnitude of a logit that is read from a file: no model comes near it, and differences stay finite.
  package static let largestMagnitude = 3.4e38

  /// The logit of class `label` for the item at position `item`.
  package subscript(item: Int, label: Int) -> Double {
    let index = item * classes + label
    return logarithms.isEmpty ? values[index] : logarithms[index]
  }

  /// Whether the model states that class `label` cannot be, by a probability of exactly 0.
  package func isRuledOut(item: Int, label: Int) -> Bool {
    !probabilities.isEmpty && probabilities[item * classes + label] == 0
  }

  /// The first item with a logit that is not finite.
  package var firstNonFiniteItem: Int? {
    (values.firstIndex { !$0.isFinite } ?? probabilities.firstIndex { !$0.isFinite }).map { $0 / classes }
  }

  /// What was given of class `label`: its logit, or its probability.
  func output(item: Int, label: Int) -> Double {
    probabilities.isEmpty ? values[item * classes + label] : probabilities[item * classes + label]
  }

  /// The probability of class `label`, the softmax of an item's logits; stable for logits of any size.
  ///
  /// - Parameter temperature: What the logits are divided by.
  package func probability(item: Int, label: Int, temperature: Double = 1) -> Double {
    if !probabilities.isEmpty, temperature == 1 { return probabilities[item * classes + label] }
    let score = logitScaledProbability(item: item, label: label, temperature: temperature)
    return score > 0 ? 1 / (1 + exp(-score)) : exp(score) / (1 + exp(score))
  }

  /// The probabilities of all classes, the softmax of an item's logits.
  ///
  /// - Parameter result: as many as there are classes; overwritten.
  func probabilities(item: Int, temperature: Double = 1, into result: inout [Double]) {
    let first = item * classes
    if !probabilities.isEmpty, temperature == 1 {
      for label in 0..<classes { result[label] = probabilities[first + label] }
      return
    }
    var largest = self[item, 0]
    for label in 1..<max(1, classes) { largest = max(largest, self[item, label]) }
    var sum = 0.0
    for label in 0..<classes {
      // Differences first: logits that are equal up to a shift then tie to the last bit.
      result[label] =
        isRuledOut(item: item, label: label) ? 0 : exp((self[item, label] - largest) / temperature)
      sum += result[label]
    }
    for label in 0..<classes { result[label] /= sum }
  }

  /// −log p of the probability p of class `label`, in nats, of probabilities that are scaled to sum to one; infinite
  /// where the class is ruled out.
  ///
  /// - Parameter temperature: What the logits are divided by.
  package func negativeLogProbability(item: Int, label: Int, temperature: Double = 1) -> Double {
    guard !isRuledOut(item: item, label: label) else { return .infinity }
    if !probabilities.isEmpty, temperature == 1 {
      let stated = probabilities[item * classes..<(item + 1) * classes]
      return log(stated.reduce(0, +)) - log(probabilities[item * classes + label])
    }
    let score = logitScaledProbability(item: item, label: label, temperature: temperature)
    // log(1 + e^−s), without losing either end.
    return score > 0 ? log1p(exp(-score)) : -score + log1p(exp(score))
  }

  /// log(p / (1 − p)) of the probability p of class `label`: z_y − log Σ_{j≠y} exp z_j, which stays finite where p
  /// rounds to 1; infinite with a single class.
  ///
  /// - Parameter temperature: What the logits are divided by.
  package func logitScaledProbability(item: Int, label: Int, temperature: Double = 1) -> Double {
    var largest = -Double.infinity
    for other in 0..<classes where other != label { largest = max(largest, self[item, other]) }
    guard largest.isFinite else { return .infinity }
    var sum = 0.0
    for other in 0..<classes where other != label { sum += exp((self[item, other] - largest) / temperature) }
    // Differences first: logits that are equal up to a shift then tie to the last bit.
    return (self[item, label] - largest) / temperature - log(sum)
  }
}
