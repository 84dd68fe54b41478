/// Times for a person: "48 s", "6 min 12 s", "2 h 5 min".
package enum TimeSpan {
  package static func text(seconds: Double) -> String {
    guard seconds.isFinite else { return "–" }
    let whole = Int(max(0, min(seconds, 1e9)).rounded(.up))
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }
}
