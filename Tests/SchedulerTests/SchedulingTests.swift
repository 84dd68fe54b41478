import Scheduler
import Testing

@Suite struct SchedulingTests {
  private func isWhole(_ lease: Lease) -> Bool { lease.round == nil }

  @Test("Runs are assigned whole while there are at least as many as workers")
  func wholeRuns() {
    var test = TestCluster()
    for run in 0..<3 { test.train(run: run) }
    for index in 0..<2 { test.join(worker(index)) }
    #expect(test.held(by: worker(0)).map(\.run) == [0])
    #expect(test.held(by: worker(1)).map(\.run) == [1])
    #expect(test.leases.allSatisfy(isWhole))
    #expect(test.cluster.problems().isEmpty)
  }

  @Test("Runs of a pack are assigned together to one worker, and never shared")
  func packs() throws {
    var test = TestCluster(workers: 3)
    test.train(pack: 0, runs: 0..<4)
    test.train(pack: 4, runs: 4..<6)
    #expect(test.held(by: worker(0)).map(\.run) == [0, 1, 2, 3])
    #expect(test.held(by: worker(1)).map(\.run) == [4, 5])
    #expect(test.held(by: worker(2)).isEmpty)
    #expect(test.leases.allSatisfy(isWhole))
    #expect(test.cluster.problems().isEmpty)
    test.do { $0.handle(.left(worker(0)), at: $1) }
    #expect(test.held(by: worker(2)).map(\.run) == [0, 1, 2, 3])
    let lease = try #require(test.held(by: worker(2)).first)
    test.giveBack(lease, before: 7)
    #expect(test.held(by: worker(2)).map(\.run) == [1, 2, 3])
    #expect(test.cluster.problems().isEmpty)
  }

  @Test("The last run is shared among all workers by micro-batch")
  func lastRun() {
    var test = TestCluster(workers: 4)
    test.train(run: 0)
    #expect(test.leases.compactMap(\.units) == [0..<2, 2..<4, 4..<6, 6..<8])
    #expect(Set(test.leases.map(\.worker)).count == 4)
  }

  @Test("A run whose steps are one micro-batch each is assigned whole, however many workers there are")
  func unsplittable() {
    var test = TestCluster(workers: 4, units: 1)
    test.train(run: 0)
    #expect(test.leases.count == 1)
    #expect(test.leases.allSatisfy(isWhole))
  }

  /// Units of a step that each of two workers is assigned in the end, when one micro-batch takes them so many
  /// milliseconds.
  private func shares(milliseconds: [Int]) -> [Int] {
    var test = TestCluster(workers: 2, units: 8)
    test.train(run: 0, steps: 1_000)
    // When each lease was begun.
    var begun: [Int: Int] = [:]
    for _ in 0..<200 {
      let due = (0..<2).compactMap { index -> (time: Int, index: Int)? in
        guard let lease = test.held(by: worker(index)).first else { return nil }
        let begin = begun[lease.identifier] ?? Int(test.now / .milliseconds(1))
        begun[lease.identifier] = begin
        return (begin + milliseconds[index] * (lease.units?.count ?? 0), index)
      }
      guard let next = due.min(by: { $0.time < $1.time }) else { break }
      test.now = .milliseconds(next.time)
      for index in 0..<2 { _ = test.cluster.handle(.heard(worker(index)), at: test.now) }
      if let lease = test.held(by: worker(next.index)).first { test.deliver(lease) }
    }
    // What was assigned of the last step that is done.
    let step = test.leases.compactMap { if case .step(let step)? = $0.round?.kind { step } else { nil } }.max() ?? 0
    let round = Round(run: 0, kind: .step(step - 1))
    return [0, 1].map { index in
      test.leases.filter { $0.round == round && $0.worker == worker(index) }.reduce(0) { $0 + ($1.units?.count ?? 0) }
    }
  }

  @Test("Workers get micro-batches in proportion to their measured rates")
  func proportions() {
    #expect(shares(milliseconds: [10, 10]) == [4, 4])
    #expect(shares(milliseconds: [10, 30]) == [6, 2])
  }

