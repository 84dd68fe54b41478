package import Statistics

/// A difference of two arms' figures, each averaged over its seeds.
package struct FigureDifference: Codable, Equatable, Sendable {
  /// The arm's minus the reference's.
  package var value: Double
  /// Clusters are resampled together in both arms.
  package var interval: Measured<Interval>
  /// The difference by seed; a model that no seed changes stands beside each seed of the other arm.
  package var seedSpread: SeedSpread
}

/// An arm's figure minus a reference's on the same questions, in one group or over all questions. It is described and not
/// decided upon: accuracy goes through `ChoiceTask.logits` to the rule of an audit.
package struct ChoiceComparison: Codable, Equatable, Sendable {
  private enum CodingKeys: String, CodingKey {
    case wording = "prompt"
    case arm, reference, group, figure, n, difference
  }

  package var arm: String
  package var reference: String
  /// `nil` over all wordings.
  package var wording: String?
  /// `nil` for all questions.
  package var group: GroupName?
  package var figure: ChoiceFigure
  package var n: Int
  /// Undefined where either arm's figure is.
  package var difference: Measured<FigureDifference>
}

extension ChoiceComparison {
  /// All figures in one wording and part.
  static func all(
    _ pair: ArmComparison, wording: String?, part: ItemSubset, arm: ResampledChoices.Cell,
    reference: ResampledChoices.Cell, runs: RunPairs, intervals: ResampledIntervals
  ) -> [ChoiceComparison] {
    ChoiceFigure.allCases.map { figure in
      let n = part.members.count
      let other = reference.value(figure, n: n)
      let replicates = zip(arm.replicates[figure.place], reference.replicates[figure.place]).map { first, second in
        first.flatMap { first in second.map { first - $0 } }
      }
      let clusters = min(arm.clusters[figure.place], reference.clusters[figure.place])
      let width = figure.range.upperBound - figure.range.lowerBound
      func difference(_ own: Double, _ other: Double) -> FigureDifference {
        FigureDifference(
          value: own - other,
          interval: intervals.interval(
            own - other, replicates: replicates, clusters: clusters, range: -width...width, scale: width),
          seedSpread: SeedSpread(
            values: runs.differences(
              arm.values(figure).compactMap(\.self), reference.values(figure).compactMap(\.self)),
            tail: intervals.tail))
      }
      let found: Measured<FigureDifference> =
        switch (arm.value(figure, n: n), other) {
        case (.value(let own), .value(let other)): .value(difference(own, other))
        case (.undefined(let reason, let n), _): .undefined(reason: "\(pair.arm): \(reason)", n: n)
        case (_, .undefined(let reason, let n)): .undefined(reason: "\(pair.reference): \(reason)", n: n)
        }
      return ChoiceComparison(
        arm: pair.arm, reference: pair.reference, wording: wording, group: part.name, figure: figure, n: n,
        difference: found)
    }
  }
}
