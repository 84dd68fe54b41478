internal import Coordinator
internal import Foundation
internal import Ledger
internal import Optimization
internal import Planning
internal import Scheduler
internal import Specification
internal import Support
internal import SwiftProtobuf
internal import Transport

/// Trains one run of an audit again, from its first step to a chosen one, and compares the hashes of its steps with
/// those in the ledger. An ordinary event loop drives an ordinary worker process; nothing is written except below a
/// temporary folder.
final class StepReplay {
  private let inputs: AuditInputs
  private let runIndex: Int
  private let lastStep: Int
  private let expected: [Int: LedgerRecords.Step]
  private let folder: String
  private let eventLoop: CoordinatorLoop
  private let workers: LocalWorkers
  private var findings: [LedgerFinding] = []
  private var isDone = false
  /// Why the worker was not let in.
  private var notice: String?

  /// How long the worker may take to join.
  private static let patience: Duration = .seconds(60)

  /// - Parameters:
  ///   - run: the position of the run in the plan.
  ///   - expected: the run's steps as the ledger has them.
  ///   - fingerprint: of the workers that the ledger's steps are of.
  init(
    inputs: AuditInputs, run: Int, lastStep: Int, expected: [LedgerRecords.Step], fingerprint: String?
  ) throws {
    self.inputs = inputs
    runIndex = run
    self.lastStep = lastStep
    self.expected = Dictionary(expected.map { ($0.step, $0) }) { first, _ in first }
    let folder = FileManager.default.temporaryDirectory.appending(path: "tenbin-verify-\(UUID().uuidString.prefix(8))")
      .path(percentEncoded: false)
    self.folder = folder
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let plan = inputs.plan
    let offered = try inputs.offered()
    eventLoop = try CoordinatorLoop(
      settings: CoordinatorSettings(
        sharedFolder: nil,
        ledger: try Ledger(file: "\(folder)/ledger.sqlite", plan: plan.hash),
        states: StateFiles(folder: "\(folder)/states"), fingerprint: fingerprint, welcome: Tenbin_Welcome(inputs),
        catalogue: offered.catalogue, contents: offered.contents, methods: plan.runs.map(\.arm),
        initialState: { try inputs.initialState(ofRun: $0) }),
      listeningAt: try Address("ipc://\(folder)/control"),
      // The plan stays whole, because the learning rates depend on the number of steps; `run` ends it early. No step
      // depends on evaluations before the last.
      audit: AuditStateMachine(
        runs: plan.runs.map(\.withoutEarlierEvaluations),
        phases: [Phase(arm: plan.runs[run].arm, kind: .training, runs: [run])],
        optimizer: OptimizerSettings(inputs.specification.training), loop: .parallel, cluster: ClusterStateMachine()))
    let mailbox = eventLoop.mailbox
    workers = LocalWorkers(
      executable: try WorkerProgram.path(), arguments: ["--connect", eventLoop.connections.control], logLevel: "info",
      logFolder: folder,
      register: "\(folder)/workers",
      exited: { exit in
        mailbox.send(
          .outside { delegate in
            try (delegate as? StepReplay)?.workerEnded("its worker ended with \(exit.description)")
          })
      })
    eventLoop.delegate = self
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// Computes; returns what differs.
  ///
  /// - Throws: whatever keeps it from being computed.
  func run() throws -> [LedgerFinding] {
    defer {
      eventLoop.close(because: "the step is verified")
      workers.terminate()
    }
    try workers.start(upTo: 1)
    while eventLoop.audit.workerCount == 0 {
      try eventLoop.step()
      guard eventLoop.now < Self.patience else {
        throw AuditError(.failure, notice ?? "its worker has not joined within \(Self.patience.components.seconds) s")
      }
    }
    try eventLoop.start()
    while !isDone, !eventLoop.audit.isFinished { try eventLoop.step() }
    if !isDone {
      findings.append(
        LedgerFinding(
          run: inputs.plan.runs[runIndex].identifier.description, step: lastStep, "it was not reached again",
          expected: "the run to come so far"))
    }
    return findings
  }

  private func workerEnded(_ reason: String) throws {
    guard !isDone else { return }
    throw AuditError(.failure, notice ?? reason)
  }

  private func compare(_ what: String, _ found: String, with recorded: String, step: Int) {
    guard found != recorded else { return }
    findings.append(
      LedgerFinding(
        run: inputs.plan.runs[runIndex].identifier.description, step: step, "computed again, its \(what) is \(found)",
        expected: "\(recorded), as in the ledger"))
  }
}

extension StepReplay: CoordinatorLoopDelegate {
  func committed(_ step: CommittedStep) {
    guard !isDone else { return }
    let (gradient, parameters) =
      switch step.result {
      case .buffers(let gradient, let parameters):
        (TensorDigest(of: gradient.floats), TensorDigest(of: parameters.floats))
      case .digests(let gradient, let parameters): (gradient, parameters)
      }
    if let recorded = expected[step.step] {
      compare("gradient", gradient.description, with: recorded.gradient.description, step: step.step)
      compare("parameter vector", parameters.description, with: recorded.parameters.description, step: step.step)
      compare("loss", "\(step.lossSum)", with: "\(recorded.lossSum)", step: step.step)
      compare("number of samples", "\(step.samples)", with: "\(recorded.samples)", step: step.step)
    }
    // Once a step differs, all later steps differ too.
    isDone = step.step >= lastStep || !findings.isEmpty
  }

  func notice(_ text: String) { notice = text }

  func left(_ worker: ConnectedWorker, reason: String) { notice = reason }

  func failed(_ worker: ConnectedWorker, reason: String) throws { throw AuditError(.failure, reason) }
}
