package import Statistics
import Support

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
  /// Groups without a rate that the gap needs, in their order.
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

/// The expected largest difference if there were none. The largest difference is biased upwards, so it is always
/// reported with this.
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

/// In JSON, the test's figures are keys next to the gap's, and the groups that are left out are in two lists.
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

/// In JSON, the test's figures are keys next to the spread's.
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

extension RateEvaluation {
  /// Rates and gaps of one vector of outcomes.
  ///
  /// - Parameters:
  ///   - subsets: All items first, then every group.
  ///   - spreads: Those of every column; `nil` for a column with fewer than two groups.
  init(_ outcomes: ItemOutcomes, subsets: [ItemSubset], items: EvaluationItems, spreads: [ColumnSpreads?]) {
    let rates = subsets.map { GroupRates($0, outcomes: outcomes, items: items) }
    overall = rates[0]
    groups = Array(rates.dropFirst())
    columns = []
    for (column, spreads) in zip(items.groups.columns, spreads) {
      let memberships = items.groups.filter { $0.column == column }
      let computation = GapComputation(
        rates: groups.filter { $0.group?.column == column }, n: Set(memberships.flatMap(\.items)).count,
        spreads: spreads)
      guard let worst = computation.worstGroup else { continue }
      columns.append(
        ColumnGaps(
          column: column, demographicParityDifference: computation.demographicParityDifference,
          equalOpportunityDifference: computation.equalOpportunityDifference,
          equalizedOddsDifference: computation.equalizedOddsDifference,
          accuracySpread: computation.accuracySpread, worstGroup: worst))
    }
  }
}

/// The largest differences between the groups of one column, permuted.
struct ColumnSpreads: Sendable {
  private static let permutations = 4_000

  var accuracy: SpreadPermutation.Spreads
  /// Without a positive class there are none of these.
  var selection: SpreadPermutation.Spreads?
  var truePositives: SpreadPermutation.Spreads?
  var falsePositives: SpreadPermutation.Spreads?

  init(_ memberships: ColumnMemberships, outcomes: ItemOutcomes, items: EvaluationItems, key: RandomKey) {
    func spreads(_ values: [Double], _ name: String, where isCounted: (Int) -> Bool) -> SpreadPermutation.Spreads {
      SpreadPermutation(memberships, values: values, runs: outcomes.runs, where: isCounted)
        .spreads(permutations: Self.permutations, key: key[name])
    }
    accuracy = spreads(outcomes.correct, "accuracy") { _ in true }
    guard let positiveClass = items.positiveClass else { return }
    selection = spreads(outcomes.selected, "selection") { _ in true }
    truePositives = spreads(outcomes.selected, "true positives") { items.labels[$0] == positiveClass }
    falsePositives = spreads(outcomes.selected, "false positives") { items.labels[$0] != positiveClass }
  }
}

/// The gaps between the groups of one column.
///
/// Each gap is taken between the groups that have its rate, and is undefined with fewer than two of them: demographic
/// parity needs no labels, equal opportunity positives alone, equalized odds two groups with positives and two with
/// negatives.
struct GapComputation {
  /// The rates of the column's groups.
  let rates: [GroupRates]
  /// The number of items in at least one of the groups.
  let n: Int
  /// nil with fewer than two groups.
  let spreads: ColumnSpreads?

  var demographicParityDifference: Measured<Gap> { gap(.selectionRate, spreads?.selection) }

  var equalOpportunityDifference: Measured<Gap> { gap(.truePositiveRate, spreads?.truePositives) }

  var equalizedOddsDifference: Measured<Gap> {
    let together = spreads?.truePositives.flatMap { first in spreads?.falsePositives.map(first.larger) }
    let truePositives = gap(.truePositiveRate, together)
    let falsePositives = gap(.falsePositiveRate, together)
    guard let first = truePositives.value else { return truePositives }
    guard let second = falsePositives.value else { return falsePositives }
    var larger = first.value >= second.value ? first : second
    // A group has items, so at least one class is present.
    larger.leftOut = leftOut { Self.why($0, missing: .truePositiveRate) ?? Self.why($0, missing: .falsePositiveRate) }
    return .value(larger)
  }

