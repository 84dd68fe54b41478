/// How long pieces of work of one kind took lately, in seconds a unit.
struct Pace: Sendable {
  private var recent: [Double] = []
  private var sorted: [Double] = []
  private var next = 0
  private static let window = 64

  mutating func add(_ seconds: Double) {
    if recent.count < Self.window {
      recent.append(seconds)
    } else {
      // Kept in order, because it is asked for more often than it changes.
      sorted.remove(at: position(of: recent[next]))
      recent[next] = seconds
      next = (next + 1) % Self.window
    }
    sorted.insert(seconds, at: position(of: seconds))
  }

  /// The value below which the share `share` of the pieces lay; nil before there was one.
  func quantile(_ share: Double) -> Double? {
    guard !sorted.isEmpty else { return nil }
    return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
  }

  /// Where the first value lies that is not below `seconds`.
  private func position(of seconds: Double) -> Int {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < seconds { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// What is known of a member's speed: seconds a unit, newer ones weighing more.
struct MemberSpeed: Sendable {
  private(set) var secondsPerUnit: Double?

  mutating func add(_ seconds: Double) {
    secondsPerUnit = secondsPerUnit.map { 0.7 * $0 + 0.3 * seconds } ?? seconds
  }

  /// Something took at least so long.
  mutating func addAtLeast(_ seconds: Double) {
    if seconds > secondsPerUnit ?? 0 { add(seconds) }
  }

  /// Units a second; nil before one was done.
  var rate: Double? { secondsPerUnit.map { 1 / max($0, 1e-9) } }
}
