package import Statistics

/// What other thresholds than the model's own do to an arm's rates: items count as positive from a probability on.
package struct ThresholdEvaluation: Codable, Equatable, Sendable {
  /// Items on which thresholds were chosen.
  package var validationItems: Int
  /// Over all items first, then in every group.
  package var sweeps: [ThresholdSweep]
  /// By rule, over all items first where it is about them, then by group.
  package var choices: [ChosenThreshold]
}

/// Rates in one group at every threshold, averaged over runs; on test items.
package struct ThresholdSweep: Codable, Equatable, Sendable {
  package struct Point: Codable, Equatable, Sendable {
    package var threshold: Double
    package var accuracy: Double
    package var selectionRate: Double
    /// `nil` in a group without positives.
    package var truePositiveRate: Measured<Double>
    /// `nil` in a group without negatives.
    package var falsePositiveRate: Measured<Double>
  }

  /// `nil` for all items.
  package var group: GroupName?
  package var points: [Point]
}

/// How a threshold is chosen on validation items.
package enum ThresholdRule: String, Codable, CaseIterable, Sendable {
  /// One for everybody: that of the highest accuracy over all items.
  case common
  /// Each group's own: that of the highest accuracy among its items.
  case ownAccuracy = "own_accuracy"
  /// Each group's own: the highest at which its true positive rate reaches that of all items at the common threshold
  /// (equal opportunity; Hardt, Price and Srebro 2016).
  case equalOpportunity = "equal_opportunity"
}

/// A threshold that was chosen on validation items, and what it comes to on test items.
package struct ChosenThreshold: Codable, Equatable, Sendable {
  package var rule: ThresholdRule
  /// `nil` for all items.
  package var group: GroupName?
  package var chosen: Measured<Chosen>

  package struct Chosen: Codable, Equatable, Sendable {
    /// Of every run, in their order.
    package var thresholds: [Double]
    /// On test items, every item counted with its average over the runs.
    package var rates: GroupRates
  }
}
