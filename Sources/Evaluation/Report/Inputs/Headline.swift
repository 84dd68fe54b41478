package import Metrics
import Statistics

/// The figure that the decision is about, of one arm in one group: accuracy, or what stands for it where items have no
/// classes. A share from 0 to 1.
struct Headline {
  /// nil for all items.
  var group: GroupName?
  var estimate: Estimate

  /// "all items" or the group.
  var groupText: String { group?.description ?? "all items" }
}

/// Those of one arm: over all items, then by group.
struct ArmHeadlines {
  var arm: String
  /// nil where the figure is undefined, as are those of groups that are left out.
  var overall: Headline?
  var groups: [Headline]

  /// The group with the lowest figure, of several the first; all items where there are no groups.
  var worst: Headline? { groups.min { $0.estimate.value < $1.estimate.value } ?? overall }
}

extension AuditReport {
  /// Of every arm, in the order of the specification.
  var headlines: [ArmHeadlines] {
    if let translation {
      return translation.arms.map { arm in
        ArmHeadlines(arm: arm.arm, overall: Headline(arm.overall), groups: arm.groups.compactMap(Headline.init))
      }
    }
    if let likelihoods {
      return likelihoods.arms.map { arm in
        ArmHeadlines(arm: arm.arm, overall: Headline(arm.overall), groups: arm.groups.map(Headline.init))
      }
    }
    if fairness.arms.isEmpty, let choices {
      return choices.arms.map { arm in
        let measures = arm.wordings.last.map { [$0.overall] + $0.groups } ?? []
        return ArmHeadlines(
          arm: arm.arm, overall: measures.first.flatMap(Headline.init),
          groups: measures.dropFirst().compactMap(Headline.init))
      }
    }
    if fairness.arms.isEmpty { return arms.map { ArmHeadlines(arm: $0.name, overall: nil, groups: []) } }
    return fairness.arms.map { arm in
      ArmHeadlines(
        arm: arm.arm, overall: Headline(arm.overSeeds.overall), groups: arm.overSeeds.groups.map(Headline.init))
    }
  }

  /// What the figure is called.
  var headlineName: String { fairness.rule.metric.rawValue }

  /// What language models make of the test items takes the place of what is measured of classes.
  package mutating func take(_ found: LikelihoodEvaluation) {
    likelihoods = found
    fairness.rule = found.rule
    fairness.comparisons = found.comparisons
    fairness.exploratoryComparisons = found.exploratoryComparisons
    fairness.familySize = found.familySize
  }

  /// What models choose; of the questions that have a right answer, classes are measured or at least arms compared.
  package mutating func take(_ found: ChoiceEvaluation, classification: FairnessEvaluation?) {
    choices = found
    if let classification { fairness = classification }
  }

  /// How good translations are takes the place of what is measured of classes.
  package mutating func take(_ found: TranslationEvaluation) {
    translation = found
    fairness.rule = found.rule
    fairness.comparisons = found.comparisons
    fairness.exploratoryComparisons = found.exploratoryComparisons
    fairness.familySize = found.familySize
  }
}

extension Headline {
  init(_ rates: GroupRates) {
    self.init(
      group: rates.group,
      estimate: Estimate(value: rates.accuracy.value, interval: .value(rates.accuracy.interval)))
  }

  init(_ group: GroupLikelihood) { self.init(group: group.group, estimate: group.tokenProbability.estimate) }

  /// nil where no question has a right answer.
  init?(_ measures: ChoiceMeasures) {
    guard let accuracy = measures.accuracy.value else { return nil }
    self.init(group: measures.group, estimate: Estimate(value: accuracy.value, interval: .value(accuracy.interval)))
  }

  /// nil where there are no sentences.
  init?(_ group: GroupTranslationQuality) {
    guard let rougeL = group.rougeL.value else { return nil }
    self.init(group: group.group, estimate: rougeL.estimate)
  }
}
