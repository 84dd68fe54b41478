import Metrics
import Statistics

/// The verdicts of several audits or evaluations on the same arms, because one benchmark is never enough.
package struct ScenarioComparison: Equatable, Sendable {
  /// One arm in one scenario, over all its groups.
  package struct Finding: Equatable, Sendable {
    package let scenario: String
    package let arm: String
    package let reference: String
    package let withinMargin: Int
    package let worse: Int
    package let better: Int
    package let undecided: Int
    /// The group with the lowest estimate, and that estimate with its interval, as shares.
    package let worstGroup: String
    package let worstEstimate: Double
    package let worstInterval: ClosedRange<Double>

    package var groups: Int { withinMargin + worse + better + undecided }
  }

  /// The joint verdict of the scenarios on an arm.
  package enum Agreement: String, Sendable {
    /// In every scenario every group stays within the margin.
    case within
    /// In every scenario some group is confirmed to be worse.
    case worse
    /// Some scenario confirms a harm, and another one has every group within the margin.
    case disagree
    /// Anything else.
    case open
  }

  /// By arm in the order in which arms first appear, then by scenario.
  package let findings: [Finding]
  /// What was left out and why, and which arms were not trained to their best; one line each.
  package let notes: [String]
  /// The scenarios that count.
  package let scenarios: [String]

  /// - Parameter scenarios: results with the names that they are shown under. Those of one plan count once.
  package init(_ given: [(name: String, results: Results)]) {
    var scenarios: [(name: String, results: Results)] = []
    var notes: [String] = []
    for (name, results) in given {
      let hash = results.plan.hash
      if let same = scenarios.first(where: { $0.results.plan.hash == hash }) {
        notes.append(
          "\(name) holds the same as \(same.name) (plan \(hash.prefix(12))…): they count as one scenario")
      } else {
        scenarios.append((name, results))
      }
    }
    var arms: [String] = []
    for (_, results) in scenarios {
      for verdict in results.groupComparisons where !arms.contains(verdict.arm) { arms.append(verdict.arm) }
    }
    findings = arms.flatMap { arm in
      scenarios.compactMap { name, results in Finding(scenario: name, results.groupComparisons.filter { $0.arm == arm })
      }
    }
    self.scenarios = scenarios.map(\.name)
    for (name, results) in scenarios {
      if results.groupComparisons.isEmpty {
        notes.append("\(name) compares no arm with another in any group, and is not used here")
        continue
      }
      for arm in arms where !results.groupComparisons.contains(where: { $0.arm == arm }) {
        let role =
          results.groupComparisons.contains { $0.reference == arm }
          ? "is what others are compared with"
          : results.evaluatedArms.contains(arm) ? "is compared with nothing" : "is not an arm"
        notes.append("\(name) is not used for \(arm), which \(role) there")
      }
    }
    self.notes =
      notes
      + scenarios.flatMap { name, results in
        let judged = Set(results.groupComparisons.flatMap { [$0.arm, $0.reference] })
        return results.improvementWarnings(in: .english, among: judged).map { "\(name): \($0)" }
      }
  }

  /// What an arm is compared with, where that differs between its scenarios; otherwise empty.
  package func differingReferences(of arm: String) -> [String] {
    var references: [String] = []
    for finding in findings where finding.arm == arm && !references.contains(finding.reference) {
      references.append(finding.reference)
    }
    return references.count > 1 ? references : []
  }

  package var arms: [String] {
    var arms: [String] = []
    for finding in findings where !arms.contains(finding.arm) { arms.append(finding.arm) }
    return arms
  }

  package func agreement(of arm: String) -> Agreement {
    let own = findings.filter { $0.arm == arm }
    let (harmed, safe) = (own.count { $0.worse > 0 }, own.count { $0.withinMargin == $0.groups })
    if safe == own.count { return .within }
    if harmed == own.count { return .worse }
    return harmed > 0 && safe > 0 ? .disagree : .open
  }
}

extension ScenarioComparison.Finding {
  /// nil without groups.
  init?(scenario: String, _ verdicts: [PairedComparison]) {
    guard let worst = verdicts.min(by: { $0.estimate < $1.estimate }), let group = worst.group,
      worst.interval.lower <= worst.interval.upper
    else { return nil }
    self.scenario = scenario
    arm = worst.arm
    reference = worst.reference
    withinMargin = verdicts.count { $0.verdict == .withinMargin }
    worse = verdicts.count { $0.verdict == .differenceConfirmed && $0.estimate < 0 }
    better = verdicts.count { $0.verdict == .differenceConfirmed && $0.estimate >= 0 }
    undecided = verdicts.count - withinMargin - worse - better
    worstGroup = group.selector
    worstEstimate = worst.estimate
    worstInterval = worst.interval.lower...worst.interval.upper
  }
}

extension ScenarioComparison {
  /// A sentence for each arm, and a row for each of its scenarios.
  package var lines: [String] {
    arms.flatMap { arm -> [String] in
      let own = findings.filter { $0.arm == arm }
      let verdict =
        switch agreement(of: arm) {
        case _ where own.count == 1: "\(arm): compared in one scenario alone, which agrees with no other"
        case .within: "\(arm): within the margin in every group of every scenario"
        case .worse: "\(arm): worse in some group of every scenario"
        case .disagree: "\(arm): the scenarios disagree; where it is used decides"
        case .open: "\(arm): the scenarios together do not decide"
        }
      let references = differingReferences(of: arm)
      let sentence =
        verdict
        + (references.isEmpty ? "" : " (compared with different arms: \(references.joined(separator: ", ")))")
      let names = own.map { $0.scenario.count }.max() ?? 0
      return [sentence]
        + own.map { finding in
          let name = finding.scenario + String(repeating: " ", count: names - finding.scenario.count)
          let points = [finding.worstEstimate, finding.worstInterval.lowerBound, finding.worstInterval.upperBound].map {
            Self.points($0)
          }
          let groups = "\(finding.groups) \(finding.groups == 1 ? "group" : "groups")"
          return "  \(name)  of \(groups) \(finding.withinMargin) within the margin, "
            + "\(finding.worse) worse, \(finding.better) better, \(finding.undecided) undecided; "
            + "worst \(finding.worstGroup): \(points[0]) points [\(points[1]), \(points[2])] against \(finding.reference)"
        }
    } + notes.map { "note: \($0)" }
  }

  private static func points(_ share: Double) -> String {
    let tenths = Int((share * 1_000).rounded())
    let sign = tenths < 0 ? "−" : tenths > 0 ? "+" : ""
    return "\(sign)\(abs(tenths) / 10).\(abs(tenths) % 10)"
  }
}
