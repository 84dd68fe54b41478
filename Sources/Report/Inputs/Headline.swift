package import AnswerChoice
package import Fairness
package import TranslationQuality

/// The figure that the decision is about, of one arm in one group: accuracy, or what stands for it where items have no
/// classes. A share from 0 to 1.
struct Headline {
  /// nil for all items.
  var group: GroupName?
  var value: Double
  var interval: Interval

  /// "all items" or the group.
  var groupText: String { group?.description ?? "all items" }
}

/// Those of one arm: over all items, then by group.
struct ArmHeadlines {
  var arm: String
  var overall: Headline
  var groups: [Headline]

  /// The group with the lowest figure, of several the first; all items where there are no groups.
  var worst: Headline { groups.min { $0.value < $1.value } ?? overall }
}

extension AuditReport {
  /// Of every arm, in the order of the specification.
  var headlines: [ArmHeadlines] {
    if let translation {
      return translation.arms.map { arm in
        ArmHeadlines(arm: arm.arm, overall: Headline(arm.overall), groups: arm.groups.map(Headline.init))
      }
    }
    if let likelihoods {
      return likelihoods.arms.map { arm in
        ArmHeadlines(arm: arm.arm, overall: Headline(arm.overall), groups: arm.groups.map(Headline.init))
      }
    }
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

  /// What models choose; where every question has a right answer, classes are measured too.
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
    self.init(group: rates.group, value: rates.accuracy.value, interval: rates.accuracy.interval)
  }

  init(_ group: GroupLikelihood) { self.init(group: group.group, group.tokenProbability.estimate) }

  init(_ group: GroupTranslationQuality) {
    self.init(
      group: group.group,
      group.rougeL.value?.estimate ?? Estimate(value: 0, interval: .undefined(reason: "no sentences", n: group.n)))
  }

  /// A figure without an interval might be anything.
  private init(group: GroupName?, _ estimate: Estimate) {
    self.init(
      group: group, value: estimate.value, interval: estimate.interval.value ?? Interval(lower: 0, upper: 1))
  }
}
