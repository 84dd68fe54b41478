package import Statistics

/// The rates that a gap can be between.
package enum GapRate: String, Codable, Equatable, Sendable {
  case selectionRate = "selection_rate"
  case truePositiveRate = "true_positive_rate"
  case falsePositiveRate = "false_positive_rate"
}

/// The largest difference of a rate between two groups of one column.
package struct Gap: Equatable, Sendable {
  package var value: Double
  package var rate: GapRate
  /// The value of the group with the highest rate; of several, the first.
  package var highest: String
  package var lowest: String
  /// Groups that lack a rate which the gap needs, in their order.
  package var leftOut: [LeftOutGroup]
  package var test: SpreadTest
}

/// A group that takes no part in a gap, and why.
package struct LeftOutGroup: Equatable, Sendable {
  package var value: String
  /// "no positives", for example.
  package var reason: String
}

/// The largest difference of accuracy between two groups of one column.
package struct AccuracySpread: Equatable, Sendable {
  package var value: Double
  package var highest: String
  package var lowest: String
  package var test: SpreadTest
}

/// What a largest difference would be were there none: it is biased upwards, and never said without this.
package struct SpreadTest: Codable, Equatable, Sendable {
  /// The mean when group membership is permuted over clusters; of a rate of positives or negatives, over those of them.
  package var expectedUnderNoDifference: Double
  /// The share of permutations with at least this difference, the data themselves counted as one of them.
  package var pValue: Double
  package var permutations: Int

  init(_ spreads: SpreadPermutation.Spreads) {
    self.init(observed: spreads.observed, permuted: spreads.permuted)
  }

  /// - Parameters:
  ///   - observed: The spread of the data.
  ///   - permuted: That of every permutation.
  package init(observed: Double, permuted: [Double]) {
    let count = permuted.count
    expectedUnderNoDifference = permuted.reduce(0, +) / Double(max(1, count))
    let asLarge = permuted.count { $0 >= observed - 1e-12 }
    pValue = Double(asLarge + 1) / Double(count + 1)
    permutations = count
  }
}

/// The group of one column with the lowest accuracy; of several, the first. Its interval is the group's own and makes
/// no allowance for its having been picked as the lowest.
package struct WorstGroup: Codable, Equatable, Sendable {
  package var value: String
  package var accuracy: Proportion
}

/// The differences between the groups of one column.
package struct ColumnGaps: Codable, Equatable, Sendable {
  package var column: String
  package var demographicParityDifference: Measured<Gap>
  package var equalOpportunityDifference: Measured<Gap>
  /// The larger of the gaps of true and false positive rate; `rate` says which. Needs both.
  package var equalizedOddsDifference: Measured<Gap>
  package var accuracySpread: Measured<AccuracySpread>
  package var worstGroup: WorstGroup
}

/// The test's figures stand beside the gap's, and the groups that are left out in two lists.
extension Gap: Codable {
  private enum CodingKeys: CodingKey {
    case value, rate, highest, lowest, leftOut, leftOutReasons
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    value = try container.decode(Double.self, forKey: .value)
    rate = try container.decode(GapRate.self, forKey: .rate)
    highest = try container.decode(String.self, forKey: .highest)
    lowest = try container.decode(String.self, forKey: .lowest)
    leftOut = zip(
      try container.decode([String].self, forKey: .leftOut),
      try container.decode([String].self, forKey: .leftOutReasons)
    ).map { LeftOutGroup(value: $0, reason: $1) }
    test = try SpreadTest(from: decoder)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(value, forKey: .value)
    try container.encode(rate, forKey: .rate)
    try container.encode(highest, forKey: .highest)
    try container.encode(lowest, forKey: .lowest)
    try container.encode(leftOut.map(\.value), forKey: .leftOut)
    try container.encode(leftOut.map(\.reason), forKey: .leftOutReasons)
    try test.encode(to: encoder)
  }
}

/// The test's figures stand beside the spread's.
extension AccuracySpread: Codable {
  private enum CodingKeys: CodingKey {
    case value, highest, lowest
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    value = try container.decode(Double.self, forKey: .value)
    highest = try container.decode(String.self, forKey: .highest)
    lowest = try container.decode(String.self, forKey: .lowest)
    test = try SpreadTest(from: decoder)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(value, forKey: .value)
    try container.encode(highest, forKey: .highest)
    try container.encode(lowest, forKey: .lowest)
    try test.encode(to: encoder)
  }
}
