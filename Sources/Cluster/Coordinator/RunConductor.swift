internal import Foundation
package import Ledger
package import Optimization
package import Planning
package import Scheduler
internal import SwiftProtobuf
package import Transport

/// Drives runs through a cluster: events of sockets and time go into the pure state machine, and what it asks for is done
/// with sockets, shared memory and the ledger.
///
/// It knows neither manifests nor reports: whoever has those is its delegate. Everything happens on the thread that calls
/// `step`; other threads only leave events in the mailbox.
package final class RunConductor {
  /// What comes to the conductor's thread.
  package enum Event: Sendable {
    case wire(CoordinatorEvent)
    /// Something that only the delegate knows, such as the end of a process.
    case outside(@Sendable (any ConductorDelegate) throws -> Void)
  }

  package internal(set) var audit: AuditStateMachine
  package internal(set) var members = MemberDirectory()
  package let endpoint: CoordinatorEndpoint
  package let mailbox = Mailbox<Event>()
  package weak var delegate: (any ConductorDelegate)?
  /// What all workers must have in common; nil until the first delivery counted.
  package internal(set) var fingerprint: String?
  package let settings: ConductorSettings
  let recorder: StepRecorder
  let parameters: ParameterStore
  let contents: ContentServer
  let pool: ReducerPool
  /// Deliveries whose gradients went to reducers.
  var sliced = SlicedDeliveries()
  let began = ContinuousClock.now
  /// Shared files with the states of runs that are lent, by their lease, until the first delivery.
  var stateFiles: [Int: (member: Member, file: SharedFile)] = [:]
  /// What was sent last of each run's parameters.
  var payloads: [Int: (version: Int, bytes: [UInt8])] = [:]
  /// What went through shared memory.
  var sharedTraffic = Traffic()
  private var lastTick: Duration = .zero

  /// Binds the sockets.
  ///
  /// - Parameter audit: makes the state machine, given where parameters lie.
  package init(
    settings: ConductorSettings, audit: (_ places: ParameterPlaces) throws -> AuditStateMachine
  ) throws {
    self.settings = settings
    let folder = settings.sharedFolder.flatMap { try? SharedFolder(name: $0) }
    let recorder = StepRecorder(ledger: settings.ledger)
    let parameters = ParameterStore(folder: folder, recorder: recorder)
    self.recorder = recorder
    self.parameters = parameters
    fingerprint = settings.fingerprint
    let slicing = Slicing()
    self.audit = try audit(
      ParameterPlaces(
        place: { run, count in parameters.place(run: run, count: count) },
        slices: { run, state, optimizer in slicing.conductor?.slices(run: run, state: state, optimizer: optimizer) }))
    let mailbox = mailbox
    endpoint = try CoordinatorEndpoint(
      listeningAt: settings.address, administration: settings.administration, security: settings.security
    ) { mailbox.send(.wire($0)) }
    contents = ContentServer(shelf: settings.contents, endpoint: endpoint)
    pool = ReducerPool(endpoint: endpoint, mailbox: mailbox)
    slicing.conductor = self
  }

  /// Bytes that went to workers and came from them so far, through sockets and through shared memory, here and at reducers.
  package var traffic: Traffic { endpoint.traffic + sharedTraffic + pool.traffic }

  package var now: Duration { ContinuousClock.now - began }

  /// Begins with the first phase.
  package func start() throws { try perform(audit.start(at: now)) }

  /// Takes the events that have come, or lets a little time pass.
  package func step() throws {
    // What has come is taken without looking at the clock's wheel in between.
    var event = pool.takeDeferred() ?? mailbox.receive(until: Date(timeIntervalSinceNow: 0.05))
    var taken = 0
    while let next = event {
      switch next {
      case .wire(let event): try handle(event)
      case .outside(let body): if let delegate { try body(delegate) }
      }
      taken += 1
      if audit.isFinished || taken >= 64 { break }
      event = pool.takeDeferred() ?? mailbox.receive(until: .distantPast)
    }
    // Nobody is taken for silent while what came of him may still be unread.
    if !audit.isFinished { try replaceLostSlices(afterSilence: event == nil) }
    if now - lastTick >= .milliseconds(20) {
      lastTick = now
      try change { try $0.tick(at: $1) }
      try forgetSilentStrangers()
      if !sliced.isEmpty { sliced.removeAll { audit.cluster.lease($0) == nil } }
    }
  }

  /// Lets the state machine take an event, and does what it asks for.
  func change(_ body: (inout AuditStateMachine, Duration) throws -> [AuditStateMachine.Action]) throws {
    try perform(body(&audit, now))
  }

  /// Lets the state machine take what a member delivered.
  ///
  /// - Parameter accepted: done before anything that follows from it, unless the member is put aside for it.
  func deliver(
    from entry: MemberEntry, _ body: (inout AuditStateMachine, Duration) throws -> [AuditStateMachine.Action],
    accepted: () throws -> Void
  ) throws {
    let actions: [AuditStateMachine.Action]
    do {
      actions = try body(&audit, now)
    } catch AuditFailure.replayDiffers(let run, let step, _) {
      throw AuditFailure.replayDiffers(run: run, step: step, worker: entry.name)
    }
    let isPutAside = actions.contains { if case .dismissed(entry.member, .refused, _) = $0 { true } else { false } }
    if !isPutAside { try accepted() }
    try perform(actions)
  }

  private func perform(_ actions: [AuditStateMachine.Action]) throws {
    for action in actions {
      switch action {
      case .grant(let lease): try grant(lease)
      case .remind(let lease): try remind(lease)
      case .recall(let lease):
        if let entry = members[lease.member] {
          endpoint.send(.recall(.with { $0.lease = UInt64(lease.identifier) }), to: entry.peer)
        }
      case .commit(let step):
        delegate?.committed(step)
        try recorder.record(step, run: audit.work.runs[step.run].identifier.description)
      case .save(let run, let state):
        try settings.states.save(state, run: audit.work.runs[run].identifier.description)
      case .trained(let run, let trained): try delegate?.trained(run: run, trained)
      case .completed(let run, let finished):
        try complete(run: run, finished)
      case .phaseBegan(let phase, let number):
        for entry in members.ready { endpoint.send(.phaseBegan(Tenbin_PhaseBegan()), to: entry.peer) }
        try delegate?.phaseBegan(phase, number: number)
      case .phaseEnded(let phase, let number): try delegate?.phaseEnded(phase, number: number)
      case .dismissed(let member, let dismissal, let reason): try dismiss(member, dismissal, reason: reason)
      case .disagreement(let who, let work):
        let names = who.map { members[$0]?.name ?? $0.description }.joined(separator: " and ")
        delegate?.notice("\(names) do not agree about \(work); it is held until two workers do")
      case .notice(let text): delegate?.notice(text)
      case .finished: break
      }
    }
  }

  private func complete(run: Int, _ finished: FinishedRun) throws {
    try recorder.flush()
    let name = audit.work.runs[run].identifier.description
    try settings.ledger.record(
      CompletedRun(
        run: name, losses: finished.losses, logits: finished.numbers, divergedAt: finished.divergedAt))
    settings.states.remove(run: name)
    parameters.remove(run: run)
    payloads[run] = nil
    try delegate?.completed(run: run, finished)
  }

  /// Makes everything durable that was done so far, so that a later sitting goes on from here.
  package func keepStates() throws {
    for (run, state) in audit.states() {
      try settings.states.save(state, run: audit.work.runs[run].identifier.description)
    }
    for departure in pool.takeDepartures() {
      delegate?.notice("\(departure); its runs go on from their last state")
    }
    try recorder.flush()
    try settings.states.flush()
  }

  /// Says goodbye to everybody, waits a little until they have heard it, and closes the sockets: what a socket has not
  /// sent when it is closed may be lost with it.
  ///
  /// - Parameter sayingGoodbye: whether workers should end; else they look for another coordinator.
  package func close(because reason: String, sayingGoodbye: Bool = true) {
    var waiting = sayingGoodbye ? Set(members.all.map(\.peer) + pool.entries.keys) : []
    for peer in waiting { endpoint.send(.goodbye(.with { $0.reason = reason }), to: peer) }
    let deadline = Date(timeIntervalSinceNow: 1)
    while !waiting.isEmpty, let event = mailbox.receive(until: deadline) {
      switch event {
      case .wire(.message(let message, let peer)): if case .goodbye? = message.body { waiting.remove(peer) }
      case .wire(.unreachable(let peer)): waiting.remove(peer)
      default: break
      }
    }
    endpoint.close()
  }
}

