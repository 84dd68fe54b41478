import Metrics
import Statistics

/// A table of comma-separated values: fields are quoted only where they must be, lines end by LF (RFC 4180
/// except for the line ends).
///
/// An undefined figure leaves its cells empty and gives its reason in the column that ends in `_undefined`.
struct CommaSeparatedTable {
  let header: [String]
  private(set) var bytes: [UInt8] = []

  init(header: [String]) {
    self.header = header
    append(header)
  }

  /// Appends one row, with as many fields as the header has.
  mutating func append(_ fields: [String]) {
    for (index, field) in fields.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      append(field)
    }
    bytes.append(UInt8(ascii: "\n"))
  }

  private mutating func append(_ field: String) {
    let quote = UInt8(ascii: "\"")
    guard field.utf8.contains(where: { $0 == quote || $0 == UInt8(ascii: ",") || $0 == 0x0A || $0 == 0x0D }) else {
      return bytes.append(contentsOf: field.utf8)
    }
    bytes.append(quote)
    for byte in field.utf8 {
      if byte == quote { bytes.append(byte) }
      bytes.append(byte)
    }
    bytes.append(quote)
  }
}

/// The fields of tables, from the types of the results.
enum Field {
  /// The shortest digits that read back as the same Float64; empty when not finite.
  static func number(_ value: Double) -> String { value.isFinite ? value.description : "" }

  /// Column and value of a group; all items have an empty column and the value `all`.
  static func group(_ group: GroupName?) -> [String] { [group?.column ?? "", group?.value ?? "all"] }

  static func interval(_ interval: Interval) -> [String] { [number(interval.lower), number(interval.upper)] }

  /// Headers of `measured` with the same name and parts.
  static func header(_ name: String, _ parts: [String]) -> [String] {
    parts.map { $0.isEmpty ? name : "\(name)_\($0)" } + ["\(name)_undefined"]
  }

  /// The fields of a figure and an empty reason, or `count` empty fields and the reason.
  static func measured<Value>(_ figure: Measured<Value>, _ count: Int, _ fields: (Value) -> [String]) -> [String] {
    switch figure {
    case .value(let value): fields(value) + [""]
    case .undefined(let reason, _): [String](repeating: "", count: count) + [reason]
    }
  }

  /// Value, bounds and reason; the value is written even if its interval is undefined.
  static func estimate(_ estimate: Estimate) -> [String] {
    [number(estimate.value)] + measured(estimate.interval, 2) { interval($0) }
  }

  /// Value, bounds and reason.
  static func estimate(_ figure: Measured<Estimate>) -> [String] {
    switch figure {
    case .value(let value): estimate(value)
    case .undefined(let reason, _): ["", "", "", reason]
    }
  }
}
