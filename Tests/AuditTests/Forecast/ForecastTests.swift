import Audit
import Foundation
import Testing

/// From counts to a forecast; nothing is measured here.
@Suite struct ForecastTests {
  private static func work(runs: Int, trained: Int, evaluated: Int) -> AuditWorkload.Work {
    var work = AuditWorkload.Work()
    work.runs = runs
    work.steps = trained / 32
    work.microBatches = trained / 16
    work.trainedSamples = trained
    work.evaluatedSamples = evaluated
    return work
  }

  private static func arm(_ name: String, _ method: AuditWorkload.Method, trained: Int) -> AuditWorkload.Arm {
    AuditWorkload.Arm(
      name: name, method: method, trainedParameters: trained, runs: work(runs: 3, trained: 3200, evaluated: 960),
      shadowModels: work(runs: 8, trained: 6400, evaluated: 1920), checkpointBytes: 4 * trained)
  }

  static let workload = AuditWorkload(
    name: "small", base: "/models/base", architecture: "ViTForImageClassification", task: "image-classification",
    items: .init(train: 600, validation: 100, test: 300), classes: 2, seeds: 3, pool: 240, precision: "fp32", batch: 32,
    microbatch: 16, threads: 1, plannedWorkers: 2,
    model: .init(
      backboneParameters: 100 << 20, layers: 10, frozenBytes: 400 << 20, convertedFileBytes: 0,
      activationBytesPerSample: 20 << 20, itemBytes: 1 << 10),
    arms: [
      arm("base", .head, trained: 1 << 10), arm("lora-r8", .lora(rank: 8), trained: 1 << 20),
      arm("full", .full, trained: 100 << 20),
    ])

  private static let capacity = Capacity(
    cores: 2, availableMemory: 64 << 30, freeOutput: 500 << 30, freeCache: 500 << 30, sharesDisk: true,
    coordinatorBytes: 50 << 20)

  private static let measurement = StepMeasurements(
    processes: 2, samples: 16,
    steps: [
      .head: .init(samplesPerSecond: 300, residentBytes: 700 << 20),
      .lora(rank: 8): .init(samplesPerSecond: 100, residentBytes: 900 << 20),
      .full: .init(samplesPerSecond: 50, residentBytes: 2 << 30),
    ], readingSeconds: 4)

  private func forecast(
    _ workload: AuditWorkload = workload, workers: Int = 2, capacity: Capacity = capacity,
    calibration: Calibration = .measured(measurement)
  ) -> AuditForecast {
    AuditForecast(workload, workers: workers, capacity: capacity, calibration: calibration)
  }

  @Test("Layers below everything that is trained take their time once an item, however many models there are")
  func frozenLayers() throws {
    var workload = Self.workload
    workload.arms[0].frozenShare = 1
    workload.arms[1].frozenShare = 0.75
    var twice = workload
    twice.arms.append(twice.arms[1])
    let time = try #require(forecast(workload).time)
    #expect(time.arms[0].total == 0)
    #expect(time.arms[1].training == 8 && time.arms[1].evaluation == 0.8)
    #expect(time.arms[2].training == 64)
    #expect(time.frozenLayers == 1000 / 300.0 + 0.75 * 1000 / 300.0)
    let other = try #require(forecast(twice).time)
    #expect(other.frozenLayers == time.frozenLayers)
  }

  @Test("Time is samples over the measured rate, evaluations at the head's rate, and reading on top")
  func time() throws {
    let time = try #require(forecast().time)
    let head = (training: 3200 / 300.0, shadowModels: 6400 / 300.0)
    #expect(time.arms.map(\.training) == [head.training, 32, 64])
    #expect(time.arms.map(\.evaluation) == [3.2, 3.2, 3.2])
    #expect(time.arms.map(\.shadowModels) == [head.shadowModels + 6.4, 70.4, 134.4])
    #expect(time.reading == 6)
    let arms = time.arms.map(\.total).reduce(0, +)
    #expect(abs(time.total - time.reading - arms) < 1e-9)
  }

  @Test("The points of validation curves are evaluated while an arm is trained, and leave no predictions")
  func validationCurve() throws {
    var workload = Self.workload
    workload.arms[2].runs.validationSamples = 2700
    let (before, after) = (forecast(), forecast(workload))
    #expect(after.time?.arms[2].training == 64 + 2700 / 300.0)
    #expect(after.time?.arms[2].evaluation == before.time?.arms[2].evaluation)
    #expect(after.disk == before.disk && after.memory == before.memory)
    #expect(after.lines.contains { $0.hasPrefix("full") && $0.hasSuffix("2700         2880") })
    #expect(after.workload.total.validationSamples == 2700)
  }

  @Test("One worker of two takes twice as long; more workers than processes that were measured save nothing")
  func workers() throws {
    let (one, two, nine) = (forecast(workers: 1).time, forecast().time, forecast(workers: 9).time)
    #expect(one?.arms.last?.training == 128)
    #expect(nine == two)
    #expect(forecast(workers: 9).warnings.contains { $0.contains("9 workers") && $0.contains("2 cores") })
  }

  @Test("Without a measurement, or with a method that lacks one, time is left out with the reason")
  func leftOut() {
    let none = forecast(calibration: .leftOut(reason: "there is no worker"))
    #expect(none.time == nil)
    #expect(none.lines.contains("time: left out, because there is no worker"))
    var partial = Self.measurement
    partial.steps[.full] = nil
    #expect(forecast(calibration: .measured(partial)).time == nil)
  }

