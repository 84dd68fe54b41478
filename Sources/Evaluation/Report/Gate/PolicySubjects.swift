/// What there is for a policy to speak of, by which demands that nothing can ever meet are found before a run.
package struct PolicySubjects: Sendable {
  package var arms: [String]
  /// Those that are compared with another; nil where that is not to be looked at.
  package var comparedArms: [String]?
  /// Those whose membership inference is measured; nil where that is not to be looked at.
  package var attackedArms: [String]?
  /// COLUMN=VALUE of every group; nil where groups are not known yet.
  package var groups: [String]?

  package init(
    arms: [String], comparedArms: [String]? = nil, attackedArms: [String]? = nil, groups: [String]? = nil
  ) {
    self.arms = arms
    self.comparedArms = comparedArms
    self.attackedArms = attackedArms
    self.groups = groups
  }
}

/// What is wrong with a policy, and where in it.
package struct PolicyProblem: Error, Equatable, Sendable {
  /// The key below the policy, for example `rules[1].group`.
  package let key: String
  package let problem: String
}

extension Policy {
  /// The first thing that the policy names or demands and that is not there.
  package func problem(among subjects: PolicySubjects) -> PolicyProblem? {
    for (index, arm) in (arms ?? []).enumerated() where !subjects.arms.contains(arm) {
      return PolicyProblem(
        key: "arms[\(index)]", problem: "there is no arm \(arm); expected one of: \(subjects.arms.shortList)")
    }
    for (index, rule) in rules.enumerated() {
      if let (key, problem) = self.problem(of: rule, among: subjects) {
        return PolicyProblem(key: "rules[\(index)].\(key)", problem: problem)
      }
    }
    return nil
  }

  private func problem(of rule: Rule, among subjects: PolicySubjects) -> (key: String, problem: String)? {
    if case .one = rule.groups, let groups = subjects.groups, !groups.contains(rule.groups.text) {
      return ("group", "there is no group \(rule.groups.text); expected all, every or one of: \(groups.shortList)")
    }
    if case .margin = rule.demand, let compared = subjects.comparedArms {
      guard !compared.isEmpty else {
        return (
          "margin", "no arm is compared with another; a margin needs the arm full, and lora or an adapter beside it"
        )
      }
      if let arm = arms?.first(where: { !compared.contains($0) }) {
        return (
          "margin",
          "\(arm) is not compared with another arm; name others under policy.arms: \(compared.shortList)"
        )
      }
    }
    if rule.metric == .attackArea, let attacked = subjects.attackedArms {
      guard !attacked.isEmpty else {
        return ("metric", "membership inference is measured only where the specification has privacy:")
      }
      let judged = arms ?? subjects.comparedArms.flatMap { $0.isEmpty ? nil : $0 } ?? subjects.arms
      if let arm = judged.first(where: { !attacked.contains($0) }) {
        return (
          "metric",
          "membership inference is not measured of \(arm), which was trained elsewhere; name others under policy.arms: "
            + attacked.shortList
        )
      }
    }
    return nil
  }
}

extension Results {
  /// The arms and groups that these results know; groups that were too small to stand alone are known too.
  package var subjects: PolicySubjects {
    PolicySubjects(arms: evaluatedArms, groups: (groups + pooledGroups).map(\.name.selector))
  }
}

extension [String] {
  /// "a, b, c", cut where it is long.
  fileprivate var shortList: String {
    count > 20 ? prefix(20).joined(separator: ", ") + " and \(count - 20) more" : joined(separator: ", ")
  }
}
