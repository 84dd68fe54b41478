internal import Foundation
internal import Support

extension AuditForecast {
  /// Lines for a person.
  package var lines: [String] {
    var lines = whatLines + [""] + table + [""] + memoryLines + [""] + diskLines + [""] + timeLines
    if !warnings.isEmpty { lines += [""] + warnings.map { "warning: \($0)" } }
    return lines
  }

  private var whatLines: [String] {
    let items = workload.items
    return [
      "\(workload.name): \(workload.task) with \(workload.architecture), "
        + "\(workload.model.backboneParameters) parameters, \(workload.precision)",
      "items      \(items.total): \(items.train) train, \(items.validation) validation, \(items.test) test; "
        + "\(workload.classes) classes",
      "runs       \(Quantity.count(workload.runs, "run", "runs")) with \(Quantity.count(workload.seeds, "seed", "seeds"))"
        + (workload.searchRuns == 0 ? "" : ", \(workload.searchRuns) of them a search for the arms' settings")
        + (workload.shadowModels == 0
          ? ", no shadow models"
          : ", \(workload.mayStopEarly ? "at most " : "")\(workload.shadowModels) shadow models on a pool of \(workload.pool) items"),
      "steps      \(workload.batch) samples each, in micro-batches of \(workload.microbatch)",
    ]
  }

  private var table: [String] {
    let header = [
      "arm", "trained", "runs", "shadow models", "steps", "micro-batches", "gradients", "validation", "evaluations",
    ]
    func row(_ name: String, _ trained: String, _ runs: Int, _ shadowModels: Int, _ work: AuditWorkload.Work)
      -> [String]
    {
      [
        name, trained, "\(runs)", "\(shadowModels)", "\(work.steps)", "\(work.microBatches)", "\(work.trainedSamples)",
        "\(work.validationSamples)", "\(work.evaluatedSamples)",
      ]
    }
    let rows =
      workload.arms.map { arm in
        row(arm.name, "\(arm.trainedParameters)", arm.runs.runs, arm.shadowModels.runs, arm.runs + arm.shadowModels)
      } + [row("in all", "", workload.runs, workload.shadowModels, workload.total)]
    let cells = [header] + rows
    let widths = header.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
    return cells.map { row in
      row.indices.map { column in
        let padding = String(repeating: " ", count: widths[column] - row[column].count)
        return column == 0 ? row[column] + padding : padding + row[column]
      }.joined(separator: "  ")
    }
  }

  private var memoryLines: [String] {
    let parts = memory.parts
    let own =
      memory.isMeasured
      ? "measured in a step of \(parts.arm), with what travels and \(ByteCount.text(parts.items)) of resized items"
      : "program \(ByteCount.text(parts.program)), trained parameters with gradients and copies "
        + "\(ByteCount.text(parts.trained)), activations \(ByteCount.text(parts.activations)), resized items "
        + "\(ByteCount.text(parts.items)), for \(parts.arm)"
    let hasFull = workload.arms.contains { $0.method == .full }
    return [
      "memory, estimated, with \(Quantity.count(workers, "worker", "workers"))",
      "  frozen base   \(ByteCount.text(memory.sharedBase)), one memory map a host, which all its workers share, as they do "
        + "\(ByteCount.text(memory.sharedLibraries)) of libraries",
      "  each worker   \(ByteCount.text(memory.worker)): \(own)"
        + (hasFull ? "; full has a private copy of all weights" : ""),
      "  coordinator   \(ByteCount.text(memory.coordinator)): parameters, moments and gradients of the open runs",
      "  in all        about \(ByteCount.text(memory.total)) of \(ByteCount.text(capacity.availableMemory)) available",
    ]
  }

  private var diskLines: [String] {
    [
      "disk, estimated",
      "  checkpoints   \(ByteCount.text(disk.checkpoints))",
      "  ledger        \(ByteCount.text(disk.ledger))",
      "  predictions   \(ByteCount.text(disk.predictions))",
      "  report        \(ByteCount.text(disk.report))",
      "  output        about \(ByteCount.text(disk.output))"
        + (capacity.freeOutput.map { " of \(ByteCount.text($0)) free" } ?? ""),
      disk.cache == 0
        ? "  cache         nothing: no arm needs the base in another precision than its file's"
        : "  cache         \(ByteCount.text(disk.cache)), the base as \(workload.precision), once per host",
    ]
  }

  private var timeLines: [String] {
    guard let time else { return ["time: left out, because \(timeBasis)"] }
    return ["time, with \(Quantity.count(workers, "worker", "workers"))"]
      + time.arms.map { arm in
        "  \(arm.arm): training \(Quantity.seconds(arm.training)), evaluation \(Quantity.seconds(arm.evaluation))"
          + (arm.shadowModels > 0 ? ", shadow models \(Quantity.seconds(arm.shadowModels))" : "")
      } + [
        "  reading the items \(Quantity.seconds(time.reading))"
          + (time.frozenLayers > 0
            ? "; what frozen layers make of them \(Quantity.seconds(time.frozenLayers)), computed once" : ""),
        "  in all \(workload.mayStopEarly ? "at most " : "")about \(Quantity.seconds(time.total)), without the statistics at the end"
          + (workload.mayStopEarly ? "; less if shadow models end early" : ""),
        "  made from \(timeBasis)",
      ]
  }
}

extension AuditForecast {
  /// JSON with sorted keys; bytes and seconds are plain numbers; `seconds` is absent where nothing was measured.
  package var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .withoutEscapingSlashes, .sortedKeys]
      encoder.keyEncodingStrategy = .convertToSnakeCase
      return String(decoding: try encoder.encode(Document(self)), as: UTF8.self)
    }
  }

  private struct Document: Encodable {
    let specification: AuditWorkload
    let total: AuditWorkload.Work
    let workers: Int
    let memoryBytes: MemoryForecast
    let diskBytes: DiskForecast
    let seconds: TimeForecast?
    let timeBasis: String
    let availableMemoryBytes: Int
    let freeOutputBytes: Int?
    let freeCacheBytes: Int?
    let warnings: [String]

    init(_ forecast: AuditForecast) {
      specification = forecast.workload
      total = forecast.workload.total
      workers = forecast.workers
      memoryBytes = forecast.memory
      diskBytes = forecast.disk
      seconds = forecast.time
      timeBasis = forecast.timeBasis
      availableMemoryBytes = forecast.capacity.availableMemory
      freeOutputBytes = forecast.capacity.freeOutput
      freeCacheBytes = forecast.capacity.freeCache
      warnings = forecast.warnings
    }
  }
}
