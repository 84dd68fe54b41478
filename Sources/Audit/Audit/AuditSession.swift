internal import Checkpoints
internal import Coordinator
internal import Datasets
internal import Foundation
internal import Ledger
internal import Optimization
internal import Planning
internal import Report
internal import Scheduler
internal import Specification
internal import Support
internal import SwiftProtobuf
internal import Transport

/// One session of an audit: the event loop spreads its runs over workers, and the results are written to the output
/// folder. A session that was interrupted is resumed by the next one.
///
/// Everything happens on the thread that calls `run`; other threads only put events into the event loop's mailbox.
package final class AuditSession {
  let inputs: AuditInputs
  let options: AuditOptions
  let output: OutputFolder
  let eventLoop: CoordinatorLoop
  let localWorkers: LocalWorkers
  /// Holds the sockets for commands of other shells, and for workers if no address is given.
  let runtimeFolder: RuntimeFolder
  /// The runs that are done, by their position in the plan.
  var completed: [Int: FinishedRun] { eventLoop.audit.completed }
  var meter: CostMeter?
  var progress: AuditProgress
  var isStopping = false
  /// Another session starts after this one: workers stay.
  private var isFollowed = false
  /// Deaths of local workers since the last delivery.
  var deathsWithoutProgress = 0
  /// Leases that workers could not compute since the last delivery.
  var failuresWithoutProgress = 0
  var chaos: Chaos?
  /// When there was last a worker, or the start.
  private var lastHadWorker: Duration = .zero
  private var phaseBegan: (at: Duration, samples: Int) = (.zero, 0)
  private let show: (AuditProgress) -> Void

  /// Claims the output folder and binds the sockets; workers are started by `run`.
  ///
  /// - Parameter show: is called with the progress, on the calling thread.
  package init(
    inputs: AuditInputs, options: AuditOptions, show: @escaping (AuditProgress) -> Void
  ) throws(AuditError) {
    self.inputs = inputs
    self.options = options
    self.show = show
    let executable = try options.localWorkers > 0 ? WorkerProgram.path() : (try? WorkerProgram.path()) ?? ""
    output = try OutputFolder(path: options.output, plan: inputs.plan, specification: inputs.specificationFile)
    runtimeFolder = try RuntimeFolder(making: options.administered)
    let phases = inputs.phases
    progress = AuditProgress(
      phase: "", phaseNumber: 0, phases: phases.count, runsDone: 0, runs: 0, samplesDone: 0,
      samples: inputs.plan.runs.reduce(0) { $0 + $1.samples }, samplesPerSecond: 0, workers: 0)
    eventLoop = try AuditError.wrapping(.failure) { [output, runtimeFolder] in
      let completed = try inputs.finishedRuns(
        output.ledger.completedRuns(), ledger: "\(output.path)/ledger.sqlite")
      let address = try options.address ?? Address("ipc://\(runtimeFolder.path)/control")
      var security = options.security
      if let server = security?.keys.publicKey {
        security?.allowed.append(
          try KeyFolder.worker(name: "local", server: server, file: runtimeFolder.workerKey))
      }
      let offered = try inputs.offered()
      return try CoordinatorLoop(
        settings: CoordinatorSettings(
          security: security, sharedFolder: options.sharesMemory ? runtimeFolder.name : nil,
          ledger: output.ledger, states: output.states, fingerprint: output.ledger.firstFingerprint(),
          welcome: Tenbin_Welcome(inputs), catalogue: offered.catalogue, contents: offered.contents,
          methods: inputs.plan.runs.map(\.arm), smallestSliced: options.slicesFrom,
          isNeeded: { try inputs.isNeeded($0, completed: $1) },
          initialState: { try inputs.initialState(ofRun: $0) }),
        listeningAt: address, administration: Address("ipc://\(runtimeFolder.path)/administration"),
        audit: AuditStateMachine(
          runs: inputs.plan.runs, phases: phases, optimizer: OptimizerSettings(inputs.specification.training),
          loop: .parallel, cluster: ClusterStateMachine(duplicateRate: options.duplicates), completed: completed,
          recovered: Self.recoveredStates(in: output, inputs: inputs, completed: completed)))
    }
    let (mailbox, control) = (eventLoop.mailbox, eventLoop.connections.control)
    localWorkers = LocalWorkers(
      executable: executable,
      arguments: ["--connect", control] + (options.security == nil ? [] : ["--key", runtimeFolder.workerKey]),
      logLevel: options.logLevel, logFolder: "\(options.output)/logs",
      register: runtimeFolder.workerRegister,
      exited: { exit in
        mailbox.send(.outside { delegate in try (delegate as? AuditSession)?.handle(exit) })
      })
    chaos = options.chaos.map { Chaos(meanTime: $0) }
    eventLoop.delegate = self
  }

  /// Where workers connect.
  package var address: String { eventLoop.connections.control }

  /// Ends the audit soon, from any thread; what was done so far is kept.
  package var stop: @Sendable () -> Void {
    let mailbox = eventLoop.mailbox
    return { mailbox.send(.outside { ($0 as? AuditSession)?.isStopping = true }) }
  }

  /// Ends this process and the workers that it has started at once, from any thread; nothing committed is lost.
  package var abort: @Sendable () -> Void {
    let register = runtimeFolder.workerRegister
    return {
      LocalWorkers.killAll(register: register)
      _exit(CommandStatus.stopped.rawValue)
    }
  }

  /// Works on the audit until every run is done, and writes results, tables and report.
  ///
  /// - Returns: what the terminal shows.
  package func run() throws(AuditError) -> AuditOutcome {
    try conducted { try writeResults() }
  }

  /// Runs the search until every candidate is scored. Workers are not told that it has ended: they reconnect to the
  /// session that follows at the same address.
  func search() throws(AuditError) -> SearchOutcome {
    try conducted {
      isFollowed = true
      return try SearchOutcome(inputs, completed: completed, costs: output.ledger.costs())
    }
  }

  private func conducted<Outcome>(_ conclude: () throws -> Outcome) throws(AuditError) -> Outcome {
    defer { shutDown() }
    // The last session may have been killed between recording a run's end and deleting its state.
    for run in completed.keys { output.states.remove(run: inputs.plan.runs[run].identifier.description) }
    return try AuditError.wrapping(.failure) {
      if try !inputs.isDone(completed) { try conduct() }
      return try conclude()
    }
  }

  private func conduct() throws {
    try output.ledger.record(
      inputs.plan.runs.enumerated().map { index, run in
        PlannedRecord(
          run: run.identifier.description, members: run.schedule.trainingItems.count, epochs: run.schedule.epochs,
          batch: run.schedule.batch,
          microBatch: run.schedule.microBatch, logits: run.completedOutputCount)
      })
    localWorkers.adopt()
    try localWorkers.start(upTo: options.localWorkers)
    try waitForWorkers()
    try eventLoop.start()
    while !eventLoop.audit.isFinished { try step() }
  }

  /// Handles the events that have arrived, or waits a little.
  private func step() throws {
    try eventLoop.step()
    if isStopping {
      try eventLoop.saveStates()
      throw AuditError(.stopped, "stopped; start the same command again to resume")
    }
    if meter?.isDue == true { try recordCost() }
    chaos?.act(on: localWorkers, at: eventLoop.now)
    // A worker that is fetching a large base counts as present.
    let hasWorker = eventLoop.audit.workerCount > 0 || eventLoop.workers.isPreparing
    if hasWorker { lastHadWorker = eventLoop.now }
    guard eventLoop.now - lastHadWorker < options.patience else {
      try eventLoop.saveStates()
      throw AuditError(
        .failure,
        "no worker has joined within \(options.patience.components.seconds) s; start one with: "
          + "tenbin worker --connect \(address)")
    }
    showProgress()
  }

  /// Records what the phase has cost since the last record, so that a crash does not lose the cost of work that is
  /// kept.
  private func recordCost() throws {
    if let cost = meter?.take(traffic: eventLoop.traffic) { try output.ledger.add(cost) }
  }

  /// How long workers that have joined wait for the others.
  private static let patienceWithOthers: Duration = .seconds(20)

  /// Waits for the local workers, so that the clock of the first phase does not count their start.
  private func waitForWorkers() throws {
    progress.phase = "waiting for workers"
    // After a crash every worker that is there begins at once.
    let wanted = inputs.plan.runs.indices.contains { eventLoop.audit.hasState(ofRun: $0) } ? 1 : options.localWorkers
    while eventLoop.audit.workerCount < max(1, wanted) {
      try step()
      if eventLoop.audit.workerCount > 0, eventLoop.now > Self.patienceWithOthers { break }
    }
  }

  /// Reports the progress.
  func showProgress(notice: String? = nil) {
    progress.workers = eventLoop.audit.workerCount
    progress.notice = notice
    progress.samplesDone = eventLoop.audit.samplesDone
    let elapsed = (eventLoop.now - phaseBegan.at) / .seconds(1)
    progress.samplesPerSecond =
      elapsed > 1 ? max(0, Double(progress.samplesDone - phaseBegan.samples)) / elapsed : 0
    show(progress)
  }

  private func shutDown() {
    // An interrupted phase has its cost, too. The error that interrupted it matters more than one from here.
    try? recordCost()
    try? output.states.finish()
    try? output.ledger.endSession()
    eventLoop.close(because: "the audit has ended", sayingGoodbye: !isFollowed)
    localWorkers.terminate()
  }

  /// The states of unfinished runs that agree with the ledger.
  private static func recoveredStates(
    in output: OutputFolder, inputs: AuditInputs, completed: [Int: FinishedRun]
  ) throws -> [Int: TrainingState] {
    var states: [Int: TrainingState] = [:]
    for (index, run) in inputs.plan.runs.enumerated() where completed[index] == nil && run.schedule.epochs > 0 {
      guard let state = output.states.load(run: run.identifier.description), state.step > 0,
        state.step <= run.schedule.steps,
        state.parameters.count == inputs.layouts[run.arm].count,
        // A run is not resumed from a state that is newer than the ledger or differs from it.
        try output.ledger.parameters(run: run.identifier.description, step: state.step - 1)
          == TensorDigest(of: state.parameters.floats)
      else { continue }
      states[index] = state
    }
    return states
  }
}

