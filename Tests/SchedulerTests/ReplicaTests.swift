import Scheduler
import Testing

@Suite struct ReplicaTests {
  /// Workers with a duplicate rate of 1, the first two of which hold the only unit of an evaluation.
  private func underWay(workers: Int) throws -> (test: TestCluster, leases: [Lease]) {
    var test = TestCluster(workers: workers, duplicateRate: 1)
    test.evaluate(run: 0, blocks: 1)
    #expect(test.leases.count == 2)
    return (test, test.leases)
  }

  private let round = Round(run: 0, kind: .evaluation)

  @Test("Units that need two replicas count once two workers agree")
  func agreement() throws {
    var (test, leases) = try underWay(workers: 2)
    test.deliver(leases[0])
    #expect(!test.has(.count(leases[0])))
    test.deliver(leases[1])
    #expect(test.has(.count(leases[0])))
    #expect(test.has(.discard(lease: leases[1].identifier)))
    #expect(test.has(.completed(round)))
  }

  @Test("Where two workers disagree a third breaks the tie, and the one that was wrong is quarantined")
  func thirdOpinion() throws {
    var (test, leases) = try underWay(workers: 3)
    test.deliver(leases[0], 2)
    test.deliver(leases[1])
    #expect(test.has(.disagreement(round, units: 0..<1, workers: [worker(0), worker(1)])))
    let third = try #require(test.held(by: worker(2)).first)
    test.deliver(third)
    #expect(test.has(.count(leases[1])))
    #expect(test.actions.contains { if case .quarantined(worker(0), _, _) = $0 { true } else { false } })
    #expect(test.cluster.workerCount == 2)
  }

  @Test("A disagreement of the only two workers is held and reported until a third joins")
  func held() throws {
    var (test, leases) = try underWay(workers: 2)
    test.deliver(leases[0], 2)
    test.deliver(leases[1])
    test.wait(.seconds(20))
    #expect(!test.has(.completed(round)))
    #expect(test.cluster.disputes == 1)
    test.join(worker(2))
    test.deliver(try #require(test.held(by: worker(2)).first), 2)
    #expect(test.has(.completed(round)))
    #expect(test.actions.contains { if case .quarantined(worker(1), _, _) = $0 { true } else { false } })
  }

  @Test("The only worker is believed, but not before another had time to join")
  func waiver() throws {
    var test = TestCluster(workers: 1, duplicateRate: 1)
    test.evaluate(run: 0, blocks: 1)
    test.deliver(test.leases[0])
    #expect(!test.has(.completed(round)))
    test.wait(.seconds(2))
    #expect(test.has(.completed(round)))
  }

  @Test("A worker that comes back under a new identifier cannot confirm itself")
  func noSelfConfirmation() throws {
    var (test, leases) = try underWay(workers: 2)
    test.deliver(leases[0], 2)
    test.do { $0.handle(.left(worker(0)), at: $1) }
    #expect(test.has(.discard(lease: leases[0].identifier)))
    test.join(worker(2))
    test.deliver(try #require(test.held(by: worker(2)).first), 2)
    #expect(!test.has(.completed(round)))
  }

  @Test("A result that is not finite counts when two workers deliver it")
  func notFinite() throws {
    var test = TestCluster(workers: 2)
    test.evaluate(run: 0, blocks: 1)
    test.deliver(test.leases[0], .nan)
    #expect(!test.has(.completed(round)))
    test.deliver(try #require(test.held(by: worker(1)).first), .nan)
    #expect(test.has(.completed(round)))
  }

  @Test("The only worker is asked again whether its result is really not finite")
  func notFiniteAlone() throws {
    var test = TestCluster(workers: 1)
    test.evaluate(run: 0, blocks: 1)
    test.deliver(test.leases[0], .nan)
    test.wait(.seconds(2))
    #expect(test.leases.count == 2)
    // It was not: the third time decides, and no worker is quarantined.
    test.deliver(test.leases[1])
    test.wait(.seconds(2))
    test.deliver(test.leases[2])
    #expect(test.has(.completed(round)))
    #expect(test.has(.count(test.leases[1])))
    #expect(test.cluster.workerCount == 1)
  }

  @Test("A late delivery that differs from the one that counted restarts the round, with two replicas of each unit")
  func restart() throws {
    var test = TestCluster(workers: 3)
    test.evaluate(run: 0, blocks: 4)
    let late = try #require(test.held(by: worker(1)).first)
    for lease in test.held(by: worker(0)) { test.deliver(lease) }
    test.wait(.seconds(3))
    let again = try #require(test.held(by: worker(0)).first)
    #expect(again.units == late.units)
    test.deliver(again)
    test.deliver(late, 2)
    #expect(test.has(.disagreement(round, units: 1..<2, workers: [worker(0), worker(1)])))
    #expect(test.has(.restart(round)))
    #expect(test.cluster.problems().isEmpty)
    // The second worker stays wrong, and the two others agree.
    while !test.has(.completed(round)), test.leases.count < 40 {
      for index in 0..<3 {
        for lease in test.held(by: worker(index)) { test.deliver(lease, index == 1 ? 2 : 1) }
      }
    }
    #expect(test.has(.completed(round)))
    #expect(test.cluster.summary.map(\.worker) == [worker(0), worker(2)])
  }

  @Test("A step that needs a replica is shared, and whole runs are assigned at most up to it")
  func comparedSteps() {
    var test = TestCluster(workers: 1, duplicateRate: 1)
    test.train(run: 0)
    #expect(test.leases.allSatisfy { $0.round != nil })
    var some = TestCluster(workers: 1, duplicateRate: 0.1)
    some.train(run: 0, steps: 1_000)
    #expect(some.leases.count == 1)
    #expect((some.leases[0].end ?? 1_000) < 200)
  }
}
