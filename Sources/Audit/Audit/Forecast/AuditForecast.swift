internal import Foundation
internal import Support

/// What a specification will need and do: counted, estimated from shapes, or measured, and said which.
package struct AuditForecast: Sendable, Equatable {
  package let workload: AuditWorkload
  package let workers: Int
  package let capacity: Capacity
  package let calibration: Calibration
  package let memory: MemoryForecast
  package let disk: DiskForecast
  /// nil where too little could be measured; `timeBasis` says why.
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

  /// From what the time was forecast, or why it was not.
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

  /// What does not suffice, in sentences; empty where everything does.
  /// A search of more runs than these is hardly meant.
  package static let manySearchRuns = 10_000

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
          + "core\(capacity.cores == 1 ? "" : "s"): more than \(max(1, capacity.cores / max(1, workload.threads))) "
          + "workers take memory and save no time here")
    }
    return warnings
  }
}

/// Forecast times, which are no more exact than this, and counts, for a person.
enum Quantity {
  static func seconds(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded(.up))
    if whole < 100 { return "\(whole) s" }
    if whole < 6000 { return "\(Int((seconds / 60).rounded(.up))) min" }
    return "\((seconds / 360).rounded(.up) / 10) h"
  }

  static func count(_ number: Int, _ one: String, _ many: String) -> String { "\(number) \(number == 1 ? one : many)" }
}

/// Memory at the most demanding arm, in bytes; estimated, except for what was measured.
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
      let open = min(max(3, workers + 1), max(arm.runs.runs, arm.shadowModels.runs))
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

/// What an audit leaves on disk, in bytes; estimated.
package struct DiskForecast: Sendable, Equatable, Encodable {
  package let checkpoints: Int
  package let ledger: Int
  package let predictions: Int
  /// Results, tables and the report.
  package let report: Int
  /// All of the output folder.
  package let output: Int
  /// The base in the audit's precision, where its file holds another; made once a host.
  package let cache: Int

  /// Names, two digests and the deliveries of one step, with SQLite's index and write-ahead log.
  private static let bytesPerStep = 400
  private static let ledgerBase = 256 << 10
  /// A logit in decimal, without loss of bits, and its comma.
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

/// Wall-clock in seconds, from what steps took on this machine.
package struct TimeForecast: Sendable, Equatable, Encodable {
  package let arms: [ArmTime]
  /// Reading and decoding the items, in every worker, and before anything starts.
  package let reading: Double
  /// What frozen layers make of every item, computed once.
  package let frozenLayers: Double
  package let total: Double

  /// What one arm takes.
  package struct ArmTime: Sendable, Equatable, Encodable {
    package let arm: String
    package let training: Double
    package let evaluation: Double
    /// Training and scoring the shadow models.
    package let shadowModels: Double

    package var total: Double { training + evaluation + shadowModels }
  }

  /// A forward pass without what the gradient needs takes about a third of a step.
  private static let forwardShare = 1.0 / 3

  /// nil where nothing was measured, or a method was not.
  init?(_ workload: AuditWorkload, workers: Int, capacity: Capacity, measurement: StepMeasurements) {
    // More processes than were measured share the same cores; fewer are at most as slow as their part.
    let used = min(workers, measurement.processes)
    let scale = Double(used) / Double(max(1, measurement.processes))
    func rate(_ method: AuditWorkload.Method) -> Double? {
      measurement.steps[method].map { $0.samplesPerSecond * scale }.flatMap { $0 > 0 ? $0 : nil }
    }
    var arms: [ArmTime] = []
    // Arms with as many frozen layers share what these make of the items.
    var once: [Double: Double] = [:]
    for arm in workload.arms {
      // The head's step is a forward pass with almost nothing after it; LoRA's forward pass is a little more.
      let own = rate(arm.method)
      guard let forward = rate(.head) ?? own.map({ $0 / Self.forwardShare }) else { return nil }
      guard let step = own ?? (arm.method == .given ? forward : nil) else { return nil }
      // What is left to be computed each time; of a head alone next to nothing.
      let left = 1 - arm.frozenShare
      func seconds(_ work: AuditWorkload.Work) -> Double { left * Double(work.trainedSamples) / step }
      func scoring(_ work: AuditWorkload.Work) -> Double { left * Double(work.evaluatedSamples) / forward }
      if arm.frozenShare > 0 { once[arm.frozenShare] = arm.frozenShare * Double(workload.items.total) / forward }
      arms.append(
        ArmTime(
          arm: arm.name, training: seconds(arm.runs), evaluation: scoring(arm.runs),
          shadowModels: seconds(arm.shadowModels) + scoring(arm.shadowModels)))
    }
    self.arms = arms
    // Once on all cores before the start, once in each worker for itself.
    reading = measurement.readingSeconds * (1 + 1 / Double(max(1, capacity.cores)))
    frozenLayers = once.values.reduce(0, +)
    total = reading + frozenLayers + arms.reduce(0) { $0 + $1.total }
  }
}

/// What steps of the audit's methods took on this machine, just now.
package struct StepMeasurements: Sendable, Equatable {
  /// Processes that computed at the same time.
  package var processes: Int
  /// Samples of one micro-batch.
  package var samples: Int
  /// By method; those that could not be measured are missing.
  package var steps: [AuditWorkload.Method: Step]
  /// Seconds that one core takes to read, check and decode every item, measured while this forecast was made.
  package var readingSeconds: Double

  package init(processes: Int, samples: Int, steps: [AuditWorkload.Method: Step], readingSeconds: Double) {
    self.processes = processes
    self.samples = samples
    self.steps = steps
    self.readingSeconds = readingSeconds
  }

  /// What one method takes.
  package struct Step: Sendable, Equatable {
    /// Samples a second that all processes together compute gradients of.
    package var samplesPerSecond: Double
    /// The most that was resident in one process, with its share of the frozen base in full.
    package var residentBytes: Int

    package init(samplesPerSecond: Double, residentBytes: Int) {
      self.samplesPerSecond = samplesPerSecond
      self.residentBytes = residentBytes
    }
  }
}

/// What was measured, or why nothing was.
package enum Calibration: Sendable, Equatable {
  case measured(StepMeasurements)
  case leftOut(reason: String)

  var measurement: StepMeasurements? { if case .measured(let measurement) = self { measurement } else { nil } }
}

/// What this machine has.
package struct Capacity: Sendable, Equatable {
  /// Whole cores that can be kept busy.
  package var cores: Int
  /// Bytes that new processes can have.
  package var availableMemory: Int
  /// Bytes free where results go and where conversions are kept; nil where the system does not tell.
  package var freeOutput: Int?
  package var freeCache: Int?
  /// Whether both lie on one file system, and so share what is free.
  package var sharesDisk: Bool
  /// What the process that has read the specification holds: a coordinator holds as much before its first step.
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
