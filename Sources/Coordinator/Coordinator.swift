internal import Checkpoints
internal import Cluster
internal import Datasets
internal import Foundation
internal import Hashing
internal import Ledger
internal import Plan
internal import SwiftProtobuf
internal import Wire

/// Drives one audit: events of sockets, workers and time go into the cluster's state machine and the runs, and what they
/// ask for is done.
///
/// Everything happens on the thread that calls `run`; other threads only leave events in the mailbox.
package final class Coordinator {
  enum Event: Sendable {
    case wire(CoordinatorEvent)
    case exited(LocalWorkers.Exit)
    case stop
  }

  let inputs: AuditInputs
  let options: AuditOptions
  let output: OutputFolder
  let endpoint: CoordinatorEndpoint
  let mailbox = Mailbox<Event>()
  let localWorkers: LocalWorkers?
  let began = ContinuousClock.now
  let catalogue: Transfer
  var cluster: ClusterStateMachine
  var members = MemberDirectory()
  var leases: [Int: Lease] = [:]
  var open: [Int: OpenRun] = [:]
  /// Parameters of trained runs that wait for their evaluation.
  var trained: [Int: TrainedRun] = [:]
  var completed: [Int: CompletedRun] = [:]
  var meter: CostMeter?
  var progress: AuditProgress
  /// Deaths of local workers since a delivery last counted.
  var deathsWithoutProgress = 0
  /// Leases that workers could not compute since a delivery last counted.
  var failuresWithoutProgress = 0
  /// When there was last a member, or the start.
  var lastHadMember: Duration = .zero
  var fingerprint: String?
  private let show: (AuditProgress) -> Void
  private let runtimeFolder: String?

  /// A run that is being trained or evaluated.
  struct OpenRun {
    var training: TrainingRun
    /// Logits of each evaluation block; nil while the block is out.
    var blocks: [[Float]?] = []
    var isEvaluating = false
  }

  struct TrainedRun {
    let parameters: [Float]
    let losses: [Double]
  }

  /// Claims the output folder and binds the sockets; workers are started by `run`.
  ///
  /// - Parameter show: told, on the calling thread, how far the audit is.
  package init(
    inputs: AuditInputs, options: AuditOptions, show: @escaping (AuditProgress) -> Void
  ) throws(AuditError) {
    self.inputs = inputs
    self.options = options
    self.show = show
    let executable = options.localWorkers > 0 ? try WorkerProgram.path() : nil
    output = try OutputFolder(path: options.output, plan: inputs.plan)
    let address: Address
    if let given = options.address {
      address = given
      runtimeFolder = nil
    } else {
      let folder = try RuntimeFolder.make(forOutput: options.output)
      runtimeFolder = folder
      address = try AuditError.wrapping(.failure) { try Address("ipc://\(folder)/control") }
    }
    let mailbox = mailbox
    let endpoint = try AuditError.wrapping(.failure) {
      try CoordinatorEndpoint(listeningAt: address) { mailbox.send(.wire($0)) }
    }
    self.endpoint = endpoint
    localWorkers = executable.map { executable in
      LocalWorkers(
        executable: executable, arguments: ["--connect", endpoint.control], logFolder: "\(options.output)/logs",
        exited: { mailbox.send(.exited($0)) })
    }
    catalogue = try AuditError.wrapping(.failure) { try Transfer(catalogueOf: inputs) }
    // Local workers are known to have died by their exit; silence must not be mistaken for it on a busy machine.
    cluster = ClusterStateMachine(
      timing: ClusterTiming(silenceLimit: options.localWorkers > 0 ? .seconds(30) : .seconds(2)))
    let phases = Phase.all(of: inputs.plan)
    progress = AuditProgress(
      phase: "", phaseNumber: 0, phases: phases.count, runsDone: 0, runs: 0, samplesDone: 0,
      samples: inputs.plan.runs.reduce(0) { $0 + $1.samples }, samplesPerSecond: 0, workers: 0)
  }

  deinit {
    if let runtimeFolder { try? FileManager.default.removeItem(atPath: runtimeFolder) }
  }

  /// Where workers connect.
  package var address: String { endpoint.control }

  /// Ends the audit soon, from any thread; what is committed stays.
  package var stop: @Sendable () -> Void {
    let mailbox = mailbox
    return { mailbox.send(.stop) }
  }

  /// Works on the audit until every run is done, and writes results, tables and report.
  ///
  /// - Returns: what the terminal is told.
  package func run() throws(AuditError) -> AuditOutcome {
    defer { shutDown() }
    try AuditError.wrapping(.failure) {
      fingerprint = try output.ledger.firstFingerprint()
      let done = try output.ledger.completedRuns()
      for (index, run) in inputs.plan.runs.enumerated() { completed[index] = done[run.identifier.description] }
      for (index, run) in completed where run.logits.count != inputs.logitCount(ofRun: index) {
        throw AuditError(
          .failure,
          "\(options.output)/ledger.sqlite: the predictions of \(run.run) are damaged; choose another --output")
      }
    }
    progress.samplesDone = completed.keys.reduce(0) { $0 + inputs.plan.runs[$1].samples }
    let phases = Phase.all(of: inputs.plan)
    if phases.contains(where: { $0.runs.contains { completed[$0] == nil } }) {
      for number in 0..<options.localWorkers { try localWorkers?.start(name: "worker-\(number + 1)") }
      try waitForMembers()
      for (number, phase) in phases.enumerated() { try work(on: phase, number: number) }
    }
    return try AuditError.wrapping(.failure) { try writeResults() }
  }

  /// Tells how far the audit is.
  func showProgress(notice: String? = nil) {
    progress.workers = members.ready.count
    progress.notice = notice
    show(progress)
  }

  var now: Duration { ContinuousClock.now - began }

  /// Takes one event, or lets a little time pass.
  func step() throws(AuditError) {
    let event = mailbox.receive(until: Date(timeIntervalSinceNow: 0.1))
    switch event {
    case .wire(let event)?: try handle(event)
    case .exited(let exit)?: try handle(exit)
    case .stop?:
      throw AuditError(.stopped, "stopped; start the same command again to go on where it was")
    case nil: break
    }
    try perform(cluster.tick(at: now))
    if cluster.memberCount > 0 { lastHadMember = now }
    guard now - lastHadMember < options.patience else {
      throw AuditError(
        .failure,
        "no worker has joined within \(options.patience.components.seconds) s; start one with: tenbin worker --connect \(address)"
      )
    }
    showProgress()
  }

  /// How long those who have joined wait for the others.
  private static let patienceWithOthers: Duration = .seconds(20)

  /// The clock of the first phase must not count how long programs take to start.
  private func waitForMembers() throws(AuditError) {
    progress.phase = "waiting for workers"
    while cluster.memberCount < max(1, options.localWorkers) {
      try step()
      if cluster.memberCount > 0, now > Self.patienceWithOthers { break }
    }
  }

  private func shutDown() {
    // What a phase that was cut short has cost counts too; the error that cut it matters more than one here.
    if let meter { try? output.ledger.add(meter.total(traffic: endpoint.traffic)) }
    for entry in members.ready {
      endpoint.send(.goodbye(.with { $0.reason = "the audit has ended" }), to: entry.peer)
    }
    endpoint.close()
    localWorkers?.terminate()
  }
}

extension PlannedRun {
  /// Samples that the run computes, for progress: an evaluated sample costs about a third of a trained one.
  var samples: Int { members.count * settings.epochs + evaluationBlocks.reduce(0) { $0 + $1.count / 3 } }
}

extension Transfer {
  /// The items' paths, labels and digests, for the workers.
  init(catalogueOf inputs: AuditInputs) throws {
    var catalogue = Tenbin_Catalogue()
    catalogue.items = inputs.manifest.items.enumerated().map { position, item in
      .with {
        $0.path = URL(filePath: item.path).standardizedFileURL.path(percentEncoded: false)
        $0.label = UInt32(item.classIndex)
        $0.content = Data(inputs.plan.input.contents[position].bytes)
      }
    }
    self.init(subject: .catalogue(Tenbin_CatalogueSubject()), payload: try catalogue.serializedBytes())
  }
}
