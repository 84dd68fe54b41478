import Metrics
import Statistics

/// A Float64 that is finite, as JSON demands.
package struct FiniteNumber: Equatable, Sendable {
  package let value: Double

  /// `nil` for infinities and NaN.
  package init?(_ value: Double) {
    guard value.isFinite else { return nil }
    self.value = value
  }
}

/// A JSON document. Numbers are finite and keys unique by construction; `bytes` writes the one canonical form.
package indirect enum JSONValue: Equatable, Sendable {
  case null
  case boolean(Bool)
  case integer(Int)
  case number(FiniteNumber)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// A figure that was computed from `n` items, or the undefined value when it is not finite.
  package static func figure(_ value: Double, n: Int) -> JSONValue {
    FiniteNumber(value).map(JSONValue.number) ?? .undefined(reason: "the figure is not finite", n: n)
  }

  /// How a figure that does not exist is written: never as 0, 1 or a missing key.
  package static func undefined(reason: String, n: Int) -> JSONValue {
    .object(["undefined": .string(reason), "n": .integer(n)])
  }

  /// A whole number where there is one, `null` where the question does not arise.
  package static func optional(_ value: Int?) -> JSONValue {
    value.map(JSONValue.integer) ?? .null
  }
}

extension Measured {
  /// The figure as `write` writes it, or the undefined value.
  package func json(_ write: (Value) -> JSONValue) -> JSONValue {
    switch self {
    case .value(let value): write(value)
    case .undefined(let reason, let n): .undefined(reason: reason, n: n)
    }
  }
}
