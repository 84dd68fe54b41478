import Datasets
import Metrics
import Report
import Statistics
import Support

extension Monitor {
  /// `monitor.json`: every figure of every window.
  package func document(of windows: [WindowReport]) throws -> [UInt8] {
    try JSONDocument.bytes(
      of: MonitorDocument(
        reference: MonitorDocument.Audit(
          name: reference.document.name, arm: run.arm, seed: run.seed, items: reference.items.count),
        policy: policy, policyChosenAfterwards: policy == nil ? nil : isChosenAfterwards, outcome: windows.outcome,
        windows: windows.map(MonitorDocument.Window.init)))
  }
}

/// monitor.json, as it is written.
private struct MonitorDocument: Encodable {
  var schema = 3
  let reference: Audit
  let policy: Policy?
  let policyChosenAfterwards: Bool?
  var thresholds = Thresholds()
  var assumption = MonitorWords(language: .english).assumption
  let outcome: Judgement.Outcome
  let windows: [Window]

  struct Audit: Encodable {
    let name: String
    let arm: String
    let seed: Int?
    let items: Int
  }

  /// The thresholds from which a change is flagged.
  struct Thresholds: Encodable {
    var adjustedPValue = SeriesCorrection.level
    var distance = Drift.Finding.leastDistance
    var slackShare = Drift.Finding.slackShare
    var stabilityExcess = Drift.Finding.leastStabilityExcess
    var shareEffect = Drift.Finding.leastShareEffect
  }

  struct Window: Encodable {
    let file: String
    let items: Int
    let labelled: Int
    let knownItems: Int
    let outcome: Judgement.Outcome
    let unseenGroups: [GroupName]
    let missingGroups: [GroupName]
    let missingColumns: [String]
    let clustersMissing: Bool
    let series: Series
    let newValues: [New]
    let groups: [Group]
    let drifts: [Change]
    let judgements: [Judgement]
    /// By judgement, in their order; null where a demand cannot be broken.
    let judgementPValues: [Double?]
    let judgementAdjustedPValues: [Double?]
    /// The evaluation of the labelled items, in the form of results.json.
    let evaluation: Measured<ArmEvaluation>

    init(_ report: WindowReport) {
      (file, items, labelled, knownItems) = (report.file, report.items, report.labelled, report.knownItems)
      (outcome, judgements) = (report.outcome, report.judgements)
      (unseenGroups, missingGroups) = (report.unseenGroups, report.missingGroups)
      missingColumns = report.missingColumns
      clustersMissing = report.missingClusters != nil
      series = Series(report.series)
      newValues = report.newValues.map(New.init)
      judgementPValues = report.demands.map(\.pValue)
      judgementAdjustedPValues = report.demands.map(\.adjustedPValue)
      groups = report.groups.map(Group.init)
      drifts = report.drifts.map(Change.init)
      if let report = report.evaluation {
        evaluation =
          report.fairness.arms.first.map { .value($0) } ?? .undefined(reason: "nothing was evaluated", n: labelled)
      } else {
        evaluation = .undefined(reason: "no item is labelled", n: report.items)
      }
    }
  }

  /// The window's place in its series.
  struct Series: Encodable {
    let number: Int
    let judgedAt: String
    /// The numbers of the windows that were judged together.
    let together: [Int]
    /// What the correction counts in them.
    let figures: Int
    let demands: Int
    /// The part of .05 that they may spend.
    let level: Double

    init(_ position: SeriesPosition) {
      (number, judgedAt, together) = (position.number, position.judgedAt, position.together)
      (figures, demands, level) = (position.changes, position.demands, position.level)
    }
  }

  struct New: Encodable {
    let input: String
    /// Whether the reference has numbers throughout and these are none, or they are new categories.
    let isNoNumber: Bool
    let items: Int
    let of: Int
    let distinct: Int
    /// The most frequent ones.
    let examples: [String]

    init(_ new: NewValues) {
      (input, isNoNumber, items, of) = (new.feature.name, new.isNoNumber, new.items, new.of)
      distinct = new.values.count
      examples = new.values.prefix(MonitorWords.mostExamples).map(MonitorWords.short)
    }
  }

  struct Group: Encodable {
    struct LabelFree: Codable, Equatable {
      let accuracy: Estimate
      let meanConfidence: Double
      let referenceItems: Int
      let calibratedOn: String
    }

    let group: GroupName?
    let unseen: Bool
    let n: Int
    let labelled: Int
    let selectionRate: Measured<Proportion>
    let referenceAccuracy: Measured<Proportion>
    let labelFreeEstimate: Measured<LabelFree>

    init(_ figures: GroupFigures) {
      (group, unseen, n, labelled) = (figures.group, figures.isUnseen, figures.n, figures.labelled)
      (selectionRate, referenceAccuracy) = (figures.selectionRate, figures.referenceAccuracy)
      labelFreeEstimate = figures.estimate.map { estimate in
        LabelFree(
          accuracy: estimate.accuracy, meanConfidence: estimate.meanConfidence,
          referenceItems: estimate.referenceItems,
          calibratedOn: estimate.isBorrowed || figures.group == nil ? "all" : "group")
      }
    }
  }

  struct Change: Encodable {
    struct Finding: Codable, Equatable {
      struct Stability: Codable, Equatable {
        let value: Double
        let expectedWithoutDrift: Double
        let bins: Int
      }

