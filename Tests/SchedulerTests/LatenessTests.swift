import Scheduler
import Support
import Testing

@Suite struct LatenessTests {
  /// Two workers, of which the first knows how long a micro-batch takes, and a lease of the second.
  private func underWay() throws -> (test: TestCluster, late: Lease) {
    var test = TestCluster(workers: 2)
    test.train(run: 0)
    for _ in 0..<4 {
      test.wait(.seconds(1))
      for index in 0..<2 { for lease in test.held(by: worker(index)) { test.deliver(lease) } }
    }
    for lease in test.held(by: worker(0)) { test.deliver(lease) }
    return (test, try #require(test.held(by: worker(1)).first))
  }

  @Test("The tail of a round is assigned again after twice the median time, and the first delivery counts")
  func speculation() throws {
    var (test, late) = try underWay()
    test.wait(.milliseconds(1_900))
    #expect(test.held(by: worker(0)).isEmpty)
    test.wait(.milliseconds(300))
    let again = try #require(test.held(by: worker(0)).first)
    #expect(again.units == late.units)
    test.deliver(again)
    #expect(test.has(.count(again)))
    test.deliver(late)
    #expect(test.has(.discard(lease: late.identifier)))
    #expect(!test.has(.count(late)))
  }

  @Test("A lease that waits behind an overdue one is overdue too")
  func behindOverdue() throws {
    var test = TestCluster(workers: 2, timing: ClusterTiming(firstLease: .seconds(10)))
    test.evaluate(run: 0, blocks: 8)
    #expect(test.held(by: worker(1)).count == 2)
    // The second worker hangs; the first does everything else.
    for _ in 0..<10 {
      test.wait(.seconds(5))
      if let lease = test.held(by: worker(0)).first { test.deliver(lease) }
    }
    #expect(test.has(.completed(Round(run: 0, kind: .evaluation))))
  }

  @Test("The work of a silent worker is reassigned at once; the worker is expelled much later")
  func silence() throws {
    var (test, late) = try underWay()
    test.wait(.milliseconds(1_700), silent: [worker(1)])
    #expect(test.held(by: worker(0)).map(\.units) == [late.units])
    #expect(test.cluster.workerCount == 2)
    test.wait(.seconds(30), silent: [worker(1)])
    #expect(test.cluster.workerCount == 1)
    #expect(test.actions.contains { if case .expelled(worker(1), _) = $0 { true } else { false } })
  }

  @Test("A worker that was silent and is heard again is assigned work again")
  func returning() throws {
    var (test, _) = try underWay()
    test.wait(.seconds(3), silent: [worker(1)])
    test.wait(.milliseconds(200))
    #expect(test.cluster.summary.allSatisfy { !$0.isSilent })
  }

  @Test("No worker counts as silent because the coordinator itself was held up")
  func heldUp() {
    var test = TestCluster(workers: 2)
    test.train(run: 0)
    test.wait(.seconds(1))
    test.now += .seconds(60)
    test.do { $0.handle(.timePassed, at: $1) }
    #expect(test.cluster.summary.allSatisfy { !$0.isSilent })
    #expect(test.cluster.workerCount == 2)
  }

  @Test("A run of a silent worker is assigned to another, and later deliveries of the first do not count")
  func silentTrainer() throws {
    var test = TestCluster(workers: 1)
    test.train(run: 0)
    let first = try #require(test.held(by: worker(0)).first)
    test.wait(.milliseconds(1_600), silent: [worker(0)])
    test.join(worker(1))
    let second = try #require(test.held(by: worker(1)).first)
    #expect(second.run == 0)
    let delivered = test.cluster.deliver(
      training: second.identifier, from: worker(1), steps: 4, isLast: false, at: test.now)
    #expect(delivered?.counts == true)
    test.do { cluster, _ in cluster.recallOthers(than: second) }
    test.do { $0.advance(run: 0, to: 4, at: $1) }
    #expect(test.has(.recall(first)))
    let late = test.cluster.deliver(training: first.identifier, from: worker(0), steps: 9, isLast: true, at: test.now)
    #expect(late?.counts == false)
    #expect(test.cluster.problems().isEmpty)
  }

  @Test("The only worker is sent its lease again when it delivers nothing for long, each time after a longer wait")
  func reminders() {
    var test = TestCluster(workers: 1, timing: ClusterTiming(firstLease: .seconds(10)))
    test.train(run: 0)
    test.wait(.seconds(100))
    let reminders = test.actions.filter { if case .remind = $0 { true } else { false } }
    #expect(reminders.count == 3)
  }

  @Test("The work of a worker that dies is reassigned, and no worker can deliver another's lease")
  func death() throws {
    var (test, late) = try underWay()
    test.do { $0.handle(.left(worker(1)), at: $1) }
    let again = try #require(test.held(by: worker(0)).first)
    #expect(again.units == late.units)
    test.deliver(late)
    #expect(test.has(.discard(lease: late.identifier)))
    test.do { $0.deliver(lease: again.identifier, from: worker(1), .logits([1]), at: $1) }
    #expect(test.cluster.lease(again.identifier) == again)
  }
}
