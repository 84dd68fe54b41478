/// A figure, or why there is none. Undefined is never written as 0, 1 or a missing row.
package enum Measured<Value: Equatable & Sendable>: Equatable, Sendable {
  case value(Value)
  /// `n` is the number of items (or seeds, where the reason speaks of seeds) that there were.
  case undefined(reason: String, n: Int)

  /// The figure where it is defined.
  package var value: Value? {
    switch self {
    case .value(let value): value
    case .undefined: nil
    }
  }

  /// The figure transformed, or undefined for the same reason.
  package func map<Other: Equatable & Sendable>(_ transform: (Value) -> Other) -> Measured<Other> {
    switch self {
    case .value(let value): .value(transform(value))
    case .undefined(let reason, let n): .undefined(reason: reason, n: n)
    }
  }
}

/// Written as the figure itself, or as `{"undefined": reason, "n": …}`.
extension Measured: Codable where Value: Codable {
  private enum CodingKeys: CodingKey {
    case undefined, n
  }

  package init(from decoder: any Decoder) throws {
    if let container = try? decoder.container(keyedBy: CodingKeys.self), container.contains(.undefined) {
      self = .undefined(
        reason: try container.decode(String.self, forKey: .undefined), n: try container.decode(Int.self, forKey: .n))
    } else {
      self = .value(try Value(from: decoder))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    switch self {
    case .value(let value):
      var container = encoder.singleValueContainer()
      try container.encode(value)
    case .undefined(let reason, let n):
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(reason, forKey: .undefined)
      try container.encode(n, forKey: .n)
    }
  }
}
