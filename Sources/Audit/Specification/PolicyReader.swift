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
    let keys = try value.mapping(["owner", "deadline", "min_group", "arms", "rules"])
    var rules: [Rule] = []
    for item in try keys.required("rules").sequence() { rules.append(try Rule(item)) }
    self.init(
      owner: try keys["owner"]?.string(), deadline: try keys["deadline"]?.string(),
      minimumSize: try keys["min_group"]?.integer(1...1_000_000_000) ?? 50, arms: try keys["arms"]?.strings(),
      rules: rules)
  }
}

extension Policy.Rule {
  fileprivate init(_ value: YAMLValue) throws(SpecificationError) {
    let keys = try value.mapping(["metric", "group", "at_least", "at_most", "margin"])
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
  /// What the figure can be; a demand beyond that is met by all or by none.
  fileprivate var range: ClosedRange<Double> { self == .signedGap ? -1...1 : 0...1 }
}
