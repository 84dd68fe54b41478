package import MembershipInference
internal import Metrics
import Statistics

extension Results {
  /// What membership inference found.
  package struct Privacy: Codable, Equatable, Sendable {
    /// The most shadow models that an arm may have.
    package var models: Int
    package var poolItems: Int
    package var queries: Int
    /// Items that each shadow model of a released model is trained on; nil in another design.
    package var shadowItems: Int?
    package var arms: [PrivacyEvaluation]
    /// nil where no arm is compared with another by its vulnerability.
    package var decision: VulnerabilityDecision?
    package var comparisons: [PrivacyComparison]
    package var interimAnalyses: [InterimAnalysis]
    package var notMeasured: [NotMeasured]
  }

  /// What was agreed about vulnerability, and how many comparisons Holm's correction counts.
  package struct VulnerabilityDecision: Codable, Equatable, Sendable {
    package var attack: Attack
    package var measure: AttackMeasure
    package var margin: Double
    package var minimumGroupSize: Int
    package var confidence: Double
    package var familySize: Int

    init?(_ rule: PrivacyRule?, familySize: Int) {
      guard let rule else { return nil }
      (attack, measure, margin) = (rule.attack, rule.measure, rule.margin)
      (minimumGroupSize, confidence) = (rule.minimumGroupSize, rule.confidence)
      self.familySize = familySize
    }
  }

  /// How many shadow models of an arm were trained, where interim analyses may end their training.
  package struct InterimAnalysis: Codable, Equatable, Sendable {
    package var arm: String
    package var plannedModels: Int
    package var trainedModels: Int
    /// After how many models there was to be an analysis.
    package var sizes: [Int]
    /// Of the intervals of the analysis at which training ended.
    package var confidence: Double
    package var reason: Reason

    package enum Reason: String, Codable, Sendable {
      case narrowEnough = "narrow_enough"
      case belowLimit = "below_limit"
      case aboveLimit = "above_limit"
      case allModelsTrained = "all_models_trained"
    }
  }

  package struct NotMeasured: Codable, Equatable, Sendable {
    package var arm: String
    package var reason: String
  }
}

extension AuditReport {
  /// Why an external adapter has no membership inference.
  static let whyNoFleet =
    "it was trained elsewhere: its training data are not known, and no shadow models were made as it was"

  var measuredPrivacy: Measured<Results.Privacy> {
    guard !privacy.isEmpty else { return .undefined(reason: "membership inference was not measured", n: 0) }
    return .value(
      Results.Privacy(
        models: fleetModels, poolItems: poolItems, queries: queries, shadowItems: shadowItems, arms: privacy,
        decision: Results.VulnerabilityDecision(
          privacyRule, familySize: privacyComparisons.count { $0.isInFamily }),
        comparisons: privacyComparisons, interimAnalyses: fleetLooks.map(Results.InterimAnalysis.init),
        notMeasured: armsFromElsewhere.map { Results.NotMeasured(arm: $0.name, reason: Self.whyNoFleet) }))
  }
}

extension Results.InterimAnalysis {
  init(_ look: FleetLook) {
    self.init(
      arm: look.arm, plannedModels: look.planned, trainedModels: look.trained, sizes: look.looks,
      confidence: look.confidence, reason: Reason(look.reason))
  }
}

extension Results.InterimAnalysis.Reason {
  init(_ reason: LookDecision.Reason) {
    switch reason {
    case .narrowEnough: self = .narrowEnough
    case .belowLimit: self = .belowLimit
    case .aboveLimit: self = .aboveLimit
    case .fleetComplete: self = .allModelsTrained
    }
  }
}
