/// What several audits or evaluations say of the same arms: one benchmark is never the answer.
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

  /// What the scenarios together say of an arm.
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

  /// - Parameter scenarios: results with the names that they are shown under.
  package init(_ scenarios: [(name: String, results: ResultsFigures)]) {
    var arms: [String] = []
    for (_, results) in scenarios {
      for verdict in results.verdicts where !arms.contains(verdict.arm) { arms.append(verdict.arm) }
    }
    findings = arms.flatMap { arm in
      scenarios.compactMap { name, results in Finding(scenario: name, results.verdicts.filter { $0.arm == arm }) }
    }
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
  init?(scenario: String, _ verdicts: [ResultsFigures.GroupVerdict]) {
    guard let worst = verdicts.min(by: { $0.estimate < $1.estimate }), worst.lower <= worst.upper else { return nil }
    self.scenario = scenario
    arm = worst.arm
    reference = worst.reference
    withinMargin = verdicts.count { $0.verdict == "within_margin" }
    worse = verdicts.count { $0.verdict == "difference_confirmed" && $0.estimate < 0 }
    better = verdicts.count { $0.verdict == "difference_confirmed" && $0.estimate >= 0 }
    undecided = verdicts.count - withinMargin - worse - better
    worstGroup = worst.group.description
    worstEstimate = worst.estimate
    worstInterval = worst.lower...worst.upper
  }
}

extension ScenarioComparison {
  /// A sentence for each arm, and a row for each of its scenarios.
  package var lines: [String] {
    arms.flatMap { arm -> [String] in
      let own = findings.filter { $0.arm == arm }
      let sentence =
        switch agreement(of: arm) {
        case .within: "\(arm): within the margin in every group of every scenario"
        case .worse: "\(arm): worse in some group of every scenario"
        case .disagree: "\(arm): the scenarios disagree; where it is used decides"
        case .open: "\(arm): the scenarios together do not decide"
        }
      let names = own.map { $0.scenario.count }.max() ?? 0
      return [sentence]
        + own.map { finding in
          let name = finding.scenario + String(repeating: " ", count: names - finding.scenario.count)
          let points = [finding.worstEstimate, finding.worstInterval.lowerBound, finding.worstInterval.upperBound].map {
            Self.points($0)
          }
          return "  \(name)  of \(finding.groups) groups \(finding.withinMargin) within the margin, "
            + "\(finding.worse) worse, \(finding.better) better, \(finding.undecided) undecided; "
            + "worst \(finding.worstGroup): \(points[0]) points [\(points[1]), \(points[2])] against \(finding.reference)"
        }
    }
  }

  private static func points(_ share: Double) -> String {
    let tenths = Int((share * 1_000).rounded())
    let sign = tenths < 0 ? "−" : tenths > 0 ? "+" : ""
    return "\(sign)\(abs(tenths) / 10).\(abs(tenths) % 10)"
  }
}