/// What a conductor is given.
package struct ConductorSettings {
  /// Where workers connect.
  package var address: Address
  /// Where people's shells connect on this host.
  package var administration: Address?
  package var security: ServerSecurity?
  /// The name of a folder in shared memory, unique on this host; nil to share none.
  package var sharedFolder: String?
  package var ledger: Ledger
  package var states: StateFiles
  /// What an earlier sitting's workers had in common.
  package var fingerprint: String?
  /// What workers are told when they are let in, but for sockets and shared memory.
  package var welcome: Tenbin_Welcome
  /// The items, as workers are sent them.
  package var catalogue: Transfer
  /// The files that workers may ask for.
  package var contents: ContentShelf
  /// The position of each run's method in the welcome.
  package var methods: [Int]
  /// Parameters of a run from which on reducers hold them in slices, where there are reducers: what is smaller is sent
  /// faster than one more process is asked.
  package var smallestSliced: Int

  package init(
    address: Address, administration: Address? = nil, security: ServerSecurity? = nil, sharedFolder: String?,
    ledger: Ledger, states: StateFiles, fingerprint: String? = nil, welcome: Tenbin_Welcome, catalogue: Transfer,
    contents: ContentShelf = ContentShelf(), methods: [Int],
    smallestSliced: Int = 1 << 20
  ) {
    self.address = address
    self.administration = administration
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
  }
}

