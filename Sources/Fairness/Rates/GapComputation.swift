/// The gaps between the groups of one column.
///
/// Where fewer than two groups hold both classes, the group all but determines the label: a difference of rates then
/// speaks of the labels, not of the model, and all three gaps are undefined. Otherwise each gap is taken between the
/// groups that have the rate.
struct GapComputation {
  /// The rates of the column's groups.
  let rates: [GroupRates]
  /// The number of items in at least one of the groups.
  let n: Int
  /// nil with fewer than two groups.
  let spreads: ColumnSpreads?

  var demographicParityDifference: Undefinable<Gap> { gap(.selectionRate, spreads?.selection) }

  var equalOpportunityDifference: Undefinable<Gap> { gap(.truePositiveRate, spreads?.truePositives) }

  var equalizedOddsDifference: Undefinable<Gap> {
    let together = spreads?.truePositives.flatMap { first in spreads?.falsePositives.map(first.larger) }
    let truePositives = gap(.truePositiveRate, together)
    let falsePositives = gap(.falsePositiveRate, together)
    guard let first = truePositives.value else { return truePositives }
    guard let second = falsePositives.value else { return falsePositives }
    return .value(first.value >= second.value ? first : second)
  }

  /// The group with the lowest accuracy, or `nil` without groups.
  var worstGroup: WorstGroup? {
    var worst: GroupRates?
    for rate in rates where rate.accuracy.value < worst?.accuracy.value ?? .infinity { worst = rate }
    return worst.map { WorstGroup(value: Self.value($0), accuracy: $0.accuracy) }
  }

  var accuracySpread: Undefinable<AccuracySpread> {
    guard let spreads, let worst = worstGroup, var best = rates.first else {
      return .undefined(reason: "the column has fewer than two groups", n: n)
    }
    for rate in rates where rate.accuracy.value > best.accuracy.value { best = rate }
    return .value(
      AccuracySpread(
        value: spreads.accuracy.observed, highest: Self.value(best), lowest: worst.value,
        test: SpreadTest(spreads.accuracy)))
  }

  private func gap(_ rate: GapRate, _ spreads: SpreadPermutation.Spreads?) -> Undefinable<Gap> {
    if let reason = whyIncomparable { return .undefined(reason: reason, n: n) }
    let known = rates.compactMap { group in Self.rate(rate, of: group).map { (Self.value(group), $0) } }
    guard known.count >= 2, var highest = known.first, var lowest = known.first, let spreads else {
      return .undefined(reason: "fewer than two groups have the rate", n: n)
    }
    for pair in known {
      if pair.1 > highest.1 { highest = pair }
      if pair.1 < lowest.1 { lowest = pair }
    }
    let leftOut = rates.filter { Self.rate(rate, of: $0) == nil }.map(Self.value)
    return .value(
      Gap(
        value: highest.1 - lowest.1, rate: rate, highest: highest.0, lowest: lowest.0, leftOut: leftOut,
        test: SpreadTest(spreads)))
  }

  /// Why the groups' rates cannot be set against each other, or `nil` when they can.
  private var whyIncomparable: String? {
    guard rates.count >= 2 else { return "the column has fewer than two groups" }
    var withoutPositives: [String] = []
    var withoutNegatives: [String] = []
    for group in rates {
      switch (group.positives, group.negatives) {
      case (.undefined(let reason, _), _), (_, .undefined(let reason, _)): return reason
      case (.value(let positives), .value(let negatives)):
        if positives == 0 { withoutPositives.append(Self.value(group)) }
        if negatives == 0 { withoutNegatives.append(Self.value(group)) }
      }
    }
    // A group holds items, so it cannot lack both classes.
    guard rates.count - withoutPositives.count - withoutNegatives.count < 2 else { return nil }
    var reason = "fewer than two groups hold both classes"
    if !withoutPositives.isEmpty { reason += "; without positives: " + withoutPositives.joined(separator: ", ") }
    if !withoutNegatives.isEmpty { reason += "; without negatives: " + withoutNegatives.joined(separator: ", ") }
    return reason
  }

  private static func value(_ group: GroupRates) -> String { group.group?.value ?? "" }

  private static func rate(_ rate: GapRate, of group: GroupRates) -> Double? {
    switch rate {
    case .selectionRate: group.selectionRate.value?.value
    case .truePositiveRate: group.truePositiveRate.value?.value
    case .falsePositiveRate: group.falsePositiveRate.value?.value
    }
  }
}
