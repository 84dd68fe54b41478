package import Statistics

/// How often a kind of option is chosen.
package struct KindShare: Codable, Equatable, Sendable {
  package var kind: OptionKind
  package var share: Proportion
}

/// How often an option is chosen that all questions have.
package struct OptionShare: Codable, Equatable, Sendable {
  package var option: String
  package var share: Proportion
}

/// How a figure varies from seed to seed.
package struct FigureSpread: Codable, Equatable, Sendable {
  package var figure: ChoiceFigure
  /// Undefined if a seed has no such figure.
  package var spread: Measured<SeedSpread>
}

/// What one arm chooses in one prompt variant, in one group or over all questions; choices are averaged over the orders
/// of the
/// options, and figures over the seeds.
package struct ChoiceMeasures: Codable, Equatable, Sendable {
  /// `nil` for all questions.
  package var group: GroupName?
  package var n: Int
  package var clusters: Int
  package var accuracy: Measured<Proportion>
  package var ambiguousAccuracy: Measured<Proportion>
  package var disambiguatedAccuracy: Measured<Proportion>
  /// See `ChoiceFigure.disambiguatedBias`.
  package var disambiguatedBias: Measured<Estimate>
  /// See `ChoiceFigure.ambiguousBias`.
  package var ambiguousBias: Measured<Estimate>
  /// The shares of chosen kinds, over the questions that say what their options mean.
  package var kinds: Measured<[KindShare]>
  /// Defined where all questions have the same options.
  package var options: Measured<[OptionShare]>
  package var seedSpreads: [FigureSpread]
  /// The number of questions, over all runs, whose largest averaged log-probability was shared by several options.
  package var ties: Int
  /// The token bias over single orders; undefined over several prompt variants.
  package var tokenBias: Measured<TokenBias>
}

extension ChoiceMeasures {
  /// - Parameters:
  ///   - runs: What every run chooses.
  ///   - cell: The same, resampled.
  ///   - sharedOptions: The options of all questions, where they are the same.
  init(
    _ part: ItemSubset, runs: [ChosenOptions], cell: ResampledChoices.Cell, task: ChoiceTask,
    sharedOptions: [String]?, intervals: ResampledIntervals, tokenBias: Measured<TokenBias>
  ) {
    let questions = task.questions
    let n = part.items.count
    func share(_ reason: String, _ counts: (Int, Int) -> Bool?) -> Measured<Proportion> {
      part.proportion(
        tail: intervals.tail, reason: reason,
        runs: runs.map { run in
          part.items.map { question in counts(question, run.choices[question]).map { $0 ? 1 : 0 } }
        })
    }
    func accuracy(_ figure: ChoiceFigure, _ condition: ContextCondition?) -> Measured<Proportion> {
      share(cell.sums.first?.reason(figure) ?? "there are no runs") { question, choice in
        guard condition == nil || questions[question].condition == condition else { return nil }
        return questions[question].answer.map { $0 == choice }
      }
    }
    func bias(_ figure: ChoiceFigure) -> Measured<Estimate> {
      cell.value(figure, n: n).map { value in
        Estimate(
          value: value,
          interval: intervals.interval(
            value, replicates: cell.replicates[figure.index], clusters: cell.clusters[figure.index],
            bySeed: cell.values(figure).compactMap(\.self), range: figure.range, scale: 2))
      }
    }
    func kinds() -> Measured<[KindShare]> {
      var shares: [KindShare] = []
      for kind in OptionKind.allCases {
        let found = share("no question says what its options mean") { question, choice in
          questions[question].bias.map { $0.kind(of: choice) == kind }
        }
        switch found {
        case .value(let share): shares.append(KindShare(kind: kind, share: share))
        case .undefined(let reason, let n): return .undefined(reason: reason, n: n)
        }
      }
      return .value(shares)
    }
    func options() -> Measured<[OptionShare]> {
      guard let sharedOptions else { return .undefined(reason: "questions have different options", n: n) }
      return .value(
        sharedOptions.compactMap { option in
          share("") { question, choice in questions[question].options[choice] == option }.value.map {
            OptionShare(option: option, share: $0)
          }
        })
    }
    self.init(
      group: part.name, n: n, clusters: part.clusters.count, accuracy: accuracy(.accuracy, nil),
      ambiguousAccuracy: accuracy(.ambiguousAccuracy, .ambiguous),
      disambiguatedAccuracy: accuracy(.disambiguatedAccuracy, .disambiguated),
      disambiguatedBias: bias(.disambiguatedBias), ambiguousBias: bias(.ambiguousBias), kinds: kinds(),
      options: options(),
      seedSpreads: ChoiceFigure.allCases.map { figure in
        FigureSpread(
          figure: figure,
          spread: cell.value(figure, n: n).map { _ in
            SeedSpread(values: cell.values(figure).compactMap(\.self), tail: intervals.tail)
          })
      },
      ties: part.items.reduce(0) { sum, question in sum + runs.count { $0.ties[question] } },
      tokenBias: tokenBias)
  }
}

