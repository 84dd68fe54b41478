/// Memory at the most demanding arm, in bytes; estimated, but for what was measured.
package struct MemoryForecast: Sendable, Equatable, Encodable {
  /// The frozen base: one memory map, which all workers of a host share.
  package let sharedBase: Int
  /// The pages of libtorch that are in use, which all workers of a host share as well.
  package let sharedLibraries: Int
  /// The most that one worker has for itself.
  package let worker: Int
  /// What `worker` is made of, for the arm that needs the most.
  package let parts: Parts
  /// Parameters, two moments and gradients of the runs that are open at once, and what the coordinator holds besides.
  package let coordinator: Int
  /// What is shared, all workers and the coordinator.
  package let total: Int
  /// Whether `worker` comes from a measurement.
  package let isMeasured: Bool

  /// A worker's own memory, part by part.
  package struct Parts: Sendable, Equatable, Encodable {
    package let arm: String
    /// The program without what its libraries share, and its sockets.
    package let program: Int
    /// Trained parameters, their gradients and the copies that travel.
    package let trained: Int
    /// Activations of a micro-batch, or of a block that is evaluated.
    package let activations: Int
    /// Resized items, which a worker keeps.
    package let items: Int
  }

  /// What a worker has for itself before its first step, and what it has mapped of libtorch.
  static let programBytes = 60 << 20
  static let libraryBytes = 100 << 20
  /// Sockets, leases and transfers of a worker; the same, and the ledger's waiting steps, of a coordinator.
  static let trafficBytes = 16 << 20
  /// Bytes a trained parameter that travel: in a worker those that came, their message, the sums that go and theirs.
  static let workerTransferBytes = 16
  /// Bytes a trained parameter and open run: parameters, two moments, the reduced gradient, and two deliveries on their
  /// way into it.
  static let openRunBytes = 24
  /// What a worker keeps of resized items at most.
  static let keptItemsLimit = 1 << 30
  /// Items that are evaluated at a time.
  static let evaluationBlock = 32

  init(_ workload: AuditWorkload, workers: Int, capacity: Capacity, calibration: Calibration) {
    let model = workload.model
    let needs = workload.arms.map { arm -> (parts: Parts, measured: Int?, shared: Int) in
      let shared = arm.method == .full ? 0 : model.frozenBytes
      let forwardOnly = model.activationBytesPerSample / max(1, model.layers) * Self.evaluationBlock
      let copies = arm.method == .given ? 4 : arm.method == .full && workload.precision == "bf16" ? 14 : 12
      let transfers = Self.workerTransferBytes * arm.trainedParameters
      let parts = Parts(
        arm: arm.name, program: Self.programBytes + Self.trafficBytes,
        trained: copies * arm.trainedParameters + transfers,
        activations: max(
          forwardOnly, arm.method == .given ? 0 : workload.microbatch * model.activationBytesPerSample),
        items: min(Self.keptItemsLimit, workload.items.total * model.itemBytes))
      let resident = calibration.measurement?.steps[arm.method]?.residentBytes
      let measured = resident.map {
        max(0, $0 - shared - Self.libraryBytes) + Self.trafficBytes + transfers + parts.items
      }
      return (parts, measured, shared)
    }
    func own(_ need: (parts: Parts, measured: Int?, shared: Int)) -> Int { need.measured ?? need.parts.sum }
    let worst = needs.max { own($0) < own($1) }
    worker = worst.map(own) ?? Self.programBytes
    parts =
      worst?.parts ?? Parts(arm: "", program: Self.programBytes, trained: 0, activations: 0, items: 0)
    isMeasured = worst?.measured != nil
    sharedBase = needs.map(\.shared).max() ?? 0
    sharedLibraries = Self.libraryBytes
    let logits = 4 * workload.total.evaluatedSamples * workload.classes
    let optimizers = workload.arms.map { arm -> Int in
      let open = min(max(3, workers + 1), max(arm.runs.runs, arm.fleet.runs))
      // A trained run waits for its evaluation with its parameters.
      return Self.openRunBytes * arm.trainedParameters * open + 4 * arm.trainedParameters * arm.runs.runs
    }
    coordinator = capacity.coordinatorBytes + Self.trafficBytes + logits + (optimizers.max() ?? 0)
    // One arm is worked on at a time, so that the largest of each is an upper bound.
    total = sharedBase + sharedLibraries + workers * worker + coordinator
  }
}

extension MemoryForecast.Parts {
  var sum: Int { program + trained + activations + items }
}
