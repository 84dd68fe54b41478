internal import Hashing

/// An open round: what nobody has yet, and what was lent of it.
struct RoundState: Sendable {
  let round: Round
  let total: Int
  /// Units that nobody has, in order, apart from each other.
  private(set) var pending: [Range<Int>]
  /// What was lent, by its first unit; together with what is pending they cover the round.
  var portions: [Int: Portion] = [:]
  /// Deliveries by different members that must agree before units count.
  var opinionsNeeded = 1

  /// Consecutive units as they were lent; whoever else computes them computes exactly these.
  struct Portion: Sendable {
    let units: Range<Int>
    var opinionsNeeded: Int
    /// Leases that are out.
    var holders: [Int] = []
    var opinions: [Opinion] = []
    /// What counted; nil while nothing has.
    var counted: Opinion?
    var isDisputed = false

    /// How many deliveries agree on what most agree on.
    var agreement: Int {
      Dictionary(grouping: opinions, by: \.digest).values.map(\.count).max() ?? 0
    }

    /// Whether more members should compute it than do.
    var wantsOpinions: Bool { counted == nil && agreement + holders.count < opinionsNeeded }
  }

  /// What one member delivered.
  struct Opinion: Sendable {
    let lease: Int
    let member: Member
    /// nil where there is nothing to compare it with.
    let digest: TensorDigest?
  }

  init(round: Round, total: Int) {
    self.round = round
    self.total = total
    pending = [0..<total]
  }

  var isComplete: Bool { pending.isEmpty && portions.values.allSatisfy { $0.counted != nil } }
  var pendingCount: Int { pending.reduce(0) { $0 + $1.count } }

  /// Takes up to `count` consecutive units that nobody has.
  mutating func take(_ count: Int) -> Range<Int>? {
    guard let first = pending.first else { return nil }
    let taken = first.prefix(max(1, count))
    if taken.count == first.count {
      pending.removeFirst()
    } else {
      pending[0] = taken.upperBound..<first.upperBound
    }
    return taken
  }

  /// Gives units back.
  mutating func putBack(_ units: Range<Int>) {
    portions[units.lowerBound] = nil
    var joined: [Range<Int>] = []
    for range in (pending + [units]).sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = joined.last, last.upperBound == range.lowerBound {
        joined[joined.count - 1] = last.lowerBound..<range.upperBound
      } else {
        joined.append(range)
      }
    }
    pending = joined
  }

  /// Forgets everything that was delivered; from now on two members must agree on each unit.
  mutating func restart() {
    pending = [0..<total]
    portions = [:]
    opinionsNeeded = 2
  }
}
