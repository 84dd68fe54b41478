import Scheduler
import Support
import Testing

@Suite struct WorkerQueueTests {
  private func units(_ identifier: Int, version: Int) -> WorkerLease {
    WorkerLease(identifier: identifier, run: 0, version: version, work: .microBatches(0..<1), sharesMemory: false)
  }

  private func training(_ identifier: Int, version: Int) -> WorkerLease {
    WorkerLease(identifier: identifier, run: 0, version: version, work: .training, sharesMemory: false)
  }

  @Test("A lease waits for its plan and its parameters, in whatever order they come")
  func order() {
    var queue = WorkerQueue()
    queue.haveParameters(of: 0, version: 3)
    queue.grant(units(1, version: 3))
    #expect(queue.next() == nil)
    queue.havePlan(of: 0)
    #expect(queue.next()?.identifier == 1)
  }

  @Test("A lease for an older version of the parameters is dropped, whichever comes first")
  func outdated() {
    var queue = WorkerQueue()
    queue.havePlan(of: 0)
    queue.grant(units(1, version: 3))
    queue.haveParameters(of: 0, version: 4)
    queue.grant(units(2, version: 3))
    #expect(queue.next() == nil)
    queue.grant(units(3, version: 4))
    #expect(queue.next()?.identifier == 3)
  }

  @Test("Older parameters or states that come late are not kept")
  func overtaken() {
    var queue = WorkerQueue()
    queue.havePlan(of: 0)
    queue.haveParameters(of: 0, version: 4)
    let keepsParameters = queue.haveParameters(of: 0, version: 3)
    queue.haveState(of: 0, step: 8)
    let keepsState = queue.haveState(of: 0, step: 7)
    #expect(!keepsParameters && !keepsState)
  }

  @Test("A lease that is sent twice is done once")
  func twice() {
    var queue = WorkerQueue()
    queue.havePlan(of: 0)
    queue.haveParameters(of: 0, version: 0)
    queue.grant(units(1, version: 0))
    queue.grant(units(1, version: 0))
    queue.finish(lease: 1)
    #expect(queue.next() == nil)
  }

  @Test("A run that is assigned again waits for a new state, because training has changed the earlier one")
  func usedState() {
    var queue = WorkerQueue()
    queue.havePlan(of: 0)
    queue.grant(training(1, version: 5))
    queue.haveState(of: 0, step: 5)
    #expect(queue.next()?.identifier == 1)
    queue.begin(training(1, version: 5))
    queue.grant(training(2, version: 5))
    queue.finish(lease: 1)
    #expect(queue.next() == nil)
    queue.haveState(of: 0, step: 5)
    #expect(queue.next()?.identifier == 2)
  }

  @Test("The state of a run's next lease may come before the lease under way has ended")
  func earlyState() {
    var queue = WorkerQueue()
    queue.havePlan(of: 0)
    queue.grant(training(1, version: 5))
    queue.haveState(of: 0, step: 5)
    queue.begin(training(1, version: 5))
    queue.haveState(of: 0, step: 5)
    queue.grant(training(2, version: 5))
    queue.finish(lease: 1)
    #expect(queue.next()?.identifier == 2)
  }

  @Test("A run can be recalled before its lease has come")
  func earlyRecall() {
    var queue = WorkerQueue()
    queue.recall(lease: 1)
    queue.grant(training(1, version: 0))
    #expect(queue.isRecalled(1))
    queue.finish(lease: 1)
    #expect(!queue.isRecalled(1))
  }

  @Test("A lease with missing contents waits for the last of them, and others go first")
  func contents() {
    let contents = (0..<3).map { ContentHash(of: [UInt8($0)]) }
    var queue = WorkerQueue()
    queue.havePlan(of: 0)
    queue.haveParameters(of: 0, version: 3)
    queue.grant(units(1, version: 3))
    queue.grant(units(2, version: 3))
    queue.addMissing([contents[0], contents[1]], for: 1)
    #expect(queue.isMissingContents(1) && !queue.isMissingContents(2))
    #expect(queue.next()?.identifier == 2)
    for content in [contents[2], contents[0], contents[0]] { queue.have(content) }
    #expect(queue.next()?.identifier == 2)
    queue.have(contents[1])
    #expect(queue.next()?.identifier == 1)
    queue.addMissing([contents[2]], for: 1)
    queue.finish(lease: 1)
    queue.addMissing([contents[2]], for: 1)
    #expect(!queue.isMissingContents(1), "a lease that has ended waits for nothing")
  }

  @Test("A recalled run is given back without its missing contents")
  func recalledWithoutContents() {
    let content = ContentHash(of: [1])
    var queue = WorkerQueue()
    queue.havePlan(of: 0)
    queue.haveState(of: 0, step: 5)
    queue.grant(training(1, version: 5))
    queue.addMissing([content], for: 1)
    #expect(queue.next() == nil)
    queue.recall(lease: 1)
    #expect(queue.next()?.identifier == 1 && !queue.isMissingContents(1))
  }
}
