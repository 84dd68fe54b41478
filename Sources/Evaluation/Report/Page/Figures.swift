import Metrics
import Statistics

/// Figures as a reader wants them: sensible digits and a true minus sign.
package enum Figures {
  static let minus = "\u{2212}"

  /// `value` with a fixed number of decimals, rounded half away from zero; never "−0.0".
  static func fixed(_ value: Double, digits: Int) -> String {
    guard value.isFinite else { return "not finite" }
    var power = 1.0
    for _ in 0..<digits { power *= 10 }
    let scaled = (value.magnitude * power).rounded()
    guard scaled < 1e15 else { return value.description.replacingHyphen }
    let whole = Int(scaled)
    let sign = value < 0 && whole != 0 ? minus : ""
    guard digits > 0 else { return sign + String(whole) }
    let text = String(whole)
    let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
    return sign + padded.dropLast(digits) + "." + padded.suffix(digits)
  }

  /// A share in percent with one decimal, without the sign "%"; with as many more as it takes not to read 0 or 100 where
  /// it is neither: 99.984 is "99.98".
  static func percent(_ share: Double) -> String {
    guard share > 0, share < 1 else { return fixed(share * 100, digits: 1) }
    let texts = (1...9).lazy.map { fixed(share * 100, digits: $0) }
    let isBound = { (text: String) in text.allSatisfy { "0.".contains($0) } || text.hasPrefix("100.") }
    return texts.first { !isBound($0) } ?? (share < 0.5 ? "< 0.000000001" : "> 99.999999999")
  }

  /// A size of a difference, in points with one decimal.
  static func size(_ difference: Double) -> String { fixed(difference.magnitude * 100, digits: 1) }

  /// A difference of shares in points with one decimal and its sign.
  package static func points(_ difference: Double) -> String {
    let text = fixed(difference * 100, digits: 1)
    return difference > 0 && text != "0.0" ? "+" + text : text
  }

  /// A share in percent with two decimals, rounded down: what falls short of a bound never reads as if it reached it.
  package static func percentNotAbove(_ share: Double) -> String {
    // Products of decimals such as .29 · 100 are a little below the exact product.
    fixed(((share * 10_000 * (1 + 1e-13)).rounded(.down)) / 100, digits: 2)
  }

  /// The level of an interval, in percent: "95", "98.3".
  package static func level(_ confidence: Double) -> String { percentNotAbove(confidence).withoutTrailingZeros }

  /// A share that a user stated, in percent, with all its decimals and at least one.
  package static func exactPercent(_ share: Double) -> String {
    let digits = (1...12).first { Double(fixed(share * 100, digits: $0)).map { abs($0 - share * 100) < 1e-12 } == true }
    return fixed(share * 100, digits: digits ?? 12)
  }

  static func percent(_ interval: Interval) -> String {
    "[\(percent(interval.lower)), \(percent(interval.upper))]"
  }

  static func points(_ interval: Interval) -> String {
    "[\(points(interval.lower)), \(points(interval.upper))]"
  }

  /// "82.3 [79.1, 85.0]", in percent.
  static func percent(_ proportion: Proportion) -> String {
    "\(percent(proportion.value)) \(percent(proportion.interval))"
  }

  /// A figure and its interval where there is one.
  static func estimate(_ estimate: Estimate, digits: Int) -> String {
    let value = fixed(estimate.value, digits: digits)
    guard let interval = estimate.interval.value else { return "\(value) (no interval)" }
    return "\(value) [\(fixed(interval.lower, digits: digits)), \(fixed(interval.upper, digits: digits))]"
  }

  /// A size in points without needless decimals: "3", "2.5".
  static func margin(_ share: Double) -> String {
    fixed(share * 100, digits: 2).withoutTrailingZeros
  }

  /// "p .012", "p < .001", "p 1".
  static func pValue(_ value: Double) -> String {
    guard value >= 0.001 else { return "p < .001" }
    let text = fixed(value, digits: 3)
    return text.hasPrefix("0") ? "p \(text.dropFirst())" : "p 1"
  }

  /// A whole number with its thousands set apart.
  static func count(_ value: Int) -> String {
    var groups: [String] = []
    var digits = Substring(String(value.magnitude))
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits = digits.dropLast(3)
    }
    groups.insert(String(digits), at: 0)
    return (value < 0 ? minus : "") + groups.joined(separator: ",")
  }

  /// A positive whole number rounded up to two leading digits, for figures that are no more exact than that.
  static func about(_ value: Int) -> Int {
    var unit = 1
    while value / unit >= 100 { unit *= 10 }
    let units = value / unit + (value % unit > 0 ? 1 : 0)
    return units.multipliedReportingOverflow(by: unit).overflow ? value : units * unit
  }

  /// "1 group", "5 groups".
  static func count(_ value: Int, _ singular: String, _ plural: String) -> String {
    "\(count(value)) \(value == 1 ? singular : plural)"
  }
}

