import Audit
import Checkpoints
import Diagnostics
import Foundation

/// Prints what an audit will need and do. It writes nothing, and starts a worker only for a short measurement.
enum DryRun {
  /// - Parameters:
  ///   - workers: nil for the specification's own number.
  ///   - output: where results would go; the current folder when left out.
  static func run(specification: String, workers: Int?, output: String?, json: Bool) throws {
    let display = ProgressDisplay()
    try Session.reportingErrors(display) {
      let before = ProcessorTime.seconds
      display.line("reading \(specification)")
      let inputs = try AuditInputs(specificationFile: specification)
      let readingSeconds = ProcessorTime.seconds - before
      let workload = try inputs.workload()
      let count = workers ?? workload.plannedWorkers
      let capacity = try capacity(output: output ?? ".")
      let calibration = StepCalibration(
        workload: workload, processes: max(1, min(count, capacity.cores / max(1, workload.threads))),
        availableMemory: capacity.availableMemory
      ).run(readingSeconds: readingSeconds) { display.line($0) }
      let forecast = AuditForecast(workload, workers: count, capacity: capacity, calibration: calibration)
      if json {
        print(try forecast.json)
      } else {
        for line in forecast.lines { print(line) }
      }
    }
  }

  private static func capacity(output: String) throws -> Capacity {
    let cache = try CacheFolder.root()
    let free = (output: FolderProbe.space(at: output), cache: FolderProbe.space(at: cache))
    return Capacity(
      cores: MachineProbe.processor.usableCores, availableMemory: MachineProbe.memory.available,
      freeOutput: free.output?.free, freeCache: free.cache?.free,
      sharesDisk: free.output?.fileSystem == free.cache?.fileSystem, coordinatorBytes: MachineProbe.ownBytes)
  }
}
