import Coordinator
import Ledger
import Optimization
import Planning
import Scheduler
import Support
import SwiftProtobuf
import TestSupport
import Transport

/// An event loop with in-memory workers and reducers, a clock that only the test moves, and a real ledger in a folder of
/// its own.
final class TestAudit: CoordinatorLoopDelegate {
  let folder: TemporaryFolder
  let ledger: Ledger
  let states: StateFiles
  private(set) var loop: CoordinatorLoop
  let connections: InMemoryConnections
  private(set) var workers: [ToyWorker] = []
  private(set) var reducers: [Reducer] = []
  /// What workers connect to at each reducer, by its address.
  private(set) var reducerServers: [String: InMemoryConnections] = [:]
  private var reducerPeers: [Peer] = []
  private let clock: TestClock
  private(set) var notices: [String] = []
  private(set) var left: [String] = []
  private(set) var completed: [Int: FinishedRun] = [:]
  private(set) var failures: [String] = []

  /// - Parameters:
  ///   - runs: how many toy runs there are.
  ///   - count: parameters of each run.
  ///   - slicesFrom: from how many parameters on reducers hold them.
  ///   - isValidated: whether the runs have validation curves.
  ///   - folder: of an earlier session that this one resumes.
  init(
    runs: Int = 1, count: Int = 10, slicesFrom: Int = .max, duplicateRate: Double = 0, isValidated: Bool = false,
    folder: TemporaryFolder? = nil
  ) throws {
    let folder = try folder ?? TemporaryFolder()
    self.folder = folder
    ledger = try Ledger(file: "\(folder.path)/ledger.sqlite", plan: ContentHash(of: "toy".utf8))
    states = StateFiles(folder: "\(folder.path)/states")
    let clock = TestClock()
    self.clock = clock
    let planned = (0..<runs).map { ToyModel.run($0, isValidated: isValidated) }
    var recovered: [Int: TrainingState] = [:]
    for run in planned.indices { recovered[run] = states.load(run: planned[run].identifier.description) }
    var made: InMemoryConnections?
    loop = try CoordinatorLoop(
      settings: CoordinatorSettings(
        sharedFolder: nil, ledger: ledger, states: states, welcome: .init(),
        catalogue: Transfer(subject: .catalogue(.init()), payload: []), methods: planned.map { _ in 0 },
        smallestSliced: slicesFrom, initialState: { ToyModel.initialState($0, count: count) }),
      audit: AuditStateMachine(
        runs: planned,
        phases: [
          Phase(arm: 0, kind: .training, runs: Array(planned.indices)),
          Phase(arm: 0, kind: .evaluation, runs: Array(planned.indices)),
        ], optimizer: ToyModel.optimizer, cluster: ClusterStateMachine(duplicateRate: duplicateRate),
        recovered: recovered),
      clock: { clock.now },
      connect: { events in
        let connections = InMemoryConnections(control: "tcp://127.0.0.1:1", events: events)
        made = connections
        return connections
      })
    connections = try require(made)
    loop.delegate = self
  }

  var now: Duration { clock.now }

  @discardableResult
  func worker(_ name: String) -> ToyWorker {
    let worker = ToyWorker(name: name, in: self)
    workers.append(worker)
    return worker
  }

  /// A reducer with the code of real ones.
  func addReducer(_ name: String) throws {
    let (peer, address) = (Peer(routingIdentifier: Array(name.utf8)), "tcp://127.0.0.1:\(100 + reducers.count)")
    let reducer = try Reducer(
      settings: ReducerSettings(
        name: name, coordinator: Address(connections.control), listen: Address(address), security: nil,
        host: "memory", patience: 60, notice: { _ in }),
      connect: { events in
        reducerEvents[peer] = events
        return InMemoryCoordinatorConnection(to: connections, as: peer)
      },
      listen: { [self] _, events in
        let made = InMemoryConnections(control: address, events: events)
        reducerServers[address] = made
        return made
      })
    reducers.append(reducer)
    reducerPeers.append(peer)
  }

  private var reducerEvents: [Peer: @Sendable (WorkerEvent) -> Void] = [:]

  /// The reducer's process ends without a word, which the coordinator's sockets notice.
  func killReducer(_ index: Int) {
    let peer = reducerPeers.remove(at: index)
    reducers.remove(at: index)
    connections.receive(.unreachable(peer))
  }

  /// Lets everything happen that can, again and again, until a condition holds.
  ///
  /// - Throws: `TestAuditError` when the test's time limit is reached before.
  func run(until isDone: () throws -> Bool) throws {
    while try !isDone() {
      guard !Task.isCancelled else {
        throw TestAuditError(description: "the condition was not reached; notices: \(notices), left: \(left)")
      }
      try round()
    }
  }

  /// Lets everything happen that can, some times.
  func run(rounds: Int) throws { for _ in 0..<rounds { try round() } }

  private func round() throws {
    clock.now += .milliseconds(25)
    // Digests are computed on another thread: this waits for them a little, and the next round again.
    try loop.step(waiting: 0.001)
    for (reducer, peer) in zip(reducers, reducerPeers) {
      for sent in connections.takeSent(to: peer) {
        switch sent {
        case .message(let body): reducerEvents[peer]?(.message(.with { $0.body = body }))
        case .transfer(let transfer): reducerEvents[peer]?(.transfer(transfer))
        }
      }
      connections.receive(.heartbeat(Tenbin_Heartbeat()), from: peer)
      for _ in 0..<32 { _ = try reducer.step(waiting: 0) }
    }
    for worker in workers { try worker.work() }
  }

  /// Lets time pass in which nothing else happens.
  func pass(_ time: Duration) { clock.now += time }

  /// Runs the audit to its end.
  func finish() throws {
    try run(until: { loop.audit.isFinished })
    try ledger.flush()
  }

  /// The digests of the parameters after every step of a run, as the ledger has them.
  func ledgerParameters(of run: Int) throws -> [TensorDigest?] {
    let planned = ToyModel.run(run)
    return try (0..<planned.schedule.steps).map {
      try ledger.parameters(run: planned.identifier.description, step: $0)
    }
  }

  func completed(run: Int, _ finished: FinishedRun) throws { completed[run] = finished }

  func notice(_ text: String) { notices.append(text) }

  func left(_ worker: ConnectedWorker, reason: String) { left.append("\(worker.name): \(reason)") }

  func failed(_ worker: ConnectedWorker, reason: String) throws { failures.append(reason) }
}

/// The time, which only a test changes.
final class TestClock {
  var now: Duration = .zero
}

struct TestAuditError: Error, CustomStringConvertible {
  let description: String
}

private func require<Value>(_ value: Value?) throws -> Value {
  guard let value else { throw TestAuditError(description: "the event loop did not connect") }
  return value
}