  @Test("A worker so slow that all others would wait for it is assigned no micro-batches")
  func tooSlow() {
    #expect(shares(milliseconds: [5, 100]) == [8, 0])
  }

  @Test("An exclusive run is recalled when another worker idles, and then shared")
  func recall() throws {
    var test = TestCluster(workers: 1)
    test.train(run: 0)
    let lease = try #require(test.held(by: worker(0)).first)
    test.join(worker(1))
    #expect(test.has(.recall(lease)))
    test.giveBack(lease, before: 5)
    #expect(test.held(by: worker(0)).map(\.units) == [0..<4])
    #expect(test.held(by: worker(1)).map(\.units) == [4..<8])
    #expect(test.held(by: worker(0)).first?.round == Round(run: 0, kind: .step(5)))
  }

  @Test("A run is recalled once, not at every event")
  func noThrash() {
    var test = TestCluster(workers: 1)
    test.train(run: 0)
    test.join(worker(1))
    test.wait(.seconds(1))
    let recalls = test.actions.filter { if case .recall = $0 { true } else { false } }
    #expect(recalls.count == 1)
  }

  @Test("With enough evaluations each goes whole to one worker, and the last one in ever smaller portions")
  func evaluations() {
    var test = TestCluster(workers: 2)
    test.evaluate(run: 0, blocks: 16)
    #expect(test.leases.compactMap(\.units) == [0..<4, 4..<7, 7..<9, 9..<11])
    var many = TestCluster()
    for run in 0..<4 { many.evaluate(run: run, blocks: 16) }
    many.join(worker(0))
    #expect(many.leases.compactMap(\.units) == [0..<16, 0..<16])
  }

  @Test("No worker holds more than two leases, or any in addition to an exclusive run")
  func limits() {
    var test = TestCluster(workers: 3)
    for run in 0..<5 { test.evaluate(run: run, blocks: 20) }
    for run in 5..<7 { test.train(run: run) }
    for index in 0..<3 { #expect(test.held(by: worker(index)).count <= 2) }
    #expect(test.cluster.problems().isEmpty)
  }

  @Test("A draining worker finishes its micro-batches, is assigned nothing more, and then leaves")
  func drain() throws {
    var test = TestCluster(workers: 2)
    test.train(run: 0)
    let lease = try #require(test.held(by: worker(0)).first)
    test.do { $0.handle(.draining(worker(0)), at: $1) }
    #expect(!test.has(.drained(worker(0))))
    test.deliver(lease)
    #expect(test.has(.drained(worker(0))))
    #expect(test.has(.count(lease)))
    #expect(test.cluster.workerCount == 1)
    #expect(test.leases.filter { $0.worker == worker(0) }.count == 1)
  }

  @Test("A draining worker gives its run back, and another worker resumes it")
  func drainOfLentRun() throws {
    var test = TestCluster(workers: 1)
    test.train(run: 0)
    let lease = try #require(test.held(by: worker(0)).first)
    test.do { $0.handle(.draining(worker(0)), at: $1) }
    #expect(test.has(.recall(lease)))
    test.giveBack(lease, before: 3)
    #expect(test.has(.drained(worker(0))))
    test.join(worker(1))
    #expect(test.held(by: worker(1)).map(\.work) == [.training(from: 3)])
  }

  @Test("With 64 workers and 64 runs the scheduler looks at a few hundred things an event, not at their product")
  func cost() {
    var test = TestCluster(workers: 64, units: 8)
    for run in 0..<40 { test.evaluate(run: run, blocks: 200) }
    for run in 40..<64 { test.train(run: run, steps: 1_000) }
    let before = test.cluster.effort
    var delivered = 0
    while delivered < 2_000 {
      test.now += .milliseconds(10)
      let leases = test.held(by: worker(delivered * 7 % 64))
      for lease in leases where lease.round != nil { test.deliver(lease) }
      for lease in leases where lease.round == nil {
        test.do {
          _ = $0.deliver(training: lease.identifier, from: lease.worker, steps: 1, isLast: false, at: $1)
          return $0.reconsider(at: $1)
        }
      }
      delivered += 1
    }
    #expect(test.cluster.effort - before < 2_000 * 1_000)
    #expect(test.cluster.problems().isEmpty)
  }
}
