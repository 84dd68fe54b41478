internal import Foundation
package import Ledger
package import Optimization
internal import Planning
package import Scheduler
internal import SwiftProtobuf
package import Transport

/// The coordinator's event loop: events of sockets and time go into the pure state machine, and what it asks for is
/// done with sockets, shared memory and the ledger.
///
/// It knows neither data nor reports, which are its delegate's. Everything happens on the thread that calls `step`;
/// other threads only put events into the mailbox.
package final class CoordinatorLoop {
  /// Events for the loop's thread.
  package enum Event: Sendable {
    case wire(CoordinatorEvent)
    /// No digest needs the parameters of this run any more.
    case unread(run: Int)
    /// Something that only the delegate knows, such as the end of a process.
    case outside(@Sendable (any CoordinatorLoopDelegate) throws -> Void)
  }

  package private(set) var audit: AuditStateMachine
  package internal(set) var workers = WorkerTable()
  package let connections: any PeerConnections
  package let mailbox: Mailbox<Event>
  package weak var delegate: (any CoordinatorLoopDelegate)?
  /// The fingerprint that all workers must share; nil until the first delivery counts.
  package internal(set) var fingerprint: String?
  let settings: CoordinatorSettings
  let parameters: ParameterStore
  let contents: ContentServer
  let pool: ReducerPool
  let recorder: StepRecorder
  /// Deliveries whose gradients went to reducers.
  var sliced = SlicedDeliveries()
  /// Shared files with the states of exclusive runs, by their lease, until the first delivery.
  var stateFiles: [Int: (worker: WorkerIdentifier, file: SharedFile)] = [:]
  /// The parameters of each run as they were sent last.
  var payloads: [Int: (version: Int, bytes: [UInt8])] = [:]
  /// Bytes that went through shared memory.
  var sharedTraffic = Traffic()
  private let clock: () -> Duration
  /// Events that the state machine takes after the actions of the one before.
  private var events: [(event: AuditStateMachine.Event, acceptance: Acceptance?)] = []
  private var isHandling = false
  /// What the state machine waits for until the parameters of a run are unread.
  private var unreadWaits: [Int: UnreadWait] = [:]
  private var lastTick: Duration = .zero

  private enum UnreadWait { case withdrawal, placement }

  /// What is done about a delivery before anything that follows from it, unless its worker is dismissed for it.
  struct Acceptance {
    let worker: WorkerIdentifier
    let body: () throws -> Void
  }

  /// Binds the sockets.
  package convenience init(
    settings: CoordinatorSettings, listeningAt address: Address, administration: Address? = nil,
    audit: AuditStateMachine
  ) throws {
    let began = ContinuousClock.now
    try self.init(
      settings: settings, audit: audit, clock: { .now - began },
      connect: { send in
        try CoordinatorEndpoint(
          listeningAt: address, administration: administration, security: settings.security, events: send)
      })
  }

  /// - Parameters:
  ///   - clock: the time since the loop began.
  ///   - connect: opens the connections, which pass every event on, from any thread.
  package init(
    settings: CoordinatorSettings, audit: AuditStateMachine, clock: @escaping () -> Duration,
    connect: (_ events: @escaping @Sendable (CoordinatorEvent) -> Void) throws -> any PeerConnections
  ) throws {
    self.settings = settings
    self.audit = audit
    self.clock = clock
    let mailbox = Mailbox<Event>()
    self.mailbox = mailbox
    recorder = StepRecorder(ledger: settings.ledger)
    parameters = ParameterStore(folder: settings.sharedFolder.flatMap { try? SharedFolder(name: $0) })
    fingerprint = settings.fingerprint
    connections = try connect { mailbox.send(.wire($0)) }
    contents = ContentServer(index: settings.contents, connections: connections)
    pool = ReducerPool(connections: connections, clock: clock)
  }

  /// Bytes sent to workers and received from them, over sockets and through shared memory, here and at reducers.
  package var traffic: Traffic { connections.traffic + sharedTraffic + pool.traffic }

  /// The time since the loop began.
  package var now: Duration { clock() }

  /// Begins with the first phase.
  package func start() throws { try handle(.started) }

  /// Handles the events that have arrived.
  ///
  /// - Parameter seconds: how long to wait for the first of them.
  package func step(waiting seconds: Double = 0.05) throws {
    var event = mailbox.receive(until: Date(timeIntervalSinceNow: seconds))
    var taken = 0
    while let next = event {
      switch next {
      case .wire(let event): try handle(event)
      case .unread(let run): try continueUnread(run)
      case .outside(let body): if let delegate { try body(delegate) }
      }
      taken += 1
      if audit.isFinished || taken >= 64 { break }
      event = mailbox.receive(until: .distantPast)
    }
    // A worker is only silent if everything that has arrived was read.
    if !audit.isFinished { try replaceLostSlices(afterSilence: event == nil) }
    if now - lastTick >= .milliseconds(20) {
      lastTick = now
      try handle(.cluster(.timePassed))
      try forgetSilentUnready()
      if !sliced.isEmpty { sliced.removeAll { audit.lease($0) == nil } }
    }
  }

  /// Lets the state machine take an event, and does what it asks for; an event that comes meanwhile is taken after
  /// that.
  func handle(_ event: AuditStateMachine.Event, acceptance: Acceptance? = nil) throws {
    events.append((event, acceptance))
    guard !isHandling else { return }
    isHandling = true
    defer {
      isHandling = false
      events = []
    }
    while !events.isEmpty {
      let (event, acceptance) = events.removeFirst()
      let actions: [AuditStateMachine.Action]
      do {
        actions = try audit.handle(event, at: now)
      } catch AuditFailure.replayDiffers(let run, let step, let worker) {
        let name = workers[WorkerIdentifier(worker)]?.name ?? worker
        throw AuditFailure.replayDiffers(run: run, step: step, worker: name)
      }
      if let acceptance {
        let isRefused = actions.contains {
          if case .dismissed(acceptance.worker, .refused, _) = $0 { true } else { false }
        }
        if !isRefused { try acceptance.body() }
      }
      for action in actions { try perform(action) }
    }
  }

  private func perform(_ action: AuditStateMachine.Action) throws {
    switch action {
    case .grant(let lease): try grant(lease)
    case .remind(let lease): try remind(lease)
    case .recall(let lease):
      if let worker = workers[lease.worker] {
        connections.send(.recall(.with { $0.lease = UInt64(lease.identifier) }), to: worker.peer)
      }
    case .commit(let step):
      delegate?.committed(step)
      try recorder.record(step, run: name(ofRun: step.run))
    case .save(let run, let state): try settings.states.save(state, run: name(ofRun: run))
    case .trained(let run, let trained): try delegate?.trained(run: run, trained)
    case .completed(let run, let finished): try complete(run: run, finished)
    case .phaseBegan(let phase, let number):
      for worker in workers.ready { connections.send(.phaseBegan(Tenbin_PhaseBegan()), to: worker.peer) }
      try delegate?.phaseBegan(phase, number: number)
    case .phaseEnded(let phase, let number): try delegate?.phaseEnded(phase, number: number)
    case .dismissed(let worker, let dismissal, let reason): try dismiss(worker, dismissal, reason: reason)
    case .disagreement(let who, let work):
      let names = who.map { workers[$0]?.name ?? $0.description }.joined(separator: " and ")
      delegate?.notice("\(names) disagree about \(work); it is held until two workers agree")
    case .notice(let text): delegate?.notice(text)
    case .finished: break
    case .decide(let phase): try handle(.decided(isNeeded: settings.isNeeded(phase, audit.completed)))
    case .initialize(let run): try handle(.initialized(run: run, settings.initialState(run)))
    case .place(let run):
      if let state = audit.state(of: run), mayBeSliced(state),
        pool.adopt(run: run, state, weightDecay: audit.optimizer.weightDecay)
      {
        break
      }
      try placeHere(run)
    case .withdraw(let run):
      if let values = audit.parameters(of: run) { parameters.withdraw(run: run, values) }
      try wait(.withdrawal, untilUnread: run)
    case .publish(let run, let version):
      if let values = audit.parameters(of: run) { parameters.publish(run: run, version: version, values) }
    case .reducers(let run, let request): pool.ask(request, run: run)
    }
  }

  func name(ofRun run: Int) -> String { audit.runs[run].identifier.description }

  /// Puts the parameters of a shared run where workers of this host can read them. Where they are there already, the
  /// next step does not wait for the digest of the one before.
  func placeHere(_ run: Int) throws {
    guard let state = audit.state(of: run), parameters.isPlaced(run: run, state.parameters) else {
      return try wait(.placement, untilUnread: run)
    }
    try handle(.placed(run: run, .unchanged))
  }

  private func wait(_ wait: UnreadWait, untilUnread run: Int) throws {
    unreadWaits[run] = wait
    let mailbox = mailbox
    let isUnread = recorder.isUnread(run: run) { mailbox.send(.unread(run: run)) }
    if isUnread { try continueUnread(run) }
  }

  private func continueUnread(_ run: Int) throws {
    switch unreadWaits.removeValue(forKey: run) {
    case .withdrawal?: try handle(.withdrawn(run: run))
    case .placement?:
      guard let state = audit.state(of: run) else { return }
      try handle(.placed(run: run, parameters.place(run: run, state)))
    case nil: break
    }
  }

  private func complete(run: Int, _ finished: FinishedRun) throws {
    try recorder.flush()
    let name = name(ofRun: run)
    try settings.ledger.record(
      CompletedRun(
        run: name, losses: finished.losses, logits: finished.numbers, validationLosses: finished.validationLosses,
        divergedAt: finished.divergedAt))
    settings.states.remove(run: name)
    parameters.remove(run: run)
    payloads[run] = nil
    try delegate?.completed(run: run, finished)
  }

  /// Makes everything durable that was done so far, so that a later session resumes from here.
  package func saveStates() throws {
    try handle(.stopping)
    // A reducer that does not answer costs the steps since its last state, and no more.
    let deadline = now + .seconds(5)
    while audit.isCollecting, now < deadline { try step() }
    for departure in pool.takeDepartures() { delegate?.notice(departure) }
    try recorder.flush()
    try settings.states.flush()
  }

  /// Says goodbye to all peers, waits a little until they have heard it, and closes the sockets: what a socket has not
  /// sent when it is closed may be lost with it.
  ///
  /// - Parameter sayingGoodbye: whether workers should end; otherwise they look for another coordinator.
  package func close(because reason: String, sayingGoodbye: Bool = true) {
    var waiting = sayingGoodbye ? Set(workers.all.map(\.peer) + pool.entries.keys) : []
    for peer in waiting { connections.send(.goodbye(.with { $0.reason = reason }), to: peer) }
    let deadline = Date(timeIntervalSinceNow: 1)
    while !waiting.isEmpty, let event = mailbox.receive(until: deadline) {
      switch event {
      case .wire(.message(let message, let peer)): if case .goodbye? = message.body { waiting.remove(peer) }
      case .wire(.unreachable(let peer)): waiting.remove(peer)
      default: break
      }
    }
    connections.close()
  }
}

