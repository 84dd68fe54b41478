internal import Support

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
  /// Whether more than one member was ever needed for some units.
  var comparesOpinions = false
  /// Members came to different results, and it is not known who was wrong.
  var isDisputed = false

  /// Consecutive units as they were lent; whoever else computes them computes exactly these.
  struct Portion: Sendable {
    let units: Range<Int>
    var opinionsNeeded: Int
    /// Something that was delivered is not finite: whoever delivered it may not be believed alone, but may be asked again.
    var isDoubtful = false
    /// Leases that are out.
    var holders: [Int] = []
    var opinions: [Opinion] = []
    /// What counted; nil while nothing has.
    var counted: Opinion?
    var isDisputed = false

    /// The deliveries that agree on what most agree on; of several such groups, the one that was there first.
    var agreed: [Opinion] {
      var best: [Opinion] = []
      for opinion in opinions where !best.contains(where: { $0.digest == opinion.digest }) {
        let same = opinions.filter { $0.digest == opinion.digest }
        if same.count > best.count { best = same }
      }
      return best
    }

    /// Whether more members should compute it than do.
    var wantsOpinions: Bool { counted == nil && agreed.count + holders.count < opinionsNeeded }
  }

  /// What one member delivered.
  struct Opinion: Sendable, Equatable {
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

  /// Forgets everything that was delivered; from now on `opinionsNeeded` members must agree on each unit.
  mutating func restart(opinionsNeeded: Int, isDisputed: Bool) {
    pending = [0..<total]
    portions = [:]
    self.opinionsNeeded = opinionsNeeded
    self.isDisputed = isDisputed
    if opinionsNeeded > 1 { comparesOpinions = true }
  }

  /// Deliveries that wait for others to agree with them.
  var waitingOpinions: [Opinion] {
    portions.keys.sorted().flatMap { first in
      portions[first].map { $0.counted == nil ? $0.opinions : [] } ?? []
    }
  }
}
