/// An attack of membership inference. Higher scores mean member.
///
/// The canonical text, in specifications and in JSON, is the name and those options that are not the defaults:
/// `lira`, `lira:center=median:variance=per-item`, `rmia:gamma=2`.
package enum Attack: Hashable, Sendable {
  /// `loss`: the item's own loss, with no shadow models (Yeom et al. 2018); the baseline.
  case lossThreshold
  /// `lira`: the online likelihood-ratio attack, which needs shadow models with and without every item (Carlini et al.
  /// 2022, algorithm 1).
  case likelihoodRatio(LikelihoodRatioOptions = LikelihoodRatioOptions())
  /// `lira-offline`: one-sided, from shadow models without the item alone (Carlini et al. 2022, section VI-A).
  case offlineLikelihoodRatio(LikelihoodRatioOptions = LikelihoodRatioOptions())
  /// `rmia`: the item's likelihood ratio against the ratios of other items (Zarifzadeh et al. 2024), offline.
  case relativeMembership(RelativeMembershipOptions = RelativeMembershipOptions())
  /// `loss-trace`: the interquartile range of the item's loss over the target's epochs, with no shadow models (Pollock
  /// et al., arXiv 2411.05743).
  case lossTrace

  /// The default attacks.
  package static let standard: [Attack] = [.likelihoodRatio(), .lossThreshold]

  /// Every attack's name.
  package static let names = ["loss", "lira", "lira-offline", "rmia", "loss-trace"]

  package var name: String {
    switch self {
    case .lossThreshold: "loss"
    case .likelihoodRatio: "lira"
    case .offlineLikelihoodRatio: "lira-offline"
    case .relativeMembership: "rmia"
    case .lossTrace: "loss-trace"
    }
  }

  /// Whether the attack reads shadow models.
  package var needsShadows: Bool {
    switch self {
    case .lossThreshold, .lossTrace: false
    case .likelihoodRatio, .offlineLikelihoodRatio, .relativeMembership: true
    }
  }
}

/// The choices of a likelihood-ratio attack.
package struct LikelihoodRatioOptions: Hashable, Sendable {
  /// Where an item's Gaussian lies: the paper's text uses means, its code medians.
  package enum Center: String, CaseIterable, Sendable {
    case mean, median
  }

  package enum Variance: String, CaseIterable, Sendable {
    /// Pooled below 64 shadow models, from then on each item's own (Carlini et al. 2022, section VI-B).
    case automatic = "auto"
    /// Over all items, each around its own mean.
    case pooled
    /// Each item's own.
    case perItem = "per-item"
  }

  package var center: Center
  package var variance: Variance

  package init(center: Center = .mean, variance: Variance = .automatic) {
    (self.center, self.variance) = (center, variance)
  }

  /// Whether variances are pooled with this number of shadow models.
  func poolsVariance(shadows: Int) -> Bool {
    switch variance {
    case .automatic: shadows < 64
    case .pooled: true
    case .perItem: false
    }
  }
}

/// The choices of the relative membership attack.
package struct RelativeMembershipOptions: Hashable, Sendable {
  /// How several queries of an item are combined.
  package enum Queries: String, CaseIterable, Sendable {
    /// More than half of the item's queries must dominate (Zarifzadeh et al. 2024).
    case majority
    /// The mean of their ratios must.
    case mean
  }

  /// How much of the average over members and others the mean over others explains, in [0, 1].
  package var a: Double
  /// By which factor an item's ratio must exceed another's; positive.
  package var gamma: Double
  package var queries: Queries

  package init(a: Double = 0.3, gamma: Double = 1, queries: Queries = .majority) {
    (self.a, self.gamma, self.queries) = (a, gamma, queries)
  }
}

