internal import Planning
package import Report

extension Specification {
  /// - Throws: `SpecificationError` for a policy that no result can meet: one about arms that are not audited,
  ///   comparisons that are not made, or attacks that are not measured.
  func requireMeetablePolicy() throws(SpecificationError) {
    guard let problem = policy?.problem(among: policySubjects) else { return }
    throw places.failure(at: "policy.\(problem.key)", problem.problem)
  }

  /// What a policy can speak of; the groups are the data's to tell.
  private var policySubjects: PolicySubjects {
    let compared = arms.filter { arm in
      switch arm {
      case .lora, .adapter: arms.contains(.full)
      case .base, .untouched, .full: false
      }
    }
    return PolicySubjects(
      arms: arms.map(\.name), comparedArms: compared.map(\.name),
      attackedArms: privacy == nil ? [] : arms.filter(\.isTrained).map(\.name))
  }
}

extension Specification {
  /// - Throws: `SpecificationError` where the policy is about a group that the data do not have.
  func requireKnownGroups(_ input: PlanInput) throws(SpecificationError) {
    // Combinations that turn out too small are evaluated together, under this name.
    let together = Set(input.groups.filter(\.isCombined).map(\.column)).sorted().map { "\($0)=smaller ones of \($0)" }
    let groups = input.groups.map { "\($0.column)=\($0.value)" } + together
    let subjects = PolicySubjects(arms: arms.map(\.name), groups: groups)
    guard let problem = policy?.problem(among: subjects) else { return }
    throw places.failure(at: "policy.\(problem.key)", problem.problem)
  }
}

/// A policy in a file of its own, which knows where its keys stand.
package struct PolicyFile: Sendable {
  package let policy: Policy
  private let places: SpecificationPlaces

  /// - Parameter file: the name that errors speak of.
  /// - Throws: `SpecificationError` with the line and the key for anything unknown, missing or out of range.
  package init(yaml text: String, file: String) throws(SpecificationError) {
    let root = try YAMLValue.root(of: text, file: file)
    policy = try Policy(root)
    places = SpecificationPlaces(of: root)
  }

  /// - Throws: `SpecificationError` where the policy names what `subjects` do not hold.
  package func require(among subjects: PolicySubjects) throws(SpecificationError) {
    guard let problem = policy.problem(among: subjects) else { return }
    throw places.failure(at: problem.key, problem.problem)
  }
}
