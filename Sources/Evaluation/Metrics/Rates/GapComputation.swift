import Statistics

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
    // A group holds items, so it cannot lack both classes.
    larger.leftOut = leftOut { Self.why($0, lacks: .truePositiveRate) ?? Self.why($0, lacks: .falsePositiveRate) }
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
    let leftOut = leftOut { Self.why($0, lacks: rate) }
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

  /// "fewer than two groups have a false positive rate (no negatives: b, c)"; what all groups lack is said alone.
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

  /// Why a group has no such rate; nil where it has.
  private static func why(_ group: GroupRates, lacks rate: GapRate) -> String? {
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

  /// What a group without the rate has none of.
  fileprivate var missing: String {
    switch self {
    case .selectionRate: "no items"
    case .truePositiveRate: "no positives"
    case .falsePositiveRate: "no negatives"
    }
  }
}
