/// How long pieces of work of one kind took lately, in seconds a unit.
struct Pace: Sendable {
  private var recent: [Double] = []
  private var next = 0
  private static let window = 64

  mutating func add(_ seconds: Double) {
    if recent.count < Self.window {
      recent.append(seconds)
    } else {
      recent[next] = seconds
      next = (next + 1) % Self.window
    }
  }

  /// The value below which the share `share` of the pieces lay; nil before there was one.
  func quantile(_ share: Double) -> Double? {
    guard !recent.isEmpty else { return nil }
    let sorted = recent.sorted()
    return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
  }
}

/// What is known of a member's speed: seconds a unit, newer ones weighing more.
struct MemberSpeed: Sendable {
  private(set) var secondsPerUnit: Double?

  mutating func add(_ seconds: Double) {
    secondsPerUnit = secondsPerUnit.map { 0.7 * $0 + 0.3 * seconds } ?? seconds
  }

  /// Units a second; nil before one was done.
  var rate: Double? { secondsPerUnit.map { 1 / max($0, 1e-9) } }
}