extension String {
  /// "95" for "95.00", "99.5" for "99.50".
  var withoutTrailingZeros: String {
    contains(".") ? String(reversed().drop { $0 == "0" }.drop { $0 == "." }.reversed()) : self
  }

  fileprivate var replacingHyphen: String {
    String(map { $0 == "-" ? Character(Figures.minus) : $0 })
  }

  /// At most `length` characters, for labels that cannot grow.
  func shortened(to length: Int) -> String {
    count <= length ? self : prefix(length - 1) + "…"
  }

  /// The text with control characters replaced, so that a name can neither steer a terminal nor break a document.
  package var withoutControlCharacters: String {
    var scalars = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
      scalars.append(isControl ? "\u{FFFD}" : scalar)
    }
    return String(scalars)
  }
}

extension [String] {
  /// "a", "a and b", "a, b and c".
  var listed: String {
    guard count > 1, let last else { return first ?? "" }
    return dropLast().joined(separator: ", ") + " and " + last
  }
}

extension SeedSpread {
  /// The deviation in points, or that there is one seed.
  var seedText: String { values.count > 1 ? Figures.size(standardDeviation) : "one seed" }
}

/// Times, sizes and ratios in units that a person can picture.
enum Quantities {
  /// "0.42 s", "48.1 s", "6 min 12 s", "2 h 05 min".
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds.magnitude < 1e12 else { return "not finite" }
    if seconds < 10 { return Figures.fixed(seconds, digits: 2) + " s" }
    if seconds < 59.95 { return Figures.fixed(seconds, digits: 1) + " s" }
    let whole = Int(seconds.rounded())
    if whole < 3_600 { return "\(whole / 60) min \(padded(whole % 60)) s" }
    let minutes = Int((seconds / 60).rounded())
    return "\(Figures.count(minutes / 60)) h \(padded(minutes % 60)) min"
  }

  /// Decimal units with three significant digits: "12.4 MB".
  static func bytes(_ count: Double) -> String {
    guard count.isFinite else { return "not finite" }
    var value = count
    var unit = "B"
    for next in ["kB", "MB", "GB", "TB", "PB"] where value.magnitude >= 999.5 {
      value /= 1_000
      unit = next
    }
    let digits = unit == "B" || value.magnitude >= 99.95 ? 0 : value.magnitude >= 9.995 ? 1 : 2
    return "\(Figures.fixed(value, digits: digits)) \(unit)"
  }

  /// How many times `reference` something is: "0.41×"; `nil` without a positive reference.
  static func ratio(_ value: Double, to reference: Double) -> String? {
    guard reference > 0, reference.isFinite, value.isFinite else { return nil }
    let ratio = value / reference
    if ratio > 0, ratio < 0.0005 { return "< 0.001×" }
    let digits = ratio >= 9.95 ? 0 : ratio >= 0.0995 ? 2 : 3
    return Figures.fixed(ratio, digits: digits) + "×"
  }

  /// A learning rate as people write it: "0.001", "3e-05".
  static func rate(_ value: Double) -> String { value.isFinite ? value.description : "not finite" }

  private static func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }
}
