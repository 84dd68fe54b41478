package import Optimization
package import Planning
package import Support

/// An audit's runs from first step to last prediction, over a cluster whose members come and go: events in, actions out.
///
/// It holds the parameters, adds gradients up and updates, but knows no sockets, files, processes or clocks: the
/// coordinator is the shell around it, and the tests' simulator another.
package struct AuditStateMachine {
  package let work: AuditWork
  package internal(set) var cluster: ClusterStateMachine
  var open: [Int: OpenRun] = [:]
  /// Parameters of trained runs that wait for their evaluation.
  var trained: [Int: TrainedRun] = [:]
  package internal(set) var completed: [Int: FinishedRun] = [:]
  /// What killed sittings have left of unfinished runs.
  var recovered: [Int: TrainingState] = [:]
  /// How often runs have gone back to an earlier state.
  var generations: [Int: Int] = [:]
  /// Deliveries that wait to be counted, by their lease.
  var waiting: [Int: DeliveredUnits] = [:]
  /// Runs of the current phase that were not begun.
  var ahead: [Int] = []
  var phaseIndex = -1
  package internal(set) var samplesDone = 0
  package internal(set) var stepsDone = 0
  package internal(set) var isFinished = false

  /// - Parameters:
  ///   - completed: runs that earlier sittings have finished, by their position.
  ///   - recovered: states that earlier sittings have left of unfinished runs.
  package init(
    work: AuditWork, cluster: ClusterStateMachine, completed: [Int: FinishedRun] = [:],
    recovered: [Int: TrainingState] = [:]
  ) {
    self.work = work
    self.cluster = cluster
    self.completed = completed
    self.recovered = recovered
    samplesDone = completed.keys.reduce(0) { $0 + work.runs[$1].samples }
  }

  /// What the shell must do, in order.
  package enum Action {
    /// Lend; parameters or state are asked for with `parameters(of:)` and `state(of:)`.
    case grant(Lease)
    /// Send the lease again, with parameters or state, whether or not its member has them: they, or what it delivered,
    /// may have been lost. A member that has the lease takes no notice.
    case remind(Lease)
    case recall(Lease)
    /// Put the step down in the ledger.
    case commit(CommittedStep)
    /// Keep the state, so that a later sitting can go on from it; its buffers are copies.
    case save(run: Int, TrainingState)
    /// A task run is trained: write its checkpoint.
    case trained(run: Int, TrainedRun)
    /// A run is done with everything: put its predictions down, and forget its state.
    case completed(run: Int, FinishedRun)
    case phaseBegan(Phase, number: Int)
    case phaseEnded(Phase, number: Int)
    /// A member is no member any more; tell it.
    case dismissed(Member, Dismissal, reason: String)
    /// Members came to different results for this work; it is held until two agree.
    case disagreement([Member], about: String)
    /// Something a person should know.
    case notice(String)
    /// Everything is done.
    case finished
  }

  package enum Dismissal: Hashable, Sendable {
    /// It was not heard of for too long, and may come back.
    case silent
    /// It sent what no honest worker sends.
    case refused
    /// It was to be drained, and holds nothing.
    case drained
  }

  /// A run that is being trained or evaluated.
  struct OpenRun {
    var training: TrainingRun
    /// Its parameters are where workers of this host can read them.
    var place: ParameterPlace?
    /// Who delivered what of the current step.
    var deliveries: [CommittedStep.Delivered] = []
    /// Logits of each evaluation block; nil while the block is out.
    var blocks: [[Float]?] = []
    /// The digests of the parameters after each step of this sitting that was computed elsewhere.
    var digests: [Int: TensorDigest] = [:]
    /// Its slices are lost: nothing is worked on until it is told so, and from which state it goes on.
    var isLost = false
    /// When the state was last kept.
    var saved: Duration = .zero
    /// A lent run's step that one member found to diverge.
    var divergenceClaim: (step: Int, member: Member)?
  }

  package var phase: Phase? { work.phases.indices.contains(phaseIndex) ? work.phases[phaseIndex] : nil }

  /// The parameters that the run's current step or evaluation needs; nil when it is not open, empty where they lie in
  /// slices. They change with the next event: who needs them longer copies them.
  package func parameters(of run: Int) -> FloatBuffer? { open[run]?.training.parameters }

  /// Where the run's parameters lie; nil where they are here.
  package func slices(of run: Int) -> (any SlicedParameters)? { open[run]?.training.slices }

  /// The state that a lease of the whole run starts from, brought here where it lies in slices; nil when it is not open, or
  /// they are lost. Its buffers change with the next event.
  package mutating func state(of run: Int) -> TrainingState? {
    gather(run: run) ? open[run]?.training.state : nil
  }

  /// How often the run has gone back to an earlier state in this sitting.
  package func generation(of run: Int) -> Int { generations[run] ?? 0 }

  /// The version of the run's parameters; nil when it is not open.
  package func version(of run: Int) -> Int? { open[run]?.training.step }
}