extension AuditSession: CoordinatorLoopDelegate {
  func phaseBegan(_ phase: Phase, number: Int) throws {
    let arm = inputs.specification.arms[phase.arm].name
    progress.phase = "\(arm): \(AuditPhase(phase.kind).title)"
    progress.phaseNumber = number
    progress.runs = phase.runs.count
    progress.runsDone = phase.runs.count { completed[$0] != nil }
    meter = CostMeter(arm: arm, phase: AuditPhase(phase.kind).rawValue, traffic: eventLoop.traffic)
    phaseBegan = (eventLoop.now, eventLoop.audit.samplesDone)
    // A phase may end within the same step of the event loop, and a log names every phase.
    showProgress()
  }

  func phaseEnded(_ phase: Phase, number: Int) throws {
    try recordCost()
    meter = nil
  }

  func trained(run: Int, _ trained: TrainedRun) throws {
    try writeCheckpoint(of: inputs.plan.runs[run], parameters: Array(trained.parameters))
    progress.runsDone += 1
  }

  func completed(run: Int, _ finished: FinishedRun) throws {
    progress.runsDone += 1
  }

  func delivered(_ delivery: Tenbin_Delivery, by entry: ConnectedWorker) {
    meter?.count(delivery)
    deathsWithoutProgress = 0
    failuresWithoutProgress = 0
  }