/// Where a conductor puts the parameters of shared runs.
package struct ParameterPlaces {
  package let place: (_ run: Int, _ count: Int) -> ParameterPlace?
  package let slices: (_ run: Int, _ state: TrainingState, OptimizerSettings) -> (any SlicedParameters)?
}

/// Knows the conductor once it is there.
private final class Slicing {
  weak var conductor: RunConductor?
}

/// Who has an interest in what a conductor does.
package protocol ConductorDelegate: AnyObject {
  func phaseBegan(_ phase: Phase, number: Int) throws
  func phaseEnded(_ phase: Phase, number: Int) throws
  /// A step is done; its parameters are about to change.
  func committed(_ step: CommittedStep)
  /// A task run is trained; its evaluation follows.
  func trained(run: Int, _ trained: TrainedRun) throws
  /// A run is done and durable.
  func completed(run: Int, _ finished: FinishedRun) throws
  /// A delivery of this member counted or is about to.
  func delivered(_ delivery: Tenbin_Delivery, by entry: MemberEntry)
  /// Something that a person should know.
  func notice(_ text: String)
  /// A worker is no member any more.
  func left(_ entry: MemberEntry, reason: String)
  /// A worker cannot compute a lease; an error thrown here ends the audit.
  func failed(_ entry: MemberEntry, reason: String) throws
  /// A person's shell asks.
  func answer(_ request: Tenbin_AdministrationRequest) throws -> Tenbin_AdministrationReply
}

extension ConductorDelegate {
  package func phaseBegan(_ phase: Phase, number: Int) throws {}
  package func phaseEnded(_ phase: Phase, number: Int) throws {}
  package func committed(_ step: CommittedStep) {}
  package func trained(run: Int, _ trained: TrainedRun) throws {}
  package func completed(run: Int, _ finished: FinishedRun) throws {}
  package func delivered(_ delivery: Tenbin_Delivery, by entry: MemberEntry) {}
  package func notice(_ text: String) {}
  package func left(_ entry: MemberEntry, reason: String) {}
  package func failed(_ entry: MemberEntry, reason: String) throws {}
  package func answer(_ request: Tenbin_AdministrationRequest) throws -> Tenbin_AdministrationReply {
    .with { $0.refused = "nothing can be asked of this program" }
  }
}