/// The connections to workers, reducers and administrators as the event loop uses them: sockets, or memory in tests.
package protocol PeerConnections: AnyObject, Sendable {
  /// Where peers connect.
  var control: String { get }
  /// Where peers send transfers.
  var bulk: String { get }
  /// Bytes sent and received so far.
  var traffic: Traffic { get }
  /// Dropped frames and refused peers so far, by reason.
  var refusals: [String: Int] { get }

  func send(_ body: Tenbin_CoordinatorMessage.OneOf_Body, to peer: Peer)
  func send(_ transfer: Transfer, to peer: Peer)
  /// Accepts transfers of this peer from now on.
  func admit(_ peer: Peer)
  /// Adds to the bytes that the peer may send in transfers.
  func expect(bytes: Int, from peer: Peer)
  /// Frees what is held for the peer, which is unknown from now on.
  func forget(_ peer: Peer)
  func answer(_ reply: Tenbin_AdministrationReply, to requester: Requester)
  func close()
}

extension CoordinatorEndpoint: PeerConnections {}

/// The input of an event loop.
package struct CoordinatorSettings {
  package var security: ServerSecurity?
  /// The name of a folder in shared memory, unique on this host; nil to share none.
  package var sharedFolder: String?
  package var ledger: Ledger
  package var states: StateFiles
  /// The fingerprint of an earlier session's workers.
  package var fingerprint: String?
  /// The welcome to admitted workers, except for sockets and shared memory.
  package var welcome: Tenbin_Welcome
  /// The items, as workers are sent them.
  package var catalogue: Transfer
  /// The files that workers may ask for.
  package var contents: ContentIndex
  /// The position of each run's method in the welcome.
  package var methods: [Int]
  /// Reducers hold the parameters of a run from this number of elements on: smaller ones are sent faster than one more
  /// process is asked.
  package var smallestSliced: Int
  /// Whether a phase is needed, given the runs that are completed; the same in every session.
  package var isNeeded: (Phase, _ completed: [Int: FinishedRun]) throws -> Bool
  /// The state that a run starts from.
  package var initialState: (_ run: Int) throws -> TrainingState

  package init(
    security: ServerSecurity? = nil, sharedFolder: String?, ledger: Ledger, states: StateFiles,
    fingerprint: String? = nil, welcome: Tenbin_Welcome, catalogue: Transfer,
    contents: ContentIndex = ContentIndex(), methods: [Int], smallestSliced: Int = 1 << 20,
    isNeeded: @escaping (Phase, _ completed: [Int: FinishedRun]) throws -> Bool = { _, _ in true },
    initialState: @escaping (_ run: Int) throws -> TrainingState
  ) {
    self.security = security
    self.sharedFolder = sharedFolder
    self.ledger = ledger
    self.states = states
    self.fingerprint = fingerprint
    self.welcome = welcome
    self.catalogue = catalogue
    self.contents = contents
    self.methods = methods
    self.smallestSliced = smallestSliced
    self.isNeeded = isNeeded
    self.initialState = initialState
  }
}