/// Written as its text.
extension Attack: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    do {
      try self.init(text: container.decode(String.self))
    } catch let error as AttackTextError {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

/// Why a text names no attack.
package struct AttackTextError: Error, Equatable, Sendable, CustomStringConvertible {
  package let text: String
  package let problem: String

  package var description: String { "the attack \"\(text)\": \(problem)" }
}

extension Attack {
  /// Reads the canonical text.
  ///
  /// - Throws: `AttackTextError` saying what was expected.
  package init(text: String) throws(AttackTextError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    var options: [String: String] = [:]
    for part in parts.dropFirst() {
      guard let equals = part.firstIndex(of: "="), equals != part.startIndex else {
        throw AttackTextError(text: text, problem: "expected OPTION=VALUE after the colon, found \"\(part)\"")
      }
      let option = String(part[..<equals])
      guard options.updateValue(String(part[part.index(after: equals)...]), forKey: option) == nil else {
        throw AttackTextError(text: text, problem: "the option \(option) is given twice")
      }
    }
    try self.init(name: parts[0], options: options)
  }

  /// - Parameters:
  ///   - name: One of `names`.
  ///   - options: By name: `center` and `variance` of the likelihood-ratio attacks; `a`, `gamma` and `queries` of
  ///     `rmia`.
  /// - Throws: `AttackTextError` saying what was expected.
  package init(name: String, options: [String: String] = [:]) throws(AttackTextError) {
    var reader = OptionReader(attack: name, options: options)
    switch name {
    case "loss": self = .lossThreshold
    case "lira": self = .likelihoodRatio(try reader.likelihoodRatio())
    case "lira-offline": self = .offlineLikelihoodRatio(try reader.likelihoodRatio())
    case "rmia": self = .relativeMembership(try reader.relativeMembership())
    case "loss-trace": self = .lossTrace
    default:
      throw AttackTextError(
        text: name, problem: "there is no such attack; expected one of \(Self.names.joined(separator: ", "))")
    }
    try reader.requireNoneLeft()
  }

  /// The name and those options that are not the defaults.
  package var text: String {
    let standard: [(option: String, value: String)]
    let own: [(option: String, value: String)]
    switch self {
    case .lossThreshold, .lossTrace: (own, standard) = ([], [])
    case .likelihoodRatio(let options), .offlineLikelihoodRatio(let options):
      (own, standard) = (options.texts, LikelihoodRatioOptions().texts)
    case .relativeMembership(let options): (own, standard) = (options.texts, RelativeMembershipOptions().texts)
    }
    let others = zip(own, standard).filter { $0.value != $1.value }.map { "\($0.0.option)=\($0.0.value)" }
    return ([name] + others).joined(separator: ":")
  }
}

extension LikelihoodRatioOptions {
  fileprivate var texts: [(option: String, value: String)] {
    [("center", center.rawValue), ("variance", variance.rawValue)]
  }
}

extension RelativeMembershipOptions {
  fileprivate var texts: [(option: String, value: String)] {
    [("a", a.description), ("gamma", gamma.description), ("queries", queries.rawValue)]
  }
}

/// Takes options by name.
private struct OptionReader {
  let attack: String
  var options: [String: String]

  mutating func likelihoodRatio() throws(AttackTextError) -> LikelihoodRatioOptions {
    LikelihoodRatioOptions(
      center: try choice("center", otherwise: .mean), variance: try choice("variance", otherwise: .automatic))
  }

  mutating func relativeMembership() throws(AttackTextError) -> RelativeMembershipOptions {
    let standard = RelativeMembershipOptions()
    return RelativeMembershipOptions(
      a: try number("a", otherwise: standard.a, expected: "a number from 0 to 1") { (0...1).contains($0) },
      gamma: try number("gamma", otherwise: standard.gamma, expected: "a positive number") { $0 > 0 && $0.isFinite },
      queries: try choice("queries", otherwise: standard.queries))
  }

  private mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ option: String, otherwise: Choice
  ) throws(AttackTextError) -> Choice {
    guard let text = options.removeValue(forKey: option) else { return otherwise }
    guard let choice = Choice(rawValue: text) else {
      let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw AttackTextError(text: attack, problem: "\(option) is \"\(text)\"; expected one of \(known)")
    }
    return choice
  }

  private mutating func number(
    _ option: String, otherwise: Double, expected: String, where isRight: (Double) -> Bool
  ) throws(AttackTextError) -> Double {
    guard let text = options.removeValue(forKey: option) else { return otherwise }
    guard let value = Double(text), isRight(value) else {
      throw AttackTextError(text: attack, problem: "\(option) is \"\(text)\"; expected \(expected)")
    }
    return value
  }

  func requireNoneLeft() throws(AttackTextError) {
    guard let option = options.keys.min() else { return }
    throw AttackTextError(text: attack, problem: "it has no option \(option)")
  }
}
