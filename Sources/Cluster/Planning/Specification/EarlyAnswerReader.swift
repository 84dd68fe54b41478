internal import MembershipInference

extension EarlyAnswerSettings {
  /// - Parameter smallest: models of the smallest fleet that the specification asks for.
  init(_ value: YAMLValue, smallest: Int) throws(SpecificationError) {
    let keys = try value.mapping(["looks", "alpha", "spending", "half_width", "limit", "groups"])
    let listed = try keys.required("looks")
    looks = []
    for item in try listed.sequence() { looks.append(try item.integer(6...4_096)) }
    alpha = try keys["alpha"]?.number(0.0001...0.49) ?? 0.05
    spending = try keys["spending"]?.choice(AlphaSpending.self) ?? .obrienFleming
    includesGroups = try keys["groups"]?.boolean() ?? false
    switch (keys["half_width"], keys["limit"]) {
    case (let width?, nil): goal = .halfWidth(try width.number(0.0001...0.5))
    case (nil, let limit?): goal = .limit(try limit.number(0.5...1))
    default:
      throw value.failure(
        "expected either half_width, how far the interval may reach, or limit, which it must not hold")
    }
    guard let last = looks.last, last < smallest else {
      throw listed.failure("expected fleet sizes below that of the smallest fleet, \(smallest)")
    }
    do throws(LookPlanError) {
      _ = try plan(models: smallest)
    } catch {
      throw listed.failure(error.description)
    }
  }
}