/// Takes part in what the event loop does.
package protocol CoordinatorLoopDelegate: AnyObject {
  func phaseBegan(_ phase: Phase, number: Int) throws
  func phaseEnded(_ phase: Phase, number: Int) throws
  /// A step is done; its buffers are valid during this call.
  func committed(_ step: CommittedStep)
  /// A task run is trained; its evaluation follows.
  func trained(run: Int, _ trained: TrainedRun) throws
  /// A run is done and durable.
  func completed(run: Int, _ finished: FinishedRun) throws
  /// A delivery of this worker was accepted.
  func delivered(_ delivery: Tenbin_Delivery, by worker: ConnectedWorker)
  /// Something that a person should know.
  func notice(_ text: String)
  /// A worker does not take part any more.
  func left(_ worker: ConnectedWorker, reason: String)
  /// A worker cannot compute a lease; an error thrown here ends the audit.
  func failed(_ worker: ConnectedWorker, reason: String) throws
  /// An administrator asks.
  func answer(_ request: Tenbin_AdministrationRequest) throws -> Tenbin_AdministrationReply
}

extension CoordinatorLoopDelegate {
  package func phaseBegan(_ phase: Phase, number: Int) throws {}
  package func phaseEnded(_ phase: Phase, number: Int) throws {}
  package func committed(_ step: CommittedStep) {}
  package func trained(run: Int, _ trained: TrainedRun) throws {}
  package func completed(run: Int, _ finished: FinishedRun) throws {}
  package func delivered(_ delivery: Tenbin_Delivery, by worker: ConnectedWorker) {}
  package func notice(_ text: String) {}
  package func left(_ worker: ConnectedWorker, reason: String) {}
  package func failed(_ worker: ConnectedWorker, reason: String) throws {}
  package func answer(_ request: Tenbin_AdministrationRequest) throws -> Tenbin_AdministrationReply {
    .with { $0.refused = "this program answers no requests" }
  }
}
