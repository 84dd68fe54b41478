import Scheduler
import Support

// Messages and how they travel.
extension World {
  func send(_ message: WorkerMessage, from index: Int) {
    guard let identifier = workers[index].identifier else { return }
    switch message {
    case .units(let lease, _): note("w\(index) delivers lease \(lease)")
    case .steps(let lease, let steps):
      note(
        "w\(index) delivers steps \(steps.first)+\(steps.steps.count) of lease \(lease)\(steps.isLast ? ", the last" : "")"
      )
    case .stale(let lease): note("w\(index) gives lease \(lease) back as stale")
    case .hello: note("w\(index) says hello as \(identifier)")
    case .heartbeat: break
    }
    let isSmall = if case .heartbeat = message { true } else { false }
    for time in arrivals(index, kind: isSmall ? 0 : 1) {
      let connection = links[index].connection
      queue.add(.toCoordinator(index, identifier, message, connection: connection, session: session), at: time)
    }
  }

  func send(_ message: CoordinatorMessage, to identifier: WorkerIdentifier, of index: Int) {
    guard workers[index].isRunning, workers[index].identifier == identifier else {
      // Its address exists no more.
      queue.add(.unreachable(identifier, session: session), at: now + 100)
      return
    }
    let kind =
      switch message {
      case .plan, .parameters, .state: 2
      default: 3
      }
    for time in arrivals(index, kind: kind) {
      queue.add(.toWorker(index, identifier, message, connection: links[index].connection), at: time)
    }
  }

  /// When a message arrives: never, once, or twice.
  private func arrivals(_ index: Int, kind: Int) -> [Int] {
    if !isCalm, random.uniform() < scenario.loss { return [] }
    let copies = random.uniform() < scenario.duplication ? 2 : 1
    return (0..<copies).map { _ in
      var time = max(now, links[index].partitionedUntil) + 100 + random.index(below: scenario.reorders ? 60_000 : 3_000)
      if random.uniform() < scenario.spikes { time += random.index(below: 500_000) }
      guard !scenario.reorders else { return time }
      time = max(time, links[index].lastArrival[kind] ?? 0)
      links[index].lastArrival[kind] = time
      return time
    }
  }

  /// What is under way between the worker and the coordinator is lost.
  func breakLink(_ index: Int) {
    links[index].connection += 1
    links[index].lastArrival = [:]
  }

  /// The worker takes another identifier.
  func rejoin(_ index: Int) {
    breakLink(index)
    let identifier = workers[index].beginSession()
    workers[index].healthySince = now
    note("w\(index) becomes \(identifier)")
    send(.hello, from: index)
  }

  func start(_ index: Int) {
    guard !workers[index].isRunning, !workers[index].isGone else { return }
    workers[index].isRunning = true
    workers[index].process += 1
    workers[index].isFrozen = false
    workers[index].isHung = false
    workers[index].inbox = []
    rejoin(index)
    queue.add(.heartbeat(worker: index, process: workers[index].process), at: now + 500_000)
  }

  func wake(_ index: Int) {
    guard workers[index].isFrozen else { return }
    note("w\(index) wakes up")
    workers[index].isFrozen = false
    for event in workers[index].inbox { queue.add(event, at: now) }
    workers[index].inbox = []
    workers[index].healthySince = now
    work(index)
  }
}

// What goes wrong.
extension World {
  func strike(_ happening: Scenario.Happening) {
    guard !isCalm else { return }
    let until = now + happening.duration
    switch happening.fault {
    case .coordinatorCrash:
      guard coordinator != nil else { return }
      note("coordinator crashes")
      coordinator = nil
      disk.crash()
      for index in links.indices { breakLink(index) }
      queue.add(.startCoordinator, at: now + min(happening.duration, 3_000_000))
    case .coordinatorStall:
      note("coordinator is stalled until \(until)")
      stalledUntil = max(stalledUntil, until)
    case .slowDisk: slowDiskUntil = until
    case .sliceLoss:
      for (run, slices) in slices.sorted(by: { $0.key < $1.key }) where !slices.isLost {
        note("the reducer of run \(run) is lost")
        slices.isLost = true
        queue.add(.slicesLost(run: run, session: session), at: now + min(happening.duration, 2_000_000))
      }
    case .join:
      addWorker(like: happening.victim % scenario.characters.count)
      start(workers.count - 1)
    default: strike(happening.victim % workers.count, with: happening.fault, until: until)
    }
  }

  private func strike(_ index: Int, with fault: Scenario.Fault, until: Int) {
    guard index >= scenario.steady, workers[index].isRunning, let identifier = workers[index].identifier else { return }
    note("w\(index) is struck: \(fault) until \(Double(until) / 1e6)")
    workers[index].healthySince = nil
    switch fault {
    case .crash, .crashUnseen:
      workers[index].isRunning = false
      breakLink(index)
      if fault == .crash { queue.add(.unreachable(identifier, session: session), at: now + 10_000) }
      queue.add(.start(worker: index), at: until)
    case .freeze:
      workers[index].isFrozen = true
      queue.add(.wake(worker: index), at: until)
    case .hang:
      workers[index].isHung = true
    case .partition:
      links[index].partitionedUntil = until
      workers[index].healthySince = until
    case .breakSilently:
      breakLink(index)
      workers[index].healthySince = now
    case .breakNoticed:
      breakLink(index)
      queue.add(.rejoin(worker: index, identifier), at: now + 200_000)
    case .drain:
      workers[index].isDraining = true
      coordinatorDrains.insert(identifier)
    default: break
    }
  }

  /// From here on nothing goes wrong, and there are workers enough.
  func calmDown() {
    note("calm")
    isCalm = true
    stalledUntil = min(stalledUntil, now)
    slowDiskUntil = 0
    if coordinator == nil { queue.add(.startCoordinator, at: now) }
    for index in workers.indices {
      links[index].partitionedUntil = 0
      if workers[index].isFrozen { wake(index) }
      if workers[index].isHung {
        workers[index].isRunning = false
        breakLink(index)
      }
      workers[index].healthySince = now
      start(index)
    }
    let isDisputable = scenario.characters.contains { $0 != .honest }
    let able = workers.indices.count {
      workers[$0].isRunning && !workers[$0].isDraining && workers[$0].character == .honest
    }
    for _ in 0..<max(0, (isDisputable ? 3 : 1) - able) {
      addWorker(like: 0)
      start(workers.count - 1)
    }
  }
}
