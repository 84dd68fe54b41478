import Scheduler
import Support

/// An audit, its workers and their faults in simulated time; a seed always gives the same world.
final class World {
  let seed: Int
  let scenario: Scenario
  let work: ToyWork
  let reference: Reference
  let flaw: ClusterFlaw?
  var random: RandomStream
  /// Microseconds.
  var now = 0
  var queue = EventQueue<WorldEvent>()
  var workers: [SimulatedWorker] = []
  var links: [Link] = []
  let memory: [SharedMemory]
  /// Runs whose parameters lie with a reducer.
  var slices: [Int: SimulatedSlices] = [:]
  var disk: SimulatedDisk
  var slowDiskUntil = 0
  /// Workers that were wrong once, and may have been refused for it.
  var suspects: Set<Int> = []

  var coordinator: SimulatedCoordinator?
  var session = 0
  var stalledUntil = 0
  var coordinatorSince = 0
  var lastProgress = 0
  var isCalm = false
  var isFinished = false
  /// Workers that are to be drained.
  var coordinatorDrains: Set<WorkerIdentifier> = []
  /// What has happened in this world, and how often.
  var seen: [String: Int] = [:]
  /// What was found to be wrong; the world ends with the first.
  var problem: String?
  private var trace: [String] = []
  private var traceDigest: UInt64 = 0xCBF2_9CE4_8422_2325
  private(set) var events = 0

  init(seed: Int, flaw: ClusterFlaw? = nil) throws {
    self.seed = seed
    self.flaw = flaw
    let key = RandomKey(seed: seed)["simulator"]
    scenario = Scenario(key: key["scenario"])
    work = ToyWork(key: key["work"])
    reference = try Reference(of: work)
    random = key["events"].generator
    memory = work.counts.map { SharedMemory(count: $0) }
    disk = SimulatedDisk(runs: work.runs.count)
  }

  /// Lives until the audit is finished or something is wrong; what was wrong, and what happened before it.
  func live() throws -> String? {
    queue.add(.startCoordinator, at: 0)
    for index in scenario.characters.indices {
      addWorker(like: index)
      // The steady ones come first, lest a wrong one be believed while it is alone.
      queue.add(.start(worker: index), at: 1_000 + (index < scenario.steady ? 0 : random.index(below: 500_000)))
    }
    for happening in scenario.happenings { queue.add(.fault(happening), at: happening.time) }
    let calm = scenario.happenings.map { $0.time + $0.duration }.max() ?? 0
    queue.add(.calm, at: calm + 1)
    while problem == nil, !isFinished, let next = queue.next() {
      now = next.time
      events += 1
      try handle(next.event)
      disk.settle(at: now)
      problem = problem ?? disk.problems.first ?? coordinator?.audit.problems().first
      if events > 200_000 { problem = problem ?? "there is no end to it" }
    }
    if problem == nil { problem = finalProblem() }
    return problem.map { "seed \(seed): \($0)\n\(scenario)\n" + trace.suffix(60).joined(separator: "\n") }
  }

  /// A number that is the same for worlds in which the same happened.
  var digest: UInt64 { traceDigest }

