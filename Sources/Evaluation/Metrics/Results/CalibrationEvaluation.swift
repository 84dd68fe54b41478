package import Statistics
package import Support

/// A bin of a reliability diagram, over the pooled predictions of all seeds.
package struct ReliabilityBin: Codable, Equatable, Sendable {
  /// The bin is `(lower, upper]`; the first one includes its lower bound.
  package var lower: Double
  package var upper: Double
  /// Predictions in the bin: items times seeds. The other figures are undefined for an empty bin.
  package var count: Int
  package var meanConfidence: Measured<Double>
  /// With a Wilson interval at `count` divided by the number of seeds, since seeds share their items.
  package var accuracy: Measured<Estimate>
}

/// How well the probability of the positive one of two classes agrees with how often items are of it, whatever is
/// predicted: each figure is computed for every seed and averaged over seeds.
package struct PositiveCalibration: Codable, Equatable, Sendable {
  /// With 15 right-closed bins of equal width, the first closed on both sides. Biased upwards.
  package var expectedCalibrationError: Estimate
  /// What the same figure would be on average for a perfectly calibrated model with these probabilities.
  package var expectedUnderPerfectCalibration: Double
  /// Of the squared calibration error (Kumar et al. 2019); may be negative.
  package var debiasedSquaredError: Measured<Estimate>
  /// In 15 bins that hold about as many predictions each.
  package var equalMassError: Estimate
  package var meanProbability: Double
  /// The share of items of the positive class.
  package var baseRate: Double
  /// Mean probability minus base rate: positive is too much expected of the positive class.
  package var signedGap: Estimate
}

/// How well the confidence in the top label agrees with accuracy, for one group or all items: each figure is computed
/// for every seed and averaged over seeds.
package struct CalibrationEvaluation: Codable, Equatable, Sendable {
  /// `nil` for all items.
  package var group: GroupName?
  package var n: Int
  package var seeds: Int
  /// With 15 right-closed bins of equal width, the first closed on both sides (Guo et al. 2017). Biased upwards.
  /// Intervals of this and the other figures resample whole clusters.
  package var expectedCalibrationError: Estimate
  /// What the same figure would be on average for a perfectly calibrated model with these confidences.
  package var expectedUnderPerfectCalibration: Double
  /// Of the squared calibration error (Kumar et al. 2019); may be negative.
  package var debiasedSquaredError: Measured<Estimate>
  package var meanConfidence: Double
  package var accuracy: Double
  /// Mean confidence minus accuracy: positive is over-confident.
  package var signedGap: Estimate
  /// In 15 bins that hold about as many predictions each.
  package var equalMassError: Estimate
  /// The mean over classes, each against all others.
  package var classwiseError: Estimate
  /// Mean −log p of the label, in nats; undefined where the stated probability of one is 0.
  package var negativeLogLikelihood: Measured<Estimate>
  /// Of the confidence against being right.
  package var brier: Brier
  /// Mean Σ_c (p_c − y_c)², from 0 to 2.
  package var multiclassBrier: Estimate
  /// Of the positive class instead of the top label; undefined but for two classes, one of them positive.
  package var positive: Measured<PositiveCalibration>
  /// All 15 bins, empty ones included.
  package var reliability: [ReliabilityBin]
}

extension CalibrationEvaluation {
  /// The Brier score of confidence against being right, with its parts; they stand beside the interval.
  package struct Brier: Codable, Equatable, Sendable {
    package var parts: BrierScore
    /// Of the score.
    package var interval: Measured<Interval>

    private enum CodingKeys: CodingKey {
      case interval
    }

    init(parts: BrierScore, interval: Measured<Interval>) { (self.parts, self.interval) = (parts, interval) }

    package init(from decoder: any Decoder) throws {
      parts = try BrierScore(from: decoder)
      interval = try decoder.container(keyedBy: CodingKeys.self).decode(Measured<Interval>.self, forKey: .interval)
    }

    package func encode(to encoder: any Encoder) throws {
      try parts.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(interval, forKey: .interval)
    }
  }
}

extension CalibrationEvaluation: DerivedFields {
  /// What confidence is in every figure but those of the positive class.
  package static let confidence = "top label"

  package var derivedFields: [String: JSONValue] { ["confidence": .string(Self.confidence)] }
}

extension PositiveCalibration: DerivedFields {
  package var derivedFields: [String: JSONValue] { ["confidence": .string("positive class")] }
}
