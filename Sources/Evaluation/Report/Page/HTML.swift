/// Markup (HTML or SVG) that escapes by default: a literal is markup, an interpolated `String` is text, and an
/// interpolated `HTML` is markup again.
///
///     let cell: HTML = "<td title=\"\(name)\">\(name)</td>"
struct HTML: Equatable, Sendable {
  private(set) var markup: String

  static let empty: HTML = ""

  static func + (left: HTML, right: HTML) -> HTML { "\(left)\(right)" }

  static func += (left: inout HTML, right: HTML) { left.markup += right.markup }
}

extension [HTML] {
  func joined(by separator: HTML = "") -> HTML {
    var result = HTML.empty
    for (index, part) in enumerated() {
      if index > 0 { result += separator }
      result += part
    }
    return result
  }
}

extension HTML: ExpressibleByStringInterpolation {
  struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var markup = ""

    init(literalCapacity: Int, interpolationCount: Int) {
      markup.reserveCapacity(literalCapacity + 16 * interpolationCount)
    }

    mutating func appendLiteral(_ literal: String) {
      markup += literal
    }

    mutating func appendInterpolation(_ text: String) {
      for scalar in text.unicodeScalars {
        switch scalar {
        case "&": markup += "&amp;"
        case "<": markup += "&lt;"
        case ">": markup += "&gt;"
        case "\"": markup += "&quot;"
        case "'": markup += "&#39;"
        case "\t", "\n": markup += " "
        default:
          let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
          markup.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
        }
      }
    }

    mutating func appendInterpolation(_ html: HTML) {
      markup += html.markup
    }

    mutating func appendInterpolation(_ parts: [HTML]) {
      for part in parts { markup += part.markup }
    }

    mutating func appendInterpolation(_ number: Int) {
      markup += String(number)
    }

    /// A coordinate with at most two decimals. Scales never give one that is not finite.
    mutating func appendInterpolation(_ coordinate: Double) {
      guard coordinate.isFinite, coordinate.magnitude < 1e9 else {
        markup += "0"
        return
      }
      let hundredths = Int((coordinate * 100).rounded())
      let (whole, rest) = hundredths.magnitude.quotientAndRemainder(dividingBy: 100)
      if hundredths < 0 { markup += "-" }
      markup += String(whole)
      guard rest > 0 else { return }
      markup += rest % 10 == 0 ? ".\(rest / 10)" : rest < 10 ? ".0\(rest)" : ".\(rest)"
    }
  }

  init(stringLiteral value: String) {
    markup = value
  }

  init(stringInterpolation: StringInterpolation) {
    markup = stringInterpolation.markup
  }
}