  func note(_ text: @autoclosure () -> String) {
    let line = "\(Double(now) / 1e6) \(text())"
    for byte in line.utf8 { traceDigest = (traceDigest ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    trace.append(line)
    if trace.count > 400 { trace.removeFirst(300) }
  }

  /// Answers the coordinator after some time.
  func answer(_ event: AuditStateMachine.Event, of slices: SimulatedSlices? = nil) {
    // The answers of one reducer do not overtake each other.
    let time = max(slices?.lastAnswer ?? 0, now + random.index(below: 30_000))
    slices?.lastAnswer = time
    queue.add(.answer(event, slices, session: session), at: time)
  }

  func addWorker(like model: Int) {
    workers.append(SimulatedWorker(index: workers.count, scenario: scenario, like: model))
    links.append(Link())
  }

  private func handle(_ event: WorldEvent) throws {
    switch event {
    case .toWorker(let index, let identifier, let message, let connection):
      guard workers[index].isRunning, workers[index].identifier == identifier, links[index].connection == connection
      else {
        return
      }
      guard !postpone(event, for: index) else { return }
      try take(message, by: index)
    case .toCoordinator(let index, let identifier, let message, let connection, let session):
      guard coordinator != nil, session == self.session, links[index].connection == connection else { return }
      guard !isStalled(event) else { return }
      try coordinate { try $0.take(message, from: identifier, of: index, in: self) }
    case .unreachable(let identifier, let session):
      guard coordinator != nil, session == self.session, !isStalled(event) else { return }
      try coordinate { try $0.lose(identifier, in: self) }
    case .slicesLost(let run, let session):
      guard coordinator != nil, session == self.session, !isStalled(event) else { return }
      try coordinate { try $0.loseSlices(of: run, in: self) }
    case .answer(let answer, let slices, let session):
      guard coordinator != nil, session == self.session, !isStalled(event) else { return }
      // What a reducer has not sent before it is lost does not come any more.
      if let slices, slices.isLost { return }
      try coordinate { try $0.handle(answer, in: self) }
    case .activity(let index, let number):
      guard workers[index].activity == number, !postpone(event, for: index) else { return }
      guard !workers[index].isHung else { return }
      try finishActivity(index)
      work(index)
    case .heartbeat(let index, let process):
      guard workers[index].isRunning, workers[index].process == process, !postpone(event, for: index) else { return }
      send(workers[index].isWelcome ? .heartbeat : .hello, from: index)
      queue.add(event, at: now + 500_000)
    case .tick(let session):
      guard coordinator != nil, session == self.session, !isStalled(event) else { return }
      try coordinate { try $0.handle(.cluster(.timePassed), in: self) }
      queue.add(event, at: now + 200_000)
      watchProgress()
    case .fault(let happening): strike(happening)
    case .wake(let index): wake(index)
    case .start(let index): start(index)
    case .rejoin(let index, let identifier):
      if workers[index].isRunning, workers[index].identifier == identifier, !postpone(event, for: index) {
        rejoin(index)
      }
    case .startCoordinator: try startCoordinator()
    case .calm: calmDown()
    }
  }

  private func isStalled(_ event: WorldEvent) -> Bool {
    guard stalledUntil > now else { return false }
    queue.add(event, at: stalledUntil)
    return true
  }

  private func postpone(_ event: WorldEvent, for index: Int) -> Bool {
    guard workers[index].isFrozen else { return false }
    workers[index].inbox.append(event)
    return true
  }

  private func coordinate(_ body: (inout SimulatedCoordinator) throws -> Void) throws {
    guard var coordinator else { return }
    // Out of the world meanwhile, so that no copy of the audit is made.
    self.coordinator = nil
    do {
      try body(&coordinator)
    } catch {
      problem = problem ?? "the audit has failed: \(error)"
    }
    self.coordinator = coordinator
    if coordinator.audit.isFinished { isFinished = true }
  }

  private func startCoordinator() throws {
    guard coordinator == nil else { return }
    session += 1
    coordinatorSince = now
    disk.settle(at: now)
    note("coordinator starts, completed \(disk.completed.keys.sorted()), states \(disk.states.keys.sorted())")
    coordinator = SimulatedCoordinator(in: self)
    try coordinate { try $0.handle(.started, in: self) }
    queue.add(.tick(session: session), at: now + 1_000)
  }

  private func take(_ message: CoordinatorMessage, by index: Int) throws {
    switch message {
    case .unknown, .dismissed(.silent): rejoin(index)
    case .dismissed(let dismissal):
      note("worker \(index) is gone: \(dismissal)")
      workers[index].isGone = true
      workers[index].isRunning = false
    default:
      workers[index].isWelcome = true
      workers[index].take(message)
      work(index)
    }
  }
}