  func notice(_ text: String) { showProgress(notice: text) }

  func left(_ entry: ConnectedWorker, reason: String) {
    showProgress(notice: "\(entry.name) has left: \(reason)")
  }

  func failed(_ entry: ConnectedWorker, reason: String) throws {
    // Another worker may try before the audit ends because of it.
    failuresWithoutProgress += 1
    guard failuresWithoutProgress < 2, eventLoop.workers.ready.count > 1 else {
      throw AuditError(.failure, "\(entry.name) cannot continue: \(reason)")
    }
  }

  /// A local worker has ended: its work is reassigned, and it is started again.
  func handle(_ exit: LocalWorkers.Exit) throws {
    guard let process = localWorkers.processes[exit.name], process.identifier == exit.process else { return }
    localWorkers.remove(exit.name)
    if let entry = eventLoop.workers.worker(name: exit.name, process: UInt32(exit.process)) {
      try eventLoop.lose(entry.peer, because: "it ended with \(exit.description); its work is reassigned")
    } else if !process.isLeaving {
      showProgress(notice: "\(exit.name) ended with \(exit.description)")
    }
    guard !process.isLeaving, !isStopping, !eventLoop.audit.isFinished else { return }
    if chaos?.hasHit(exit.process) != true { deathsWithoutProgress += 1 }
    guard deathsWithoutProgress <= max(3, options.localWorkers) else {
      throw AuditError(
        .failure, "\(exit.name) keeps ending (\(exit.description)); see \(localWorkers.logFile(of: exit.name))")
    }
    try localWorkers.start(name: exit.name)
  }
}

/// The output of an audit.
extension AuditSession {
  /// Writes a task run's checkpoint: a PEFT folder for LoRA, otherwise a Hugging Face folder.
  func writeCheckpoint(of run: PlannedRun, parameters: [Float]) throws {
    try CheckpointWriter.write(
      folder: "\(output.path)/checkpoints/\(run.identifier)", base: inputs.checkpoint, layout: inputs.layouts[run.arm],
      labels: inputs.classNames, values: parameters)
  }

  /// Writes results, tables and report; other shells are still answered meanwhile.
  func writeResults() throws -> AuditOutcome {
    progress.phase = "evaluating groups and attacks"
    showProgress()
    return try AuditResults(inputs: inputs, completed: completed, output: output, workers: options.localWorkers)
      .write { try eventLoop.step() }
  }
}

/// The outcome that the terminal shows at the end of an audit.
package struct AuditOutcome: Sendable {
  /// One line for every arm and group.
  package let verdicts: [String]
  /// The path of the report.
  package let report: String
}