  /// The group with the lowest accuracy, or `nil` without groups.
  var worstGroup: WorstGroup? {
    var worst: GroupRates?
    for rate in rates where rate.accuracy.value < worst?.accuracy.value ?? .infinity { worst = rate }
    return worst.map { WorstGroup(value: Self.value($0), accuracy: $0.accuracy) }
  }

  var accuracySpread: Measured<AccuracySpread> {
    guard let spreads, let worst = worstGroup, var best = rates.first else {
      return .undefined(reason: "the column has fewer than two groups", n: n)
    }
    for rate in rates where rate.accuracy.value > best.accuracy.value { best = rate }
    return .value(
      AccuracySpread(
        value: spreads.accuracy.observed, highest: Self.value(best), lowest: worst.value,
        test: SpreadTest(spreads.accuracy)))
  }

  private func gap(_ rate: GapRate, _ spreads: SpreadPermutation.Spreads?) -> Measured<Gap> {
    guard rates.count >= 2 else { return .undefined(reason: "the column has fewer than two groups", n: n) }
    let leftOut = leftOut { Self.why($0, missing: rate) }
    let known = rates.compactMap { group in Self.rate(rate, of: group).map { (Self.value(group), $0) } }
    guard known.count >= 2, var highest = known.first, var lowest = known.first, let spreads else {
      return .undefined(reason: Self.whyTooFew(rate, leftOut), n: n)
    }
    for pair in known {
      if pair.1 > highest.1 { highest = pair }
      if pair.1 < lowest.1 { lowest = pair }
    }
    return .value(
      Gap(
        value: highest.1 - lowest.1, rate: rate, highest: highest.0, lowest: lowest.0, leftOut: leftOut,
        test: SpreadTest(spreads)))
  }

  private func leftOut(_ why: (GroupRates) -> String?) -> [LeftOutGroup] {
    rates.compactMap { group in why(group).map { LeftOutGroup(value: Self.value(group), reason: $0) } }
  }

  /// "fewer than two groups have a false positive rate (no negatives: b, c)"; what all groups are missing is said
  /// alone.
  private static func whyTooFew(_ rate: GapRate, _ leftOut: [LeftOutGroup]) -> String {
    guard let first = leftOut.first else { return "fewer than two groups have a \(rate.words)" }
    // Without a positive class no group has any rate.
    guard first.reason == rate.missing else { return first.reason }
    return "fewer than two groups have a \(rate.words) (\(first.reason): "
      + leftOut.map(\.value).joined(separator: ", ") + ")"
  }

  private static func value(_ group: GroupRates) -> String { group.group?.value ?? "" }

  private static func rate(_ rate: GapRate, of group: GroupRates) -> Double? {
    switch rate {
    case .selectionRate: group.selectionRate.value?.value
    case .truePositiveRate: group.truePositiveRate.value?.value
    case .falsePositiveRate: group.falsePositiveRate.value?.value
    }
  }

  /// Why a group has no such rate; nil if it has.
  private static func why(_ group: GroupRates, missing rate: GapRate) -> String? {
    let proportion =
      switch rate {
      case .selectionRate: group.selectionRate
      case .truePositiveRate: group.truePositiveRate
      case .falsePositiveRate: group.falsePositiveRate
      }
    guard case .undefined(let reason, _) = proportion else { return nil }
    return reason
  }
}

extension GapRate {
  fileprivate var words: String {
    switch self {
    case .selectionRate: "selection rate"
    case .truePositiveRate: "true positive rate"
    case .falsePositiveRate: "false positive rate"
    }
  }

  /// The kind of items that a group without the rate is missing.
  fileprivate var missing: String {
    switch self {
    case .selectionRate: "no items"
    case .truePositiveRate: "no positives"
    case .falsePositiveRate: "no negatives"
    }
  }
}