extension ChoiceFigure {
  /// Its index among all figures.
  var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

extension [ChoiceQuestion] {
  /// The options of all questions where they are the same, in the order of the first question.
  var sharedOptions: [String]? {
    guard let first else { return nil }
    let options = Set(first.options)
    return allSatisfy { Set($0.options) == options } ? first.options : nil
  }
}

/// A difference of two arms' figures, each averaged over its seeds.
package struct FigureDifference: Codable, Equatable, Sendable {
  /// The arm's minus the reference's.
  package var value: Double
  /// Clusters are resampled together in both arms.
  package var interval: Measured<Interval>
  /// The difference by seed; a model without seeds is compared with each seed of the other arm.
  package var seedSpread: SeedSpread
}

/// An arm's figure minus a reference's on the same questions, in one group or over all questions. It is described and
/// not
/// decided upon: accuracy goes through `ChoiceTask.logits` to the rule of an audit.
package struct ChoiceComparison: Codable, Equatable, Sendable {
  package var arm: String
  package var reference: String
  /// `nil` over all prompt variants.
  package var prompt: String?
  /// `nil` for all questions.
  package var group: GroupName?
  package var figure: ChoiceFigure
  package var n: Int
  /// Undefined if either arm's figure is.
  package var difference: Measured<FigureDifference>
}

extension ChoiceComparison {
  /// All figures in one prompt variant and part.
  static func all(
    _ pair: ArmComparison, prompt: String?, part: ItemSubset, arm: ResampledChoices.Cell,
    reference: ResampledChoices.Cell, runs: RunPairs, intervals: ResampledIntervals
  ) -> [ChoiceComparison] {
    ChoiceFigure.allCases.map { figure in
      let n = part.items.count
      let other = reference.value(figure, n: n)
      let replicates = zip(arm.replicates[figure.index], reference.replicates[figure.index]).map { first, second in
        first.flatMap { first in second.map { first - $0 } }
      }
      let clusters = min(arm.clusters[figure.index], reference.clusters[figure.index])
      let width = figure.range.upperBound - figure.range.lowerBound
      func difference(_ own: Double, _ other: Double) -> FigureDifference {
        let bySeed = runs.differences(
          arm.values(figure).compactMap(\.self), reference.values(figure).compactMap(\.self))
        return FigureDifference(
          value: own - other,
          interval: intervals.interval(
            own - other, replicates: replicates, clusters: clusters, bySeed: bySeed, range: -width...width,
            scale: width),
          seedSpread: SeedSpread(values: bySeed, tail: intervals.tail))
      }
      let found: Measured<FigureDifference> =
        switch (arm.value(figure, n: n), other) {
        case (.value(let own), .value(let other)): .value(difference(own, other))
        case (.undefined(let reason, let n), _): .undefined(reason: "\(pair.arm): \(reason)", n: n)
        case (_, .undefined(let reason, let n)): .undefined(reason: "\(pair.reference): \(reason)", n: n)
        }
      return ChoiceComparison(
        arm: pair.arm, reference: pair.reference, prompt: prompt, group: part.name, figure: figure, n: n,
        difference: found)
    }
  }
}
