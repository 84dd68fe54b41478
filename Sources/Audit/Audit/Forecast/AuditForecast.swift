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
