internal import Foundation
internal import Support

/// What an audit will need and do: counted, estimated from shapes, or measured. The output says which.
package struct AuditForecast: Sendable, Equatable {
  package let workload: AuditWorkload
  package let workers: Int
  package let capacity: Capacity
  package let calibration: Calibration
  package let memory: MemoryForecast
  package let disk: DiskForecast
  /// nil if too little could be measured; `timeBasis` says why.
  package let time: TimeForecast?

  package init(_ workload: AuditWorkload, workers: Int, capacity: Capacity, calibration: Calibration) {
    self.workload = workload
    self.workers = workers
    self.capacity = capacity
    self.calibration = calibration
    memory = MemoryForecast(workload, workers: workers, capacity: capacity, calibration: calibration)
    disk = DiskForecast(workload)
    time = calibration.measurement.flatMap {
      TimeForecast(workload, workers: workers, capacity: capacity, measurement: $0)
    }
  }

  /// What the forecast of time is based on, or why there is none.
  package var timeBasis: String {
    switch calibration {
    case .leftOut(let reason): return reason
    case .measured(let measurement):
      let processes = "\(measurement.processes) process\(measurement.processes == 1 ? "" : "es")"
      let ranks = workload.arms.contains { if case .lora = $0.method { true } else { false } }
      let basis =
        "steps of each method on random items, measured just now on this machine with \(processes) of "
        + "\(workload.threads) thread\(workload.threads == 1 ? "" : "s"), \(measurement.samples) samples at a time"
        + (ranks ? "; LoRA on queries and values, whatever its targets" : "")
      return time == nil ? "not every method could be measured" : basis
    }
  }

  /// A search of more runs than this is probably a mistake.
  package static let manySearchRuns = 10_000

  /// One sentence for each resource that does not suffice.
  package var warnings: [String] {
    var warnings: [String] = []
    if memory.total > capacity.availableMemory {
      let fixed = memory.sharedBase + memory.sharedLibraries + memory.coordinator
      let fitting = max(0, (capacity.availableMemory - fixed) / max(1, memory.worker))
      let need = "about \(ByteCount.text(memory.total)) for \(ByteCount.text(capacity.availableMemory)) available"
      let advice =
        fitting > 0
        ? "--workers \(fitting) fits" : "use a smaller training.microbatch, leave full out, or move to a larger machine"
      warnings.append("memory does not suffice: \(need); \(advice)")
    }
    if capacity.sharesDisk, let free = capacity.freeOutput {
      if disk.output + disk.cache > free {
        warnings.append(
          "disk does not suffice: about \(ByteCount.text(disk.output + disk.cache)) for \(ByteCount.text(free)) free; "
            + "make room, or choose another --output")
      }
    } else {
      if let free = capacity.freeOutput, disk.output > free {
        warnings.append(
          "disk does not suffice for the output: about \(ByteCount.text(disk.output)) for \(ByteCount.text(free)) free; "
            + "make room, or choose another --output")
      }
      if let free = capacity.freeCache, disk.cache > free {
        warnings.append(
          "disk does not suffice for the cache: about \(ByteCount.text(disk.cache)) for \(ByteCount.text(free)) free; "
            + "make room, or name another folder in TENBIN_CACHE")
      }
    }
    if workload.searchRuns > Self.manySearchRuns {
      warnings.append(
        "the search alone is \(workload.searchRuns) runs: every rate times every number of epochs times every seed, "
          + "for each arm; a smaller grid under search: takes less")
    }
    if workers * workload.threads > capacity.cores {
      warnings.append(
        "\(workers) workers of \(workload.threads) thread\(workload.threads == 1 ? "" : "s") share \(capacity.cores) "
          + "core\(capacity.cores == 1 ? "" : "s"); more than \(max(1, capacity.cores / max(1, workload.threads))) "
          + "workers take memory and save no time")
    }
    return warnings
  }
}

/// Counts and forecast times as text; the times are rounded because a forecast is not exact.
enum Quantity {
  /// To the nearest of what is shown, so that parts add up to their sum but for the last digit.
  static func seconds(_ seconds: Double) -> String {
    switch seconds {
    case ..<9.95: "\((seconds * 10).rounded() / 10) s"
    case ..<99.5: "\(Int(seconds.rounded())) s"
    case ..<597: "\((seconds / 6).rounded() / 10) min"
    case ..<5970: "\(Int((seconds / 60).rounded())) min"
    default: "\((seconds / 360).rounded() / 10) h"
    }
  }

  static func count(_ number: Int, _ one: String, _ many: String) -> String { "\(number) \(number == 1 ? one : many)" }
}

