/// A figure of an attack that groups or arms are compared by.
package enum AttackMeasure: Hashable, Sendable {
  case areaUnderCurve
  /// At a limit of the false positive rate among `AttackMeasures.limits`, with the group's own threshold.
  case truePositiveRate(limit: Double)

  /// The name in files: `area_under_curve`, `true_positive_rate_at_0.01`.
  package var name: String {
    switch self {
    case .areaUnderCurve: "area_under_curve"
    case .truePositiveRate(let limit): "true_positive_rate_at_\(limit)"
    }
  }
}

/// Written as its name.
extension AttackMeasure: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let name = try container.decode(String.self)
    let limits = AttackMeasures.limits.map { AttackMeasure.truePositiveRate(limit: $0) }
    guard let measure = ([.areaUnderCurve] + limits).first(where: { $0.name == name }) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "there is no measure \(name)")
    }
    self = measure
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}