/// What an audit has to do, and what it needs for it.
package struct AuditWork {
  package let runs: [PlannedRun]
  package let phases: [Phase]
  package let optimizer: OptimizerSettings
  /// Whether a phase is worked on, given what came of the runs before it; the same in every sitting.
  package let isNeeded: (Phase, _ completed: [Int: FinishedRun]) throws -> Bool
  /// The state that a run starts from; of an adapter from elsewhere, its parameters.
  package let initialState: (_ run: Int) throws -> TrainingState
  /// A place for the parameters of a shared run; nil for the process's own memory.
  package let place: (_ run: Int, _ count: Int) -> ParameterPlace?
  /// Slices elsewhere for a shared run that stands before this state; nil where its numbers stay here.
  package let slices: (_ run: Int, _ state: TrainingState, OptimizerSettings) -> (any SlicedParameters)?
  /// How additions and updates are spread over threads.
  package let loop: ElementLoop

  package init(
    runs: [PlannedRun], phases: [Phase], optimizer: OptimizerSettings,
    isNeeded: @escaping (Phase, _ completed: [Int: FinishedRun]) throws -> Bool = { _, _ in true },
    initialState: @escaping (_ run: Int) throws -> TrainingState,
    place: @escaping (_ run: Int, _ count: Int) -> ParameterPlace? = { _, _ in nil },
    slices: @escaping (_ run: Int, _ state: TrainingState, OptimizerSettings) -> (any SlicedParameters)? = { _, _, _ in
      nil
    },
    loop: @escaping ElementLoop = serialLoop
  ) {
    self.runs = runs
    self.phases = phases
    self.optimizer = optimizer
    self.isNeeded = isNeeded
    self.initialState = initialState
    self.place = place
    self.slices = slices
    self.loop = loop
  }
}

/// Memory for parameters that others read while they change.
package struct ParameterPlace {
  package let buffer: FloatBuffer
  /// Called before the numbers change.
  package let willChange: () -> Void
  /// Called after they changed, with their version.
  package let didChange: (_ version: Int) -> Void

  package init(buffer: FloatBuffer, willChange: @escaping () -> Void, didChange: @escaping (_ version: Int) -> Void) {
    self.buffer = buffer
    self.willChange = willChange
    self.didChange = didChange
  }
}

/// A task run between training and evaluation.
package struct TrainedRun: Sendable {
  package let parameters: FloatBuffer
  package let losses: [Double]
  package let divergedAt: Int?
}

/// A run that is done.
package struct FinishedRun: Sendable, Equatable {
  /// Mean training loss of every epoch.
  package var losses: [Double]
  /// Flat Float32 logits of the evaluated items.
  package var logits: [Float]
  /// The same after every epoch before the last, of a run that is traced.
  package var traces: [[Float]]
  /// The step whose gradient was not finite; predictions are those of the parameters before it.
  package var divergedAt: Int?

  package init(losses: [Double], logits: [Float], traces: [[Float]] = [], divergedAt: Int? = nil) {
    self.losses = losses
    self.logits = logits
    self.traces = traces
    self.divergedAt = divergedAt
  }

  /// What a run is done with, given everything that its evaluations came to: the last one's numbers first.
  ///
  /// - Returns: nil where that is of another run.
  package init?(_ run: PlannedRun, losses: [Double], numbers: [Float], divergedAt: Int?) {
    let each = run.outputCount
    guard numbers.count == run.completedOutputCount else { return nil }
    self.init(
      losses: losses, logits: Array(numbers.prefix(each)),
      traces: (0..<run.schedule.tracedEpochs).map { Array(numbers[(1 + $0) * each..<(2 + $0) * each]) },
      divergedAt: divergedAt)
  }

  /// Everything that its evaluations came to, the last one's numbers first.
  package var numbers: [Float] { logits + traces.joined() }
}

/// A step that is done, for the ledger.
package struct CommittedStep: Sendable {
  package let run: Int
  package let step: Int
  package let samples: Int
  package let lossSum: Double
  package let result: Result
  package let deliveries: [Delivered]

  /// What the step came to.
  package enum Result: Sendable {
    /// Computed here: digests are made of these, before the parameters change again.
    case buffers(gradient: FloatBuffer, parameters: FloatBuffer)
    /// Computed by a worker that had the whole run, or in slices.
    case digests(gradient: TensorDigest, parameters: TensorDigest)
  }

  /// Units that one delivery brought.
  package struct Delivered: Sendable, Equatable {
    package var units: Range<Int>
    package var member: Member
    package var lease: Int
  }
}

extension PlannedRun {
  /// Samples that the run computes, for progress.
  package var samples: Int {
    schedule.trainingItems.count * schedule.epochs + (1 + schedule.tracedEpochs) * evaluationSamples
  }

  /// Those of one evaluation.
  var evaluationSamples: Int { (0..<schedule.evaluationBlockCount).reduce(0) { $0 + samples(ofBlock: $1) } }

  /// An evaluated sample costs about a third of a trained one.
  func samples(ofBlock block: Int) -> Int { schedule.evaluatedPositions(inBlocks: block..<block + 1).count / 3 }
}
