/// Why translations cannot be evaluated. Every case names what is wrong and where.
package enum TranslationError: Error, Equatable, Sendable {
  /// Items, arms, groups, comparisons or the rule are wrong in a way that they may be in any evaluation.
  case evaluation(EvaluationError)
  case noReferences(item: String)
  case metricIsNotRougeL(DecisionMetric)
  case confidenceOutsideRange(Double)
  case tooFewResamples(Int)
}

extension TranslationError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .evaluation(let error): error.description
    case .noReferences(let item): "Item \(item) has no reference translation; give at least one or leave it out."
    case .metricIsNotRougeL(let metric):
      "The rule is about \(metric.rawValue); translations are decided upon by \(DecisionMetric.rougeL.rawValue)."
    case .confidenceOutsideRange(let confidence):
      "The confidence is \(confidence); expected a share above 0 and below 1, such as 0.95."
    case .tooFewResamples(let count):
      "\(count) resamples are too few for an interval; expected at least \(TranslationEvaluation.fewestResamples)."
    }
  }
}
