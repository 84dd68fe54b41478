internal import Support

/// Limits that the system sets for this process.
extension MachineFindings {
  var limitChecks: [Check] { [openFilesCheck, lockedMemoryCheck, processesCheck] }

  private func text(_ limit: Int?) -> String { limit.map { "\($0)" } ?? "unlimited" }

  private var openFilesCheck: Check {
    let name = "open files"
    let finding = "limit \(text(limits.openFiles))"
    guard let limit = limits.openFiles, limit < 1024 else { return .ok(name, finding) }
    let advice = "raise it with ulimit -n 4096"
    return limit < 128 ? .missing(name, finding, advice: advice) : .warning(name, finding, advice: advice)
  }

  private var lockedMemoryCheck: Check {
    let name = "locked memory"
    let finding = "limit \(limits.lockedBytes.map(ByteCount.text) ?? "unlimited")"
    guard let limit = limits.lockedBytes, limit < 64 << 10 else { return .ok(name, finding) }
    return .warning(
      name, finding, advice: "keys cannot be kept out of swap; raise it with ulimit -l 64 where workers are remote")
  }

  private var processesCheck: Check {
    let name = "processes"
    let finding = "limit \(text(limits.processes))"
    guard let limit = limits.processes, limit < 512 else { return .ok(name, finding) }
    let advice = "threads count too, about 20 a worker; raise it with ulimit -u 4096"
    return limit < 64 ? .missing(name, finding, advice: advice) : .warning(name, finding, advice: advice)
  }
}
