import Scheduler
import Testing

@Suite struct OpinionTests {
  /// Members that all compute everything, the first two of which hold the only unit of an evaluation.
  private func underWay(members: Int) throws -> (test: TestCluster, leases: [Lease]) {
    var test = TestCluster(members: members, duplicateRate: 1)
    test.evaluate(run: 0, blocks: 1)
    #expect(test.leases.count == 2)
    return (test, test.leases)
  }

  private let round = Round(run: 0, kind: .evaluation)

  @Test("Units that are compared count once two members agree about them")
  func agreement() throws {
    var (test, leases) = try underWay(members: 2)
    test.deliver(leases[0])
    #expect(!test.has(.count(leases[0])))
    test.deliver(leases[1])
    #expect(test.has(.count(leases[0])))
    #expect(test.has(.discard(lease: leases[1].identifier)))
    #expect(test.has(.completed(round)))
  }

  @Test("Where two members disagree a third one settles it, and whoever was wrong is put aside")
  func thirdOpinion() throws {
    var (test, leases) = try underWay(members: 3)
    test.deliver(leases[0], 2)
    test.deliver(leases[1])
    #expect(test.has(.disagreement(round, units: 0..<1, members: [member(0), member(1)])))
    let third = try #require(test.held(by: member(2)).first)
    test.deliver(third)
    #expect(test.has(.count(leases[1])))
    #expect(test.actions.contains { if case .putAside(member(0), _, _) = $0 { true } else { false } })
    #expect(test.cluster.memberCount == 2)
  }

  @Test("Two members that disagree are held and reported until a third one comes")
  func held() throws {
    var (test, leases) = try underWay(members: 2)
    test.deliver(leases[0], 2)
    test.deliver(leases[1])
    test.wait(.seconds(20))
    #expect(!test.has(.completed(round)))
    #expect(test.cluster.disputes == 1)
    test.join(member(2))
    test.deliver(try #require(test.held(by: member(2)).first), 2)
    #expect(test.has(.completed(round)))
    #expect(test.actions.contains { if case .putAside(member(1), _, _) = $0 { true } else { false } })
  }

  @Test("A member that is alone is believed, but not before another one has had time to come")
  func waiver() throws {
    var test = TestCluster(members: 1, duplicateRate: 1)
    test.evaluate(run: 0, blocks: 1)
    test.deliver(test.leases[0])
    #expect(!test.has(.completed(round)))
    test.wait(.seconds(2))
    #expect(test.has(.completed(round)))
  }

  @Test("A worker that comes back as another member cannot confirm itself")
  func noSelfConfirmation() throws {
    var (test, leases) = try underWay(members: 2)
    test.deliver(leases[0], 2)
    test.do { $0.leave(member(0), at: $1) }
    #expect(test.has(.discard(lease: leases[0].identifier)))
    test.join(member(2))
    test.deliver(try #require(test.held(by: member(2)).first), 2)
    #expect(!test.has(.completed(round)))
  }

  @Test("What is not finite counts when two members say so")
  func notFinite() throws {
    var test = TestCluster(members: 2)
    test.evaluate(run: 0, blocks: 1)
    test.deliver(test.leases[0], .nan, isFinite: false)
    #expect(!test.has(.completed(round)))
    test.deliver(try #require(test.held(by: member(1)).first), .nan, isFinite: false)
    #expect(test.has(.completed(round)))
  }

  @Test("A member that is alone is asked again whether its result is really not finite")
  func notFiniteAlone() throws {
    var test = TestCluster(members: 1)
    test.evaluate(run: 0, blocks: 1)
    test.deliver(test.leases[0], .nan, isFinite: false)
    test.wait(.seconds(2))
    #expect(test.leases.count == 2)
    // It was not: the third time decides, and nobody is put aside.
    test.deliver(test.leases[1])
    test.wait(.seconds(2))
    test.deliver(test.leases[2])
    #expect(test.has(.completed(round)))
    #expect(test.has(.count(test.leases[1])))
    #expect(test.cluster.memberCount == 1)
  }

  @Test("A late delivery that differs from what counted makes the round begin anew, with two members for each unit")
  func restart() throws {
    var test = TestCluster(members: 3)
    test.evaluate(run: 0, blocks: 4)
    let late = try #require(test.held(by: member(1)).first)
    for lease in test.held(by: member(0)) { test.deliver(lease) }
    test.wait(.seconds(3))
    let again = try #require(test.held(by: member(0)).first)
    #expect(again.units == late.units)
    test.deliver(again)
    test.deliver(late, 2)
    #expect(test.has(.disagreement(round, units: 1..<2, members: [member(0), member(1)])))
    #expect(test.has(.restart(round)))
    #expect(test.cluster.problems().isEmpty)
    // The second member goes on being wrong, and is found out by the two others.
    while !test.has(.completed(round)), test.leases.count < 40 {
      for index in 0..<3 {
        for lease in test.held(by: member(index)) { test.deliver(lease, index == 1 ? 2 : 1) }
      }
    }
    #expect(test.has(.completed(round)))
    #expect(test.cluster.summary.map(\.member) == [member(0), member(2)])
  }

  @Test("A step that is compared is shared, and whole runs are lent up to it at most")
  func comparedSteps() {
    var test = TestCluster(members: 1, duplicateRate: 1)
    test.train(run: 0)
    #expect(test.leases.allSatisfy { $0.round != nil })
    var some = TestCluster(members: 1, duplicateRate: 0.1)
    some.train(run: 0, steps: 1_000)
    #expect(some.leases.count == 1)
    #expect((some.leases[0].end ?? 1_000) < 200)
  }
}
