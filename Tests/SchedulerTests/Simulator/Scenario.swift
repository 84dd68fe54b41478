import Scheduler
import Support

/// What kind of world a seed is: who works in it, and what goes wrong.
struct Scenario {
  /// Faults of a worker, the coordinator or the network.
  enum Fault: CaseIterable {
    case crash, crashUnseen, freeze, hang, partition, breakSilently, breakNoticed, drain, join
    case coordinatorCrash, coordinatorStall, slowDisk, sliceLoss
  }

  struct Happening {
    let time: Int
    let fault: Fault
    /// Chooses the victim.
    let victim: Int
    /// Microseconds.
    let duration: Int
  }

  enum Character {
    case honest
    /// From some time on its results differ in a bit.
    case wrong
    /// One of its results is not a number.
    case undefinedOnce
  }

  let characters: [Character]
  let secondsPerUnit: [Double]
  let sharesMemory: [Bool]
  let duplicateRate: Double
  /// Messages of one kind may overtake each other.
  let reorders: Bool
  let duplication: Double
  let loss: Double
  let spikes: Double
  let happenings: [Happening]
  let timing: ClusterTiming
  /// Shared runs lie in slices.
  let hasReducer: Bool
  /// Workers without faults: two where another one is wrong and must be noticed.
  var steady: Int { characters.allSatisfy { $0 == .honest } ? 0 : 2 }

  private static let losses = [Fault](repeating: .sliceLoss, count: 6)

  init(key: RandomKey) {
    var random = key.generator
    var workers = 1 + random.index(below: 5)
    let fate = random.uniform()
    var characters = [Character](repeating: .honest, count: workers)
    if fate < 0.15 {
      workers = max(3, workers)
      characters = Array(repeating: .honest, count: workers)
      characters[2] = .wrong
    } else if fate < 0.25 {
      workers = max(3, workers)
      characters = Array(repeating: .honest, count: workers)
      characters[2] = .undefinedOnce
    }
    self.characters = characters
    secondsPerUnit = (0..<workers).map { _ in 0.02 * [1, 3, 10, 30][random.index(below: 4)] * (0.7 + random.uniform()) }
    let isLocal = random.uniform()
    sharesMemory = (0..<workers).map { _ in isLocal < 0.4 || (isLocal < 0.7 && random.uniform() < 0.5) }
    let rates = [0, 0, 0, 0.1, 0.5, 1]
    let rate = rates[random.index(below: rates.count)]
    duplicateRate = characters.contains(.wrong) ? 1 : rate
    reorders = random.uniform() < 0.3
    duplication = random.uniform() < 0.3 ? 0.1 : 0
    loss = random.uniform() < 0.15 ? 0.02 : 0
    spikes = random.uniform() < 0.3 ? 0.05 : 0
    let hasReducer = random.uniform() < 0.3
    self.hasReducer = hasReducer
    let count = random.uniform() < 0.1 ? 0 : random.index(below: 14)
    let span = 2e6 + random.uniform() * 40e6
    happenings = (0..<count).map { _ in
      // Those that make a identifier late rather than gone come more often.
      let faults = Fault.allCases + [.freeze, .partition, .partition, .drain] + (hasReducer ? Self.losses : [])
      let fault = faults[random.index(below: faults.count)]
      return Happening(
        time: Int(random.uniform() * span), fault: fault, victim: random.index(below: 1_000),
        duration: Int([0.05, 0.5, 3, 8, 35][random.index(below: 5)] * (0.5 + random.uniform()) * 1e6))
    }
    timing = ClusterTiming(
      expulsionLimit: .seconds(random.uniform() < 0.5 ? 5 : 30), firstLease: .seconds(random.uniform() < 0.5 ? 10 : 60))
  }
}
