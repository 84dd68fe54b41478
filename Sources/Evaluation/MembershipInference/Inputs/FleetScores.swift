import Foundation
package import Metrics
import Statistics

/// What a score that was given directly is.
package enum ScoreKind: String, CaseIterable, Equatable, Sendable {
  /// The mean log-likelihood of a sequence's target tokens, at most 0; its negative is the loss.
  case logLikelihood = "log-likelihood"
  /// φ = log(p / (1 − p)) of the probability of the item's label.
  case logitScaled = "logit-scaled"
}

/// What the models of a fleet say about the audited items, for one query of every item or several (such as an item and
/// its mirror image): the same for members and non-members.
package enum FleetScores: Equatable, Sendable {
  /// `[model][query]`, each `[items, classes]`.
  case logits([[Logits]])
  /// `[model][query][item]`; higher for items that the model knows better.
  case direct([[[Double]]], ScoreKind)

  package var models: Int {
    switch self {
    case .logits(let logits): logits.count
    case .direct(let scores, _): scores.count
    }
  }

  /// φ of every model and query for every item, `[query][model][item]`: from logits the logit of the label's
  /// probability, otherwise the score itself.
  func confidences(labels: [Int]) -> [[[Double]]] {
    switch self {
    case .logits(let logits):
      Self.byQuery(
        concurrentMap(logits.count) { model in
          logits[model].map { query in
            labels.enumerated().map { MembershipScore.logitScaled(query, item: $0, label: $1) }
          }
        })
    case .direct(let scores, _): Self.byQuery(scores)
    }
  }

  /// The loss of every model for every item, `[model][item]`, by the first query.
  package func losses(labels: [Int]) -> [[Double]] {
    (confidences(labels: labels).first ?? []).map { $0.map(loss) }
  }

  /// The models in another order.
  func reordered(_ order: [Int]) -> FleetScores {
    switch self {
    case .logits(let logits): .logits(order.filter(logits.indices.contains).map { logits[$0] })
    case .direct(let scores, let kind): .direct(order.filter(scores.indices.contains).map { scores[$0] }, kind)
    }
  }

  /// What becomes of `confidences` as a loss.
  func loss(ofConfidence confidence: Double) -> Double {
    switch self {
    case .logits, .direct(_, .logitScaled): MembershipScore.loss(ofScore: confidence)
    case .direct(_, .logLikelihood): -confidence
    }
  }

  /// What becomes of `confidences` as a probability.
  func probability(ofConfidence confidence: Double) -> Double { exp(-loss(ofConfidence: confidence)) }

  /// From `[model][query]` to `[query][model]`.
  private static func byQuery<Value>(_ values: [[Value]]) -> [[Value]] {
    (values.first ?? []).indices.map { query in values.map { $0[query] } }
  }
}
