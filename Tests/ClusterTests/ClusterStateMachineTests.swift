import Cluster
import RandomNumbers
import Testing

@Suite struct ClusterStateMachineTests {
  private let a = Member("a")
  private let b = Member("b")

  private func round(_ run: Int, step: Int = 0) -> Round { Round(run: run, kind: .step(step)) }

  private func grants(_ actions: [ClusterStateMachine.Action]) -> [Lease] {
    actions.compactMap { if case .grant(let lease) = $0 { lease } else { nil } }
  }

  @Test("With rounds enough a member is lent a whole round; the last one is shared")
  func sharing() {
    var cluster = ClusterStateMachine()
    _ = cluster.open(round(0), units: 4, largestLease: 4, at: .zero)
    #expect(grants(cluster.join(a, at: .zero)).map(\.units) == [0..<4])
    _ = cluster.open(round(1), units: 4, largestLease: 4, at: .zero)
    var shared = ClusterStateMachine()
    _ = shared.join(a, at: .zero)
    _ = shared.join(b, at: .zero)
    let leases = grants(shared.open(round(0), units: 4, largestLease: 4, at: .zero))
    #expect(leases.map(\.units) == [0..<2, 2..<4])
    #expect(leases.map(\.member) == [a, b])
  }

  @Test("A worker that dies has its micro-batches leased again, and its late delivery does not count")
  func deathLeasesAgain() throws {
    var cluster = ClusterStateMachine()
    _ = cluster.join(a, at: .zero)
    let first = try #require(grants(cluster.open(round(0), units: 4, largestLease: 4, at: .zero)).first)
    #expect(cluster.leave(a, at: .zero).isEmpty)
    #expect(cluster.pendingUnits == 4)
    let again = try #require(grants(cluster.join(b, at: .zero)).first)
    #expect(again.units == first.units)
    #expect(cluster.deliver(lease: first.identifier, from: a, at: .zero).0 == .unknown)
    let (verdict, actions) = cluster.deliver(lease: again.identifier, from: b, at: .zero)
    #expect(verdict == .counted(again))
    #expect(actions == [.completed(round(0))])
  }

  @Test("A lease that runs out is lent again; whoever delivers first counts, the other is a duplicate or too late")
  func expiry() throws {
    var cluster = ClusterStateMachine(timing: ClusterTiming(silenceLimit: .seconds(1_000), shortestLease: .seconds(5)))
    _ = cluster.join(a, at: .zero)
    let slow = try #require(grants(cluster.open(round(0), units: 2, largestLease: 2, at: .zero)).first)
    #expect(grants(cluster.join(b, at: .zero)).isEmpty)
    #expect(cluster.tick(at: .seconds(5)).isEmpty)
    let again = try #require(grants(cluster.tick(at: .seconds(6))).first)
    #expect(again.member == b)
    #expect(cluster.deliver(lease: slow.identifier, from: a, at: .seconds(7)).0 == .counted(slow))
    #expect(cluster.deliver(lease: again.identifier, from: b, at: .seconds(8)).0 == .unknown)
  }

  @Test("A member that was not heard of is given up, one that was is kept")
  func silence() {
    var cluster = ClusterStateMachine()
    _ = cluster.join(a, at: .zero)
    _ = cluster.join(b, at: .zero)
    cluster.hear(b, at: .seconds(2))
    let actions = cluster.tick(at: .seconds(3))
    #expect(actions == [.expelled(a, reason: "not heard of for 3.0 seconds")])
    #expect(cluster.memberCount == 1)
  }

  @Test("Nobody can deliver what was lent to another")
  func forgedDelivery() throws {
    var cluster = ClusterStateMachine()
    _ = cluster.join(a, at: .zero)
    let lease = try #require(grants(cluster.open(round(0), units: 1, largestLease: 1, at: .zero)).first)
    #expect(cluster.deliver(lease: lease.identifier, from: b, at: .zero).0 == .unknown)
    #expect(cluster.deliver(lease: lease.identifier, from: a, at: .zero).0 == .counted(lease))
  }

  @Test("Under random joins, deaths, expiries, delays and forgeries every unit counts exactly once", arguments: 0..<300)
  func randomSchedules(seed: Int) {
    var generator = RandomKey(seed: seed)["cluster"].generator
    var cluster = ClusterStateMachine(timing: ClusterTiming(silenceLimit: .seconds(20), shortestLease: .seconds(3)))
    var now = Duration.zero
    var out: [Lease] = []
    var counted: [Round: [Int]] = [:]
    var completed: Set<Round> = []
    var members: [Member] = []
    let sizes = (0..<6).map { _ in 1 + generator.index(below: 9) }

    func take(_ actions: [ClusterStateMachine.Action]) {
      for action in actions {
        switch action {
        case .grant(let lease):
          #expect(members.contains(lease.member))
          #expect(!completed.contains(lease.round))
          out.append(lease)
        case .completed(let round): #expect(completed.insert(round).inserted)
        case .expelled(let member, _): members.removeAll { $0 == member }
        }
      }
    }

    for (run, units) in sizes.enumerated() {
      take(cluster.open(Round(run: run, kind: .step(0)), units: units, largestLease: units, at: now))
    }
    var events = 0
    while completed.count < sizes.count && events < 5_000 {
      events += 1
      now += .milliseconds(generator.index(below: 900))
      switch generator.index(below: 10) {
      case 0 where members.count < 4, 1 where members.isEmpty:
        let member = Member("m\(events)")
        members.append(member)
        take(cluster.join(member, at: now))
      case 2 where members.count > 1:
        let member = members.remove(at: generator.index(below: members.count))
        take(cluster.leave(member, at: now))
      case 3: take(cluster.tick(at: now))
      default:
        for member in members { cluster.hear(member, at: now) }
        guard !out.isEmpty else { continue }
        let lease = out.remove(at: generator.index(below: out.count))
        let (verdict, actions) = cluster.deliver(lease: lease.identifier, from: lease.member, at: now)
        if case .counted(let lease) = verdict { counted[lease.round, default: []] += lease.units }
        take(actions)
      }
    }
    #expect(completed.count == sizes.count)
    for (run, units) in sizes.enumerated() {
      #expect(counted[Round(run: run, kind: .step(0))]?.sorted() == Array(0..<units))
    }
  }
}
