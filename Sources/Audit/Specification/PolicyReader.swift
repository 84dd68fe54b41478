internal import Planning
package import Report

extension Policy {
  /// Reads a policy from a YAML file of its own.
  ///
  /// - Parameter file: the name that errors speak of.
  /// - Throws: `SpecificationError` with the line and the key for anything unknown, missing or out of range.
  package init(yaml text: String, file: String) throws(SpecificationError) {
    try self.init(YAMLValue.root(of: text, file: file))
  }

  init(_ value: YAMLValue) throws(SpecificationError) {
    let keys = try value.mapping(.policy)
    var rules: [Rule] = []
    for item in try keys.required("rules").sequence() { rules.append(try Rule(item)) }
    self.init(
      owner: try keys["owner"]?.string(), deadline: try keys["deadline"]?.string(),
      minimumSize: try keys["min_group"]?.integer(1...1_000_000_000) ?? 50,
      minimumClusters: try keys["min_clusters"]?.integer(1...1_000_000_000) ?? Self.standardMinimumClusters,
      arms: try keys["arms"]?.strings(),
      rules: rules)
  }
}

extension Policy.Rule {
  fileprivate init(_ value: YAMLValue) throws(SpecificationError) {
    let keys = try value.mapping(.rule)
    let metric = try keys.required("metric").choice(Policy.Metric.self)
    var groups = Policy.Groups.every
    if let group = keys["group"] {
      let text = try group.string()
      guard let read = Policy.Groups(text) else {
        throw group.failure("expected all, every or COLUMN=VALUE, found \"\(text)\"")
      }
      groups = read
    }
    let given = ["at_least", "at_most", "margin"].compactMap { name in keys[name].map { (name, $0) } }
    guard let (name, limit) = given.first, given.count == 1 else {
      throw value.failure("expected one of at_least, at_most and margin")
    }
    let demand: Policy.Demand
    switch name {
    case "at_least": demand = .atLeast(try limit.number(metric.range))
    case "at_most": demand = .atMost(try limit.number(metric.range))
    default:
      guard metric == .accuracy else { throw limit.failure("a margin is about accuracy, found \(metric.rawValue)") }
      demand = .margin(try limit.number(0...1))
    }
    self.init(metric: metric, groups: groups, demand: demand)
  }
}

extension Policy.Metric {
  /// The possible values of the figure; a limit beyond them is always or never met.
  fileprivate var range: ClosedRange<Double> { self == .signedGap ? -1...1 : 0...1 }
}

extension Specification {
  /// - Throws: `SpecificationError` for a policy that no result can meet: one about arms that are not audited,
  ///   comparisons that are not made, or attacks that are not measured.
  func requireMeetablePolicy() throws(SpecificationError) {
    guard let problem = policy?.problem(among: policySubjects) else { return }
    throw locations.failure(at: "policy.\(problem.key)", problem.problem)
  }

  /// The arms and metrics that a policy can name; the groups are known only from the data.
  private var policySubjects: PolicySubjects {
    let compared = arms.filter { arm in
      switch arm {
      case .lora, .adapter: arms.contains(.full)
      case .head, .base, .full: false
      }
    }
    return PolicySubjects(
      arms: arms.map(\.name), comparedArms: compared.map(\.name),
      attackedArms: privacy == nil ? [] : arms.filter(\.isTrained).map(\.name))
  }
}

extension Specification {
  /// - Throws: `SpecificationError` if the policy is about a group that the data do not have.
  func requireKnownGroups(_ input: PlanInput) throws(SpecificationError) {
    // Combinations that turn out too small are evaluated together, under this name.
    let together = Set(input.groups.filter(\.isCombined).map(\.column)).sorted().map { "\($0)=smaller ones of \($0)" }
    let groups = input.groups.map { "\($0.column)=\($0.value)" } + together
    let subjects = PolicySubjects(arms: arms.map(\.name), groups: groups)
    guard let problem = policy?.problem(among: subjects) else { return }
    throw locations.failure(at: "policy.\(problem.key)", problem.problem)
  }
}

/// A policy in a file of its own, with the lines of its keys.
package struct PolicyFile: Sendable {
  package let policy: Policy
  private let locations: SpecificationLocations

  /// - Parameter file: the name that errors speak of.
  /// - Throws: `SpecificationError` with the line and the key for anything unknown, missing or out of range.
  package init(yaml text: String, file: String) throws(SpecificationError) {
    let root = try YAMLValue.root(of: text, file: file)
    policy = try Policy(root)
    locations = SpecificationLocations(of: root)
  }

  /// - Throws: `SpecificationError` if the policy names what `subjects` do not hold.
  package func require(among subjects: PolicySubjects) throws(SpecificationError) {
    guard let problem = policy.problem(among: subjects) else { return }
    throw locations.failure(at: problem.key, problem.problem)
  }
}
