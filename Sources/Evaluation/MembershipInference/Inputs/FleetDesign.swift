/// Which models are attacked, and which of the others are their shadows.
package enum FleetDesign: Hashable, Sendable {
  /// Models 2k and 2k + 1 are partners with complementary masks; each is the target once, and its partner is left out of
  /// its shadows, so that how many shadows have an item says nothing about the target.
  case symmetric
  /// Each model is the target once and all others are its shadows. How many of them have an item may then say whether
  /// the target has it: without memory the area under the curve is .476 rather than .5 at eight complementary models.
  case independent
  /// One model is attacked by all others.
  case released(target: Int)

  /// The attacked models.
  package func targets(models: Int) -> [Int] {
    switch self {
    case .symmetric, .independent: Array(0..<models)
    case .released(let target): [target]
    }
  }

  /// The shadow models of a target, ascending.
  package func shadows(of target: Int, models: Int) -> [Int] {
    (0..<models).filter { $0 != target && !(self == .symmetric && $0 == target ^ 1) }
  }
}

/// What a reader of an attack's figures has to know of the fleet.
package enum FleetCaution: String, Codable, Equatable, Sendable {
  /// Only the target is left out of its shadows.
  case countsMayTell = "counts_may_tell"
  /// Some cluster has members and non-members of one model.
  case clustersAreSplit = "clusters_are_split"
}

/// Written as its name; which of the models is the released one is not written, and read as the first.
extension FleetDesign: Codable {
  package var name: String {
    switch self {
    case .symmetric: "symmetric"
    case .independent: "independent"
    case .released: "released"
    }
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    switch try container.decode(String.self) {
    case "symmetric": self = .symmetric
    case "independent": self = .independent
    case "released": self = .released(target: 0)
    case let other:
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "there is no design \(other)")
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}