  @Test("The frozen base counts once however many workers there are; full counts a private copy in each")
  func memory() {
    let estimated = (1...3).map { forecast(workers: $0, calibration: .leftOut(reason: "no")).memory }
    for memory in estimated {
      #expect(memory.sharedBase == 400 << 20)
      #expect(memory.parts.arm == "full")
      #expect(memory.parts.trained == 2800 << 20)
      #expect(memory.parts.activations == 320 << 20)
      #expect(!memory.isMeasured)
    }
    #expect(estimated[2].total - estimated[1].total >= estimated[0].worker)
    let lora = AuditWorkload(
      name: "lora", base: "/b", architecture: "V", task: "t", items: Self.workload.items, classes: 2, seeds: 3, pool: 0,
      precision: "fp32", batch: 32, microbatch: 16, threads: 1, plannedWorkers: 1, model: Self.workload.model,
      arms: [Self.workload.arms[1]])
    let memory = forecast(lora, calibration: .leftOut(reason: "no")).memory
    #expect(memory.parts.trained == 28 << 20)
    let limit = 400 << 20 + memory.parts.activations
    #expect(memory.worker < limit)
  }

  @Test("A measured worker counts what was resident without the shared base, and the items that it will keep")
  func measuredMemory() {
    let memory = forecast().memory
    #expect(memory.isMeasured)
    let (resident, libraries, items, sockets) = (2 << 30, 100 << 20, 1000 << 10, 16 << 20)
    #expect(memory.sharedLibraries == libraries)
    let transfers = 1600 << 20
    #expect(memory.worker == resident - libraries + items + sockets + transfers)
  }

  @Test("Disk counts every run's checkpoint, and the converted base only where an arm keeps the base frozen")
  func disk() {
    let parameters = 1 << 10 + 1 << 20 + 100 << 20
    #expect(forecast().disk.checkpoints == 3 * 4 * parameters)
    var workload = Self.workload
    workload.model.convertedFileBytes = 200 << 20
    #expect(forecast(workload).disk.cache == 200 << 20)
    workload.arms = [workload.arms[2]]
    #expect(forecast(workload).disk.cache == 0)
  }

  @Test("What does not suffice is warned of: memory with the number of workers that fits, disk with what is free")
  func warnings() {
    #expect(forecast().warnings.isEmpty)
    var small = Self.capacity
    small.availableMemory = forecast(workers: 1).memory.total + 100 << 20
    #expect(forecast(capacity: small).warnings.contains { $0.contains("memory") && $0.contains("--workers 1 fits") })
    small.availableMemory = 1 << 30
    #expect(forecast(capacity: small).warnings.contains { $0.contains("memory") && $0.contains("microbatch") })
    var full = Self.capacity
    full.freeOutput = 100 << 20
    #expect(forecast(capacity: full).warnings.contains { $0.contains("disk") && $0.contains("100 MiB") })
    full.sharesDisk = false
    #expect(forecast(capacity: full).warnings.contains { $0.contains("for the output") })
  }

  @Test("An external adapter is only evaluated, and leaves no checkpoint")
  func given() throws {
    var workload = Self.workload
    workload.arms = [
      AuditWorkload.Arm(
        name: "theirs", method: .given, trainedParameters: 1 << 20,
        runs: Self.work(runs: 1, trained: 0, evaluated: 300),
        shadowModels: .init(), checkpointBytes: 4 << 20)
    ]
    let forecast = forecast(workload)
    #expect(forecast.disk.checkpoints == 0)
    let time = try #require(forecast.time)
    #expect(time.arms.map(\.training) == [0])
    #expect(time.arms.map(\.evaluation) == [1])
  }

  @Test("The lines hold a table with a row an arm, say what is estimated, and from what time was made")
  func lines() {
    let lines = forecast().lines
    let text = lines.joined(separator: "\n")
    for word in ["base", "lora-r8", "full", "in all", "estimated", "measured just now", "2 processes of 1 thread"] {
      #expect(text.contains(word), "\(text) lacks \(word)")
    }
    #expect(lines.contains { $0.hasPrefix("lora-r8") && $0.hasSuffix("2880") })
  }

  @Test("JSON holds counts, bytes and seconds under plain names, and no seconds where they were left out")
  func json() throws {
    func document(_ forecast: AuditForecast) throws -> [String: Any] {
      try #require(try JSONSerialization.jsonObject(with: Data(forecast.json.utf8)) as? [String: Any])
    }
    let whole = try document(forecast())
    let total = try #require(whole["total"] as? [String: Any])
    #expect(total["trained_samples"] as? Int == 3 * 9600)
    let memory = try #require(whole["memory_bytes"] as? [String: Any])
    #expect(memory["shared_base"] as? Int == 400 << 20)
    #expect((whole["seconds"] as? [String: Any])?["total"] is Double)
    let arms = try #require((whole["specification"] as? [String: Any])?["arms"] as? [[String: Any]])
    #expect(arms.map { $0["method"] as? String } == ["head", "lora of rank 8", "full"])
    #expect(try document(forecast(calibration: .leftOut(reason: "no")))["seconds"] == nil)
  }

  @Test("The runs of a search are told apart, and very many are warned of")
  func search() {
    var searched = Self.workload
    searched.searchRuns = 6
    #expect(forecast(searched).lines.contains { $0.contains("9 runs with 3 seeds, 6 of them a search for") })
    #expect(!forecast(searched).warnings.contains { $0.contains("search") })
    searched.searchRuns = 10_001
    #expect(forecast(searched).warnings.contains { $0.hasPrefix("the search alone is 10001 runs") })
  }
}