/// Memory at the most demanding arm, in bytes; estimated, except for what was measured.
package struct MemoryForecast: Sendable, Equatable, Encodable {
  /// The frozen base: one memory map, which all workers of a host share.
  package let sharedBase: Int
  /// The pages of libtorch in use, which all workers of a host share too.
  package let sharedLibraries: Int
  /// The largest private memory of one worker.
  package let worker: Int
  /// The parts of `worker`, for the arm that needs the most.
  package let parts: Parts
  /// Parameters, two moments and gradients of the runs that are open at once, and the rest of the coordinator's memory.
  package let coordinator: Int
  /// Shared memory, all workers and the coordinator.
  package let total: Int
  /// Whether `worker` comes from a measurement.
  package let isMeasured: Bool

  /// The parts of a worker's private memory.
  package struct Parts: Sendable, Equatable, Encodable {
    package let arm: String
    /// The program without the shared pages of its libraries, and its sockets.
    package let program: Int
    /// Trained parameters, their gradients and the copies in messages.
    package let trained: Int
    /// Activations of a micro-batch, or of a block that is evaluated.
    package let activations: Int
    /// The worker's cache of resized items.
    package let items: Int
  }

  /// A worker's private memory before its first step, and the pages of libtorch it has mapped.
  static let programBytes = 60 << 20
  static let libraryBytes = 100 << 20
  /// Sockets, leases and transfers of a worker or coordinator, and the coordinator's steps that wait for the ledger.
  static let trafficBytes = 16 << 20
  /// A worker's bytes in transfer per trained parameter: the received parameters, the gradient sums to send, and the
  /// message of each.
  static let workerTransferBytes = 16
  /// Bytes per trained parameter and open run: parameters, two moments, the reduced gradient, and two deliveries that
  /// are being added to it.
  static let openRunBytes = 24
  /// The limit of a worker's cache of resized items.
  static let keptItemsLimit = 1 << 30
  /// Items per evaluated batch.
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
      let open = min(max(3, workers + 1), max(arm.runs.runs, arm.shadowModels.runs))
      // A trained run waits for its evaluation with its parameters.
      return Self.openRunBytes * arm.trainedParameters * open + 4 * arm.trainedParameters * arm.runs.runs
    }
    coordinator = capacity.coordinatorBytes + Self.trafficBytes + logits + (optimizers.max() ?? 0)
    // One arm is worked on at a time, so the maximum over arms is an upper bound.
    total = sharedBase + sharedLibraries + workers * worker + coordinator
  }
}

extension MemoryForecast.Parts {
  var sum: Int { program + trained + activations + items }
}

/// The disk space that an audit takes, in bytes; estimated.
package struct DiskForecast: Sendable, Equatable, Encodable {
  package let checkpoints: Int
  package let ledger: Int
  package let predictions: Int
  /// Results, tables and the report.
  package let report: Int
  /// The whole output folder.
  package let output: Int
  /// The base converted to the audit's precision, if its file holds another; made once per host.
  package let cache: Int

  /// Names, two digests and the deliveries of one step, with SQLite's index and write-ahead log.
  private static let bytesPerStep = 400
  private static let ledgerBase = 256 << 10
  /// A logit in decimal digits that read back exactly, and its comma.
  private static let digitsPerLogit = 12
  /// Arm, seed, item, label, groups and cluster.
  private static let bytesPerRow = 64
  private static let reportBytes = 1 << 20

  init(_ workload: AuditWorkload) {
    let total = workload.total
    checkpoints = workload.arms.reduce(0) { sum, arm in
      arm.method == .given ? sum : sum + arm.runs.runs * arm.checkpointBytes
    }
    ledger = Self.ledgerBase + total.steps * Self.bytesPerStep + 4 * total.evaluatedSamples * workload.classes
    predictions = total.evaluatedSamples * (Self.bytesPerRow + Self.digitsPerLogit * workload.classes)
    report = Self.reportBytes
    output = checkpoints + ledger + predictions + report
    cache = workload.arms.contains { $0.method != .full } ? workload.model.convertedFileBytes : 0
  }
}

