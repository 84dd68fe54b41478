import Scheduler
import Support
import Testing

@Suite struct LatenessTests {
  /// Two members, of which the first knows how long a micro-batch takes, and a lease of the second.
  private func underWay() throws -> (test: TestCluster, late: Lease) {
    var test = TestCluster(members: 2)
    test.train(run: 0)
    for _ in 0..<4 {
      test.wait(.seconds(1))
      for index in 0..<2 { for lease in test.held(by: member(index)) { test.deliver(lease) } }
    }
    for lease in test.held(by: member(0)) { test.deliver(lease) }
    return (test, try #require(test.held(by: member(1)).first))
  }

  @Test("The tail of a round is lent a second time after twice the usual time; whoever delivers first counts")
  func speculation() throws {
    var (test, late) = try underWay()
    test.wait(.milliseconds(1_900))
    #expect(test.held(by: member(0)).isEmpty)
    test.wait(.milliseconds(300))
    let again = try #require(test.held(by: member(0)).first)
    #expect(again.units == late.units)
    test.deliver(again)
    #expect(test.has(.count(again)))
    test.deliver(late)
    #expect(test.has(.discard(lease: late.identifier)))
    #expect(!test.has(.count(late)))
  }

  @Test("What waits behind an overdue lease is overdue too")
  func behindOverdue() throws {
    var test = TestCluster(members: 2, timing: ClusterTiming(firstLease: .seconds(10)))
    test.evaluate(run: 0, blocks: 8)
    #expect(test.held(by: member(1)).count == 2)
    // The second member hangs; the first does everything else.
    for _ in 0..<10 {
      test.wait(.seconds(5))
      if let lease = test.held(by: member(0)).first { test.deliver(lease) }
    }
    #expect(test.has(.completed(Round(run: 0, kind: .evaluation))))
  }

  @Test("What a silent member holds is lent again at once; it is given up much later")
  func silence() throws {
    var (test, late) = try underWay()
    test.wait(.milliseconds(1_700), silent: [member(1)])
    #expect(test.held(by: member(0)).map(\.units) == [late.units])
    #expect(test.cluster.memberCount == 2)
    test.wait(.seconds(30), silent: [member(1)])
    #expect(test.cluster.memberCount == 1)
    #expect(test.actions.contains { if case .expelled(member(1), _) = $0 { true } else { false } })
  }

  @Test("A member that was silent and is heard again is lent work again")
  func returning() throws {
    var (test, _) = try underWay()
    test.wait(.seconds(3), silent: [member(1)])
    test.wait(.milliseconds(200))
    #expect(test.cluster.summary.allSatisfy { !$0.isSilent })
  }

  @Test("Nobody is silent because the coordinator itself was held up")
  func heldUp() {
    var test = TestCluster(members: 2)
    test.train(run: 0)
    test.wait(.seconds(1))
    test.now += .seconds(60)
    test.do { $0.tick(at: $1) }
    #expect(test.cluster.summary.allSatisfy { !$0.isSilent })
    #expect(test.cluster.memberCount == 2)
  }

  @Test("A run whose member is silent is lent to another; the first one's later deliveries do not count")
  func silentTrainer() throws {
    var test = TestCluster(members: 1)
    test.train(run: 0)
    let first = try #require(test.held(by: member(0)).first)
    test.wait(.milliseconds(1_600), silent: [member(0)])
    test.join(member(1))
    let second = try #require(test.held(by: member(1)).first)
    #expect(second.run == 0)
    let delivered = test.cluster.deliver(
      training: second.identifier, from: member(1), steps: 4, isLast: false, at: test.now)
    #expect(delivered?.counts == true)
    test.do { cluster, _ in cluster.recallOthers(than: second) }
    test.do { $0.advance(run: 0, to: 4, at: $1) }
    #expect(test.has(.recall(first)))
    let late = test.cluster.deliver(training: first.identifier, from: member(0), steps: 9, isLast: true, at: test.now)
    #expect(late?.counts == false)
    #expect(test.cluster.problems().isEmpty)
  }

  @Test("A member that is alone and delivers nothing for long is sent its lease again, ever more seldom")
  func reminders() {
    var test = TestCluster(members: 1, timing: ClusterTiming(firstLease: .seconds(10)))
    test.train(run: 0)
    test.wait(.seconds(100))
    let reminders = test.actions.filter { if case .remind = $0 { true } else { false } }
    #expect(reminders.count == 3)
  }

  @Test("A member that dies has its work lent again; nobody can deliver what was lent to another")
  func death() throws {
    var (test, late) = try underWay()
    test.do { $0.leave(member(1), at: $1) }
    let again = try #require(test.held(by: member(0)).first)
    #expect(again.units == late.units)
    test.deliver(late)
    #expect(test.has(.discard(lease: late.identifier)))
    test.do { $0.deliver(lease: again.identifier, from: member(1), digest: { TensorDigest(of: [Float(1)]) }, at: $1) }
    #expect(test.cluster.lease(again.identifier) == again)
  }
}
