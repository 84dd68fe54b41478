internal import MembershipInference

extension EarlyAnswerSettings {
  /// The settings, and the numbers of models at which there is an interim analysis.
  ///
  /// - Parameter fewest: the fewest models that any arm has.
  static func read(
    _ value: YAMLValue, fewest: Int
  ) throws(SpecificationError) -> (settings: EarlyAnswerSettings, analyses: [Int]) {
    let keys = try value.mapping(["looks", "alpha", "spending", "half_width", "limit", "groups"])
    let listed = try keys.required("looks")
    var analyses: [Int] = []
    for item in try listed.sequence() { analyses.append(try item.integer(6...4_096)) }
    let goal: LookGoal
    switch (keys["half_width"], keys["limit"]) {
    case (let width?, nil): goal = .halfWidth(try width.number(0.0001...0.5))
    case (nil, let limit?): goal = .limit(try limit.number(0.5...1))
    default:
      throw value.failure(
        "expected either half_width, how far the interval may reach, or limit, which it must not hold")
    }
    let settings = EarlyAnswerSettings(
      alpha: try keys["alpha"]?.number(0.0001...0.49) ?? 0.05,
      spending: try keys["spending"]?.choice(AlphaSpending.self) ?? .obrienFleming, goal: goal,
      includesGroups: try keys["groups"]?.boolean() ?? false)
    guard let last = analyses.last, last < fewest else {
      throw listed.failure("expected fleet sizes below that of the smallest fleet, \(fewest)")
    }
    do throws(LookPlanError) {
      _ = try LookPlan(models: analyses + [fewest], alpha: settings.alpha, spending: settings.spending)
    } catch {
      throw listed.failure(error.description)
    }
    return (settings, analyses)
  }
}
