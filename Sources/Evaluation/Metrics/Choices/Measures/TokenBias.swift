package import Statistics

/// How often a label is chosen; where options have none, a position.
package struct LabelShare: Codable, Equatable, Sendable {
  /// "position 1" and so on for options without labels.
  package var label: String
  /// Of all choices, one an order, of questions that have an option in this position.
  package var share: Proportion
  /// The share that a model without regard to labels has: each position holds every option equally often.
  package var uniform: Double
  /// Of the questions' orders in which the right option has this label, the share in which it is chosen.
  package var accuracy: Measured<Proportion>
}

/// Whether single choices follow what the options say or what they are called, in one wording, before anything is
/// averaged over the orders.
package struct TokenBias: Codable, Equatable, Sendable {
  private enum CodingKeys: String, CodingKey {
    case followsLabel = "label_bias"
    case labelVariation = "position_bias"
    case followsContent, mixed, labels, singleOrderAccuracy, tiedOrders
  }

  /// Of the questions with several orders, those of which the same option is chosen in all orders.
  package var followsContent: Proportion
  /// Those of which the same position is chosen in all orders: the token bias.
  package var followsLabel: Proportion
  /// Those that are neither.
  package var mixed: Proportion
  /// By position.
  package var labels: [LabelShare]
  package var labelVariation: LabelVariation
  /// The share of right choices over all orders, of questions that have a right answer.
  package var singleOrderAccuracy: Measured<Proportion>
  /// Orders, over all questions and runs, in which options scored the same.
  package var tiedOrders: Int
}
