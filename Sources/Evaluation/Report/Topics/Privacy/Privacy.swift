package import MembershipInference
import Metrics
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
    /// nil if no arm is compared with another by its vulnerability.
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
    package var minimumClusters: Int
    package var confidence: Double
    package var familySize: Int

    init?(_ rule: PrivacyRule?, familySize: Int) {
      guard let rule else { return nil }
      (attack, measure, margin) = (rule.attack, rule.measure, rule.margin)
      (minimumGroupSize, minimumClusters, confidence) = (
        rule.minimumGroupSize, rule.minimumClusters, rule.confidence
      )
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
    /// The confidence level of the intervals at the analysis that ended training.
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
  static let whyNoShadowModels =
    "it was trained outside this audit: its training data are not known, and no shadow models were trained as it was"

  var measuredPrivacy: Measured<Results.Privacy> {
    guard !privacy.isEmpty else { return .undefined(reason: "membership inference was not measured", n: 0) }
    return .value(
      Results.Privacy(
        models: shadowModels, poolItems: poolItems, queries: queries, shadowItems: shadowItems, arms: privacy,
        decision: Results.VulnerabilityDecision(
          privacyRule, familySize: privacyComparisons.count { $0.isInFamily }),
        comparisons: privacyComparisons, interimAnalyses: interimAnalyses.map(Results.InterimAnalysis.init),
        notMeasured: externalAdapters.map { Results.NotMeasured(arm: $0.name, reason: Self.whyNoShadowModels) }))
  }
}

extension Results.InterimAnalysis {
  init(_ outcome: InterimAnalysisOutcome) {
    self.init(
      arm: outcome.arm, plannedModels: outcome.planned, trainedModels: outcome.trained, sizes: outcome.sizes,
      confidence: outcome.confidence, reason: Reason(outcome.reason))
  }
}

extension Results.InterimAnalysis.Reason {
  init(_ reason: InterimAnalysisDecision.Reason) {
    switch reason {
    case .narrowEnough: self = .narrowEnough
    case .belowLimit: self = .belowLimit
    case .aboveLimit: self = .aboveLimit
    case .allModelsTrained: self = .allModelsTrained
    }
  }
}

/// How many shadow models of an arm were trained, and why no more.
package struct InterimAnalysisOutcome: Equatable, Sendable {
  package var arm: String
  /// Models that the specification allows.
  package var planned: Int
  /// Models that were trained: up to the first interim analysis that reached the goal, or all.
  package var trained: Int
  /// After how many models there was to be an interim analysis, ascending.
  package var sizes: [Int]
  /// The confidence level of the intervals at the analysis that ended training.
  package var confidence: Double
  package var reason: InterimAnalysisDecision.Reason

  package init(
    arm: String, planned: Int, trained: Int, sizes: [Int], confidence: Double, reason: InterimAnalysisDecision.Reason
  ) {
    self.arm = arm
    self.planned = planned
    self.trained = trained
    self.sizes = sizes
    self.confidence = confidence
    self.reason = reason
  }
}

extension InterimAnalysisOutcome {
  /// "16 of 64 models were enough: …".
  var sentence: String {
    let sizes = "\(Figures.count(trained)) of \(Figures.count(planned)) models"
    switch reason {
    case .narrowEnough(let halfWidth):
      return "\(sizes) were enough; the area under the curve is known to ± \(Figures.fixed(halfWidth, digits: 3))"
    case .belowLimit(let upper):
      return
        "\(sizes) were enough; the area under the curve is below the limit, at most \(Figures.fixed(upper, digits: 3))"
    case .aboveLimit(let lower):
      return
        "\(sizes) were enough; the area under the curve is above the limit, at least \(Figures.fixed(lower, digits: 3))"
    case .allModelsTrained:
      return "all \(Figures.count(planned)) models were trained; no interim analysis reached the goal"
    }
  }
}

extension AuditReport {
  /// What membership inference finds against every arm.
  var privacySection: Section {
    // External predictions do not tell which items were trained on.
    if isOfPredictions { return Section(anchor: "privacy", title: "Membership inference", body: .empty) }
    guard !privacy.isEmpty else {
      return Section(
        anchor: "privacy", title: "Membership inference",
        body: "<p>Membership inference was not measured: the specification asks for no shadow models.</p>")
    }
    return Section(
      anchor: "privacy", title: "Membership inference",
      body: """
        <p>How well can an attacker tell whether an item was in the training set? \(design)</p>
        \(armsLeftOut)\(interimAnalysesList)\(privacyFigures.html)
        """)
  }

  private var design: String {
    guard case .released? = privacy.first?.design else {
      return "Each of the \(shadowModelCounts()) models of an arm, each trained as the arm was on half of "
        + "\(Figures.count(poolItems)) items, is attacked once; the others, except its complement, are the "
        + "attacker’s shadow models."
    }
    let deviation =
      shadowItems.map { shadow in
        shadow == counts.train
          ? "as many items as it, \(Figures.count(shadow))"
          : "\(Figures.count(shadow)) items, while it was trained on \(Figures.count(counts.train)): a deviation that the "
            + "specification names, or that keeping clusters whole makes necessary"
      } ?? "as many items as it"
    return
      "The model of the first seed is attacked for \(Figures.count(poolItems)) items, \(Figures.count(poolMembers)) of which it was "
      + "trained on, by \(shadowModelCounts(besides: 1)) shadow models that were trained as the arm was and never saw any of these "
      + "items. Each was trained on \(deviation)."
  }

  /// "8", or "6 (base, lora-r2) or 8 (full)".
  ///
  /// - Parameter targets: models among them that are not shadow models.
  private func shadowModelCounts(besides targets: Int = 0) -> String {
    let sizes = Set(privacy.map(\.models)).sorted()
    guard sizes.count > 1 else { return Figures.count(sizes.first.map { $0 - targets } ?? shadowModels) }
    return sizes.map { size in
      let arms = privacy.filter { $0.models == size }.map(\.arm).joined(separator: ", ")
      return "\(Figures.count(size - targets)) (\(arms))"
    }.joined(separator: " or ")
  }

  /// How many models were enough, where there were interim analyses.
  private var interimAnalysesList: HTML {
    guard !interimAnalyses.isEmpty else { return .empty }
    let items = interimAnalyses.map { outcome -> HTML in
      let sizes = outcome.sizes.map { Figures.count($0) }.listed
      return "<li>\(armLabel(outcome.arm)), analyses at \(sizes) models: \(outcome.sentence)</li>"
    }
    return """
      <p>Interim analyses, after numbers of models that were fixed before the run, may end the training of shadow models \
      early. All analyses together err no more often than one would (alpha spending); intervals are those of the last \
      one. Arms are compared on the first models that both have.</p><ul>\(items)</ul>
      """
  }

  private var armsLeftOut: HTML {
    externalAdapters.map { "<p>\(armLabel($0.name)) is left out: \(Self.whyNoShadowModels).</p>" as HTML }.joined()
  }

  var privacyFigures: PrivacyFigures {
    PrivacyFigures(
      evaluations: privacy, rule: privacyRule, comparisons: privacyComparisons, label: armLabel, style: style)
  }
}
