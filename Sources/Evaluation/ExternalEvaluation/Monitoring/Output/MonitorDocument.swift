internal import Metrics
internal import Report
internal import Statistics
internal import Support

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
  var schema = 2
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

  /// From where on a change is flagged.
  struct Thresholds: Encodable {
    var adjustedPValue = 0.05
    var distance = Drift.Finding.leastDistance
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
    let groups: [Group]
    let drifts: [Change]
    let judgements: [Judgement]
    /// Of the labelled items, as results.json has it.
    let evaluation: Measured<ArmEvaluation>

    init(_ report: WindowReport) {
      (file, items, labelled, knownItems) = (report.file, report.items, report.labelled, report.knownItems)
      (outcome, judgements) = (report.outcome, report.judgements)
      (unseenGroups, missingGroups) = (report.unseenGroups, report.missingGroups)
      missingColumns = report.missingColumns
      clustersMissing = report.missingClusters != nil
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

      let test: Drift.Test
      let effect: Double
      let pValue: Double
      let adjustedPValue: Double
      let reference: Double?
      let window: Double?
      let effectiveReferenceItems: Double
      let effectiveWindowItems: Double
      let stabilityIndex: Stability?
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
      }
      finding = drift.finding.map { found in
        Finding(
          test: found.test, effect: found.effect, pValue: found.pValue, adjustedPValue: found.adjustedPValue,
          reference: found.before, window: found.after, effectiveReferenceItems: found.referenceN,
          effectiveWindowItems: found.windowN,
          stabilityIndex: found.stability.map {
            Finding.Stability(value: $0.value, expectedWithoutDrift: $0.expectedWithoutDrift, bins: $0.bins)
          })
      }
    }
  }
}
