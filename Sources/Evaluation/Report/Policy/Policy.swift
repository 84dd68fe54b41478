import Metrics

/// The acceptance criteria for releasing an adapted model, fixed before the run.
package struct Policy: Equatable, Sendable {
  /// The person responsible.
  package var owner: String?
  /// By when it must be met: a text, because nothing is computed from it.
  package var deadline: String?
  /// Groups with fewer items get no verdict.
  package var minimumSize: Int
  /// Groups with fewer clusters get no verdict.
  package var minimumClusters: Int
  /// The arms that it judges; nil for all arms that are compared with another, or for all where none are.
  package var arms: [String]?
  package var rules: [Rule]

  package init(
    owner: String?, deadline: String?, minimumSize: Int, minimumClusters: Int = standardMinimumClusters,
    arms: [String]?, rules: [Rule]
  ) {
    self.owner = owner
    self.deadline = deadline
    self.minimumSize = minimumSize
    self.minimumClusters = minimumClusters
    self.arms = arms
    self.rules = rules
  }

  /// What a policy, or a specification's decision, that says nothing of clusters asks for.
  package static let standardMinimumClusters = DecisionRule.standardMinimumClusters

  /// One demand on one figure.
  package struct Rule: Equatable, Sendable {
    package var metric: Metric
    package var groups: Groups
    package var demand: Demand

    package init(metric: Metric, groups: Groups, demand: Demand) {
      (self.metric, self.groups, self.demand) = (metric, groups, demand)
    }
  }

  /// The figures that can be demanded, by their names in results.json.
  package enum Metric: String, Sendable, CaseIterable, Codable {
    case accuracy
    case truePositiveRate = "true_positive_rate"
    case falsePositiveRate = "false_positive_rate"
    case selectionRate = "selection_rate"
    case precision
    case f1
    /// Mean confidence minus accuracy.
    case signedGap = "signed_gap"
    /// The area under the curve of the likelihood ratio attack.
    case attackArea = "attack_area"
  }

  package enum Groups: Hashable, Sendable {
    /// All items together.
    case all
    /// Every group by itself.
    case every
    /// The one of this column and value.
    case one(column: String, value: String)
  }

  package enum Demand: Equatable, Sendable {
    case atLeast(Double)
    case atMost(Double)
    /// No more than this below the arm it is compared with; accuracy only.
    case margin(Double)
  }
}

extension Policy.Groups {
  /// `all`, `every`, or `column=value`; nil for anything else.
  package init?(_ text: String) {
    switch text {
    case "all": self = .all
    case "every": self = .every
    default:
      guard let sign = text.firstIndex(of: "="), sign > text.startIndex else { return nil }
      let value = text[text.index(after: sign)...]
      guard !value.isEmpty else { return nil }
      self = .one(column: String(text[..<sign]), value: String(value))
    }
  }

  package var text: String {
    switch self {
    case .all: "all"
    case .every: "every"
    case .one(let column, let value): "\(column)=\(value)"
    }
  }
}

/// Where there is no owner, deadline or list of arms, its key is left out.
extension Policy: Codable {
  private enum CodingKeys: String, CodingKey {
    case owner, deadline, arms, rules
    case minimumSize = "minimum_size"
    case minimumClusters = "minimum_clusters"
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      owner: try container.decodeIfPresent(String.self, forKey: .owner),
      deadline: try container.decodeIfPresent(String.self, forKey: .deadline),
      minimumSize: try container.decode(Int.self, forKey: .minimumSize),
      minimumClusters: try container.decode(Int.self, forKey: .minimumClusters),
      arms: try container.decodeIfPresent([String].self, forKey: .arms),
      rules: try container.decode([Rule].self, forKey: .rules))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    if let owner { try container.encode(owner, forKey: .owner) }
    if let deadline { try container.encode(deadline, forKey: .deadline) }
    try container.encode(minimumSize, forKey: .minimumSize)
    try container.encode(minimumClusters, forKey: .minimumClusters)
    if let arms { try container.encode(arms, forKey: .arms) }
    try container.encode(rules, forKey: .rules)
  }
}

extension Policy.Rule: Codable {
  private enum CodingKeys: String, CodingKey {
    case metric, group, margin
    case atLeast = "at_least"
    case atMost = "at_most"
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    metric = try container.decode(Policy.Metric.self, forKey: .metric)
    let text = try container.decode(String.self, forKey: .group)
    guard let groups = Policy.Groups(text) else {
      throw DecodingError.dataCorruptedError(
        forKey: .group, in: container, debugDescription: "expected all, every or COLUMN=VALUE, found \(text)")
    }
    self.groups = groups
    if let limit = try container.decodeIfPresent(Double.self, forKey: .atLeast) {
      demand = .atLeast(limit)
    } else if let limit = try container.decodeIfPresent(Double.self, forKey: .atMost) {
      demand = .atMost(limit)
    } else {
      demand = .margin(try container.decode(Double.self, forKey: .margin))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(metric, forKey: .metric)
    try container.encode(groups.text, forKey: .group)
    switch demand {
    case .atLeast(let limit): try container.encode(limit, forKey: .atLeast)
    case .atMost(let limit): try container.encode(limit, forKey: .atMost)
    case .margin(let margin): try container.encode(margin, forKey: .margin)
    }
  }
}

/// The arms and groups that a policy can name, so that a demand that nothing can meet is found before a run.
package struct PolicySubjects: Sendable {
  package var arms: [String]
  /// Arms that are compared with another; nil if that is not to be checked.
  package var comparedArms: [String]?
  /// Arms whose membership inference is measured; nil if that is not to be checked.
  package var attackedArms: [String]?
  /// COLUMN=VALUE of every group; nil if groups are not known yet.
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

/// A problem of a policy, and its position.
package struct PolicyProblem: Error, Equatable, Sendable {
  /// The key below the policy, for example `rules[1].group`.
  package let key: String
  package let problem: String
}

extension Policy {
  /// The first thing that the policy names or demands and that does not exist.
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
          "margin", "no arm is compared with another; a margin needs the arm full, and lora or an adapter"
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
          "membership inference is not measured of \(arm), which was trained outside the audit; name others under policy.arms: "
            + attacked.shortList
        )
      }
    }
    return nil
  }
}

extension Results {
  /// The arms and groups that these results know; pooled small groups are known too.
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
