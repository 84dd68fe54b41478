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
  ///   - options: By name: `center` and `variance` of the likelihood-ratio attacks; `a`, `gamma` and `queries` of `rmia`.
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
