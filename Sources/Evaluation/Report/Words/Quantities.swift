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
