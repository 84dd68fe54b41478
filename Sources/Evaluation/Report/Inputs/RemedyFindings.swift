package import Metrics
import Statistics

/// What a report is about that sets remedies for one group beside the arm that serves it badly.
package struct RemedyFindings: Equatable, Sendable {
  /// The arm that is to be helped; every remedy is compared with it.
  package var arm: String
  package var group: GroupName
  /// In the order in which they are shown.
  package var remedies: [Remedy]
  package var leftOut: [LeftOut]

  package struct Remedy: Equatable, Sendable {
    /// The name of its arm in the report.
    package var name: String
    /// What it does, in a line.
    package var description: String
    /// Its rate and epochs were searched for.
    package var wasSearched: Bool

    package init(name: String, description: String, wasSearched: Bool = false) {
      (self.name, self.description, self.wasSearched) = (name, description, wasSearched)
    }
  }

  /// A remedy that was not tried.
  package struct LeftOut: Equatable, Sendable {
    package var name: String
    package var reason: String

    package init(name: String, reason: String) { (self.name, self.reason) = (name, reason) }
  }

  package init(arm: String, group: GroupName, remedies: [Remedy], leftOut: [LeftOut] = []) {
    (self.arm, self.group, self.remedies, self.leftOut) = (arm, group, remedies, leftOut)
  }
}

/// What one remedy does, and what it cost.
package struct RemedyEffect: Equatable, Sendable {
  package let remedy: RemedyFindings.Remedy
  /// nil for a remedy that changes no prediction: its differences are 0, exactly.
  package let differences: Differences?
  /// Mean confidence minus accuracy in the group.
  package let signedGap: Double
  package let signedGapBefore: Double
  /// Of training, evaluation and search; nil for what needs no training.
  package let workerSeconds: Double?
  /// Of the largest worker.
  package let peakBytes: Int?

  /// Remedy minus arm, in accuracy.
  package struct Differences: Equatable, Sendable {
    package let inGroup: PairedComparison
    package let overall: PairedComparison
    /// Of all groups the one that it helps least, or harms most.
    package let leastHelped: PairedComparison
  }
}

extension AuditReport {
  /// One for each remedy; empty where the report is not about remedies.
  package var remedyEffects: [RemedyEffect] {
    guard let remedies else { return [] }
    func gap(_ arm: String) -> Double? {
      fairness.arms.first { $0.arm == arm }?.calibration.groups.first { $0.group == remedies.group }?.signedGap.value
    }
    return remedies.remedies.compactMap { remedy in
      guard let after = gap(remedy.name), let before = gap(remedies.arm) else { return nil }
      let own = fairness.comparisons.filter { $0.arm == remedy.name }
      var differences: RemedyEffect.Differences?
      if let inGroup = own.first(where: { $0.group == remedies.group }),
        let overall = own.first(where: { $0.group == nil }),
        let least = own.filter({ $0.group != nil }).min(by: { $0.estimate < $1.estimate })
      {
        differences = RemedyEffect.Differences(inGroup: inGroup, overall: overall, leastHelped: least)
      }
      let costs = costs.filter { $0.arm == remedy.name }
      return RemedyEffect(
        remedy: remedy, differences: differences, signedGap: after, signedGapBefore: before,
        workerSeconds: costs.isEmpty ? nil : costs.reduce(0) { $0 + $1.workerSeconds },
        peakBytes: costs.map(\.peakResidentBytes).max())
    }
  }
}

extension PairedComparison {
  /// Whether a difference is confirmed, after correction for the whole family.
  package var isTold: Bool { (adjustedPValue.value ?? pValue) < 0.05 }
}
