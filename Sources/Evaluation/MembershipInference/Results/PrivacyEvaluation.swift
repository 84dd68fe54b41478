package import Metrics
package import Statistics

/// Where a group's threshold comes from.
package enum ThresholdSource: String, Codable, Equatable, Sendable {
  /// From the non-members of the group itself.
  case own
  /// From all non-members, so that the group's false positive rate may be another.
  case global
}

/// The true positive rate of an attack at a threshold, averaged over the targets.
package struct AttackRate: Codable, Equatable, Sendable {
  package var value: Double
  package var interval: Interval
  /// The false positive rate of the group at that threshold, averaged over the targets: the largest attainable one not
  /// above the limit when the threshold is the group's own.
  package var attainedFalsePositiveRate: Double
  /// Counts summed over the targets.
  package var truePositives: Int
  package var members: Int
  package var falsePositives: Int
  package var nonMembers: Int
}

/// An attack at a limit of the false positive rate.
package struct OperatingPoint: Codable, Equatable, Sendable {
  package var falsePositiveRateLimit: Double
  package var threshold: ThresholdSource
  /// Undefined when a target has fewer non-members than one in `1 / limit`.
  package var truePositiveRate: Measured<AttackRate>
}

/// A point of a receiver operating characteristic.
package struct CurvePoint: Equatable, Sendable {
  package var falsePositiveRate: Double
  package var truePositiveRate: Double
}

/// How well an attack does on one group, or on all items, averaged over the targets.
package struct AttackMeasures: Codable, Equatable, Sendable {
  /// `nil` for all items.
  package var group: GroupName?
  package var n: Int
  package var clusters: Int
  /// The fewest non-members that a target has here: the resolution of its false positive rate.
  package var fewestNonMembers: Int
  package var areaUnderCurve: Measured<Estimate>
  /// Own threshold at each limit (10 %, 1 %, 0.1 %), and for a group the global one at each too.
  package var operatingPoints: [OperatingPoint]
  /// Threshold average over the targets at equal false positive rates, from the finest that every target resolves up
  /// to 1; evenly spaced on a logarithmic axis.
  package var curve: [CurvePoint]
}

/// What one attack finds.
package struct AttackEvaluation: Codable, Equatable, Sendable {
  private enum CodingKeys: String, CodingKey {
    case control = "shuffled_control"
    case attack, overall, groups, disparities
  }

  package var attack: Attack
  package var overall: AttackMeasures
  /// In the order of the fleet's groups.
  package var groups: [AttackMeasures]
  /// For every column of two groups or more: its area under the curve, then its true positive rates.
  package var disparities: [VulnerabilityDisparity]
  /// The same scores against membership that is swapped at random by cluster: the area should be .5 within its interval.
  package var control: Measured<Estimate>
  /// The items that the attack is right about most often, most exposed first: for a file of its own, never for a report.
  package var exposedItems: [ExposedItem] = []
}

/// What membership inference finds against one arm's fleet.
package struct PrivacyEvaluation: Codable, Equatable, Sendable {
  package var arm: String
  package var design: FleetDesign
  package var models: Int
  package var items: Int
  /// Queries of every item.
  package var queries: Int
  /// Of every interval.
  package var confidence: Double
  /// Resamples behind every bootstrap interval.
  package var resamples: Int
  package var cautions: [FleetCaution]
  package var attacks: [AttackEvaluation]
}

/// Written as a pair.
extension CurvePoint: Codable {
  package init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    falsePositiveRate = try container.decode(Double.self)
    truePositiveRate = try container.decode(Double.self)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.unkeyedContainer()
    try container.encode(falsePositiveRate)
    try container.encode(truePositiveRate)
  }
}