/// Wall-clock seconds, from the measured speed of steps on this machine.
package struct TimeForecast: Sendable, Equatable, Encodable {
  package let arms: [ArmTime]
  /// Reading and decoding the items, in every worker, and before anything starts.
  package let reading: Double
  /// Computing the frozen layers' activations of every item, once.
  package let frozenLayers: Double
  package let total: Double

  /// The time of one arm.
  package struct ArmTime: Sendable, Equatable, Encodable {
    package let arm: String
    /// Training, with the points of the validation curve.
    package let training: Double
    package let evaluation: Double
    /// Training and scoring the shadow models.
    package let shadowModels: Double

    package var total: Double { training + evaluation + shadowModels }
  }

  /// A forward pass without gradients takes about a third of a step.
  private static let forwardShare = 1.0 / 3

  /// nil if a method was not measured.
  init?(_ workload: AuditWorkload, workers: Int, capacity: Capacity, measurement: StepMeasurements) {
    // More processes than were measured share the same cores; fewer are at least as fast as their share.
    let used = min(workers, measurement.processes)
    let scale = Double(used) / Double(max(1, measurement.processes))
    func rate(_ method: AuditWorkload.Method) -> Double? {
      measurement.steps[method].map { $0.samplesPerSecond * scale }.flatMap { $0 > 0 ? $0 : nil }
    }
    var arms: [ArmTime] = []
    // Arms with the same number of frozen layers share their activations.
    var once: [Double: Double] = [:]
    for arm in workload.arms {
      // The head's step is a forward pass with almost nothing after it; LoRA's forward pass is a little more.
      let own = rate(arm.method)
      guard let forward = rate(.head) ?? own.map({ $0 / Self.forwardShare }) else { return nil }
      guard let step = own ?? (arm.method == .given ? forward : nil) else { return nil }
      // The share of layers computed in each step; close to 0 if only a head is trained.
      let left = 1 - arm.frozenShare
      func seconds(_ work: AuditWorkload.Work) -> Double { left * Double(work.trainedSamples) / step }
      func scoring(_ samples: Int) -> Double { left * Double(samples) / forward }
      if arm.frozenShare > 0 { once[arm.frozenShare] = arm.frozenShare * Double(workload.items.total) / forward }
      arms.append(
        ArmTime(
          arm: arm.name, training: seconds(arm.runs) + scoring(arm.runs.validationSamples),
          evaluation: scoring(arm.runs.evaluatedSamples),
          shadowModels: seconds(arm.shadowModels) + scoring(arm.shadowModels.evaluatedSamples)))
    }
    self.arms = arms
    // Items are read once on all cores before the start, and once more in each worker.
    reading = measurement.readingSeconds * (1 + 1 / Double(max(1, capacity.cores)))
    frozenLayers = once.values.reduce(0, +)
    total = reading + frozenLayers + arms.reduce(0) { $0 + $1.total }
  }
}

/// The measured speed and memory of the audit's methods on this machine.
package struct StepMeasurements: Sendable, Equatable {
  /// Processes that computed at the same time.
  package var processes: Int
  /// Samples of one micro-batch.
  package var samples: Int
  /// By method; methods that could not be measured are missing.
  package var steps: [AuditWorkload.Method: Step]
  /// Seconds that one core takes to read, check and decode every item, measured while this forecast was made.
  package var readingSeconds: Double

  package init(processes: Int, samples: Int, steps: [AuditWorkload.Method: Step], readingSeconds: Double) {
    self.processes = processes
    self.samples = samples
    self.steps = steps
    self.readingSeconds = readingSeconds
  }

  /// The speed and memory of one method.
  package struct Step: Sendable, Equatable {
    /// Training samples per second of all processes together.
    package var samplesPerSecond: Double
    /// The peak resident memory of one process, including the whole frozen base.
    package var residentBytes: Int

    package init(samplesPerSecond: Double, residentBytes: Int) {
      self.samplesPerSecond = samplesPerSecond
      self.residentBytes = residentBytes
    }
  }
}

/// The measurements, or why there are none.
package enum Calibration: Sendable, Equatable {
  case measured(StepMeasurements)
  case leftOut(reason: String)

  var measurement: StepMeasurements? { if case .measured(let measurement) = self { measurement } else { nil } }
}

/// This machine's resources.
package struct Capacity: Sendable, Equatable {
  /// Whole cores that can be kept busy.
  package var cores: Int
  /// Bytes that new processes can have.
  package var availableMemory: Int
  /// Free bytes for results and for converted checkpoints; nil if the system does not report them.
  package var freeOutput: Int?
  package var freeCache: Int?
  /// Whether both are on one file system and so share its free space.
  package var sharesDisk: Bool
  /// The memory of the process that has read the specification; a coordinator holds as much before its first step.
  package var coordinatorBytes: Int

  package init(
    cores: Int, availableMemory: Int, freeOutput: Int?, freeCache: Int?, sharesDisk: Bool, coordinatorBytes: Int
  ) {
    self.cores = cores
    self.availableMemory = availableMemory
    self.freeOutput = freeOutput
    self.freeCache = freeCache
    self.sharesDisk = sharesDisk
    self.coordinatorBytes = coordinatorBytes
  }
}