      /// Where the distributions of numbers are furthest apart, and how far if values that differ by up to the slack
      /// count as equal.
      struct Movement: Codable, Equatable {
        let value: Double?
        let referenceShare: Double
        let windowShare: Double
        let slack: Double
        let distanceWithSlack: Double
      }

      struct Value: Codable, Equatable {
        let value: String
        let referenceShare: Double
        let windowShare: Double
      }

      let test: Drift.Test
      let effect: Double
      let pValue: Double
      let adjustedPValue: Double
      let reference: Double?
      let window: Double?
      let effectiveReferenceItems: Double
      let effectiveWindowItems: Double
      let stabilityIndex: Stability?
      let movement: Movement?
      /// The values whose shares have changed most.
      let values: [Value]
    }

    let group: GroupName?
    let subject: String
    /// nil for a share of items or the model's scores.
    let input: String?
    let referenceItems: Int
    let windowItems: Int
    let flagged: Bool
    let finding: Measured<Finding>

    init(_ drift: Drift) {
      (group, referenceItems, windowItems, flagged) = (drift.group, drift.reference, drift.window, drift.isFlagged)
      switch drift.subject {
      case .share: (subject, input) = ("share", nil)
      case .score: (subject, input) = ("score", nil)
      case .input(let feature): (subject, input) = ("input", feature.name)
      case .missing(let feature): (subject, input) = ("missing", feature.name)
      case .unseen(let feature): (subject, input) = ("unseen", feature.name)
      case .notNumber(let feature): (subject, input) = ("not_number", feature.name)
      }
      finding = drift.finding.map { found in
        Finding(
          test: found.test, effect: found.effect, pValue: found.pValue, adjustedPValue: found.adjustedPValue,
          reference: found.before, window: found.after, effectiveReferenceItems: found.referenceN,
          effectiveWindowItems: found.windowN,
          stabilityIndex: found.stability.map {
            Finding.Stability(value: $0.value, expectedWithoutDrift: $0.expectedWithoutDrift, bins: $0.bins)
          },
          movement: found.movement.map {
            Finding.Movement(
              value: $0.distance.location, referenceShare: $0.distance.firstShare, windowShare: $0.distance.secondShare,
              slack: $0.slack, distanceWithSlack: $0.distanceWithSlack)
          },
          values: found.values.map {
            Finding.Value(value: MonitorWords.short($0.value), referenceShare: $0.before, windowShare: $0.after)
          })
      }
    }
  }
}

extension [WindowReport] {
  /// `monitor.csv`: one row per window and group. An undefined figure leaves its cells empty.
  package func table() -> [UInt8] {
    var writer = CommaSeparatedValuesWriter(header: [
      "window", "number", "column", "value", "unseen", "n", "labelled", "reference_share", "share", "share_p_adjusted",
      "score_distance", "score_p_adjusted", "score_stability", "score_stability_expected", "estimated_accuracy",
      "estimated_accuracy_lower", "estimated_accuracy_upper", "estimated_accuracy_undefined", "reference_accuracy",
      "accuracy", "accuracy_lower", "accuracy_upper", "selection_rate", "selection_rate_lower", "selection_rate_upper",
      "flagged", "outcome",
    ])
    for window in self {
      for figures in window.groups { writer.append(window.row(of: figures)) }
    }
    return writer.bytes
  }
}

extension WindowReport {
  fileprivate func row(of figures: GroupFigures) -> [String] {
    func finding(_ subject: Drift.Subject) -> Drift.Finding? {
      drifts.first { $0.group == figures.group && $0.subject == subject }?.finding.value
    }
    let (share, score) = (finding(.share), finding(.score))
    let judged = judgements.filter { $0.group == figures.group?.selector }.map(\.outcome).max()
    return [
      file, "\(series.number)", figures.group?.column ?? "", figures.group?.value ?? "all", "\(figures.isUnseen)",
    ]
      + ["\(figures.n)", "\(figures.labelled)"]
      + [share?.before, share?.after, share?.adjustedPValue, score?.effect, score?.adjustedPValue].map(Self.text)
      + [score?.stability?.value, score?.stability?.expectedWithoutDrift].map(Self.text)
      + estimate(figures.estimate) + [Self.text(figures.referenceAccuracy.value?.value)]
      + proportion(accuracy(of: figures.group)) + proportion(figures.selectionRate.value)
      + ["\(flagged.count { $0.group == figures.group })", judged?.rawValue ?? ""]
  }

  private func proportion(_ proportion: Proportion?) -> [String] {
    [proportion?.value, proportion?.interval.lower, proportion?.interval.upper].map(Self.text)
  }

  private func estimate(_ estimate: Measured<LabelFreeEstimate>) -> [String] {
    switch estimate {
    case .undefined(let reason, _): return ["", "", "", reason]
    case .value(let estimate):
      let accuracy = estimate.accuracy
      guard case .undefined(let reason, _) = accuracy.interval else {
        return [accuracy.value, accuracy.interval.value?.lower, accuracy.interval.value?.upper].map(Self.text) + [""]
      }
      return [Self.text(accuracy.value), "", "", reason]
    }
  }

  /// The shortest digits that read back as the same Float64; empty if there is none.
  private static func text(_ value: Double?) -> String { value.flatMap { $0.isFinite ? "\($0)" : nil } ?? "" }
}
