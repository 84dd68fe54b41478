internal import Foundation

/// Looks at processor, memory, limits, clocks and other processes of this machine.
package enum MachineProbe {
  package static var processor: MachineFindings.Processor {
    let (model, features) = SystemText.processor(SystemText.read("/proc/cpuinfo") ?? "")
    return MachineFindings.Processor(
      model: model, features: features, cores: ProcessInfo.processInfo.activeProcessorCount,
      quota: SystemText.read("/sys/fs/cgroup/cpu.max").flatMap(SystemText.quota))
  }

  package static var memory: MachineFindings.Memory {
    let text = SystemText.read("/proc/meminfo") ?? ""
    func bytes(_ key: String) -> Int { SystemText.bytes(key, in: text) ?? 0 }
    var memory = MachineFindings.Memory(
      total: bytes("MemTotal"), available: bytes("MemAvailable"), swapTotal: bytes("SwapTotal"),
      swapUsed: bytes("SwapTotal") - bytes("SwapFree"))
    if let limit = number("/sys/fs/cgroup/memory.max") {
      let used = number("/sys/fs/cgroup/memory.current") ?? 0
      memory.total = min(memory.total, limit)
      memory.available = min(memory.available, max(0, limit - used))
    }
    return memory
  }

  /// Bytes of this process that are resident; 0 where the system does not tell.
  package static var ownBytes: Int {
    SystemText.read("/proc/self/status").flatMap { SystemText.bytes("VmRSS", in: $0) } ?? 0
  }

  static var limits: MachineFindings.ResourceLimits {
    let text = SystemText.read("/proc/self/limits") ?? ""
    return MachineFindings.ResourceLimits(
      openFiles: SystemText.limit("Max open files", in: text),
      lockedBytes: SystemText.limit("Max locked memory", in: text),
      processes: SystemText.limit("Max processes", in: text))
  }

  /// - Parameter folder: whose file system's clock is compared with the machine's; it need not exist yet.
  static func clock(folder: String) -> MachineFindings.Clock {
    let before = ContinuousClock.now
    let now = Date().timeIntervalSince1970
    let made = FolderProbe.withFile(in: FolderProbe.nearestExisting(folder)) { descriptor -> Double? in
      var status = stat()
      guard fstat(descriptor, &status) == 0 else { return nil }
      return Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9
    }
    let fileTime: Double? = if case .success(let time) = made { time } else { nil }
    return MachineFindings.Clock(
      secondsSince1970: Int(now), fileSystemDeviation: fileTime.map { $0 - now },
      isMonotonic: ContinuousClock.now >= before)
  }

  static var activity: MachineFindings.Activity {
    let processes = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).filter { Int32($0) != nil }
    let workers = processes.count { SystemText.read("/proc/\($0)/comm") == "tenbin-worker\n" }
    let load = SystemText.read("/proc/loadavg")?.split(separator: " ").first.flatMap { Double($0) }
    return MachineFindings.Activity(workers: workers, load: load)
  }

  private static func number(_ path: String) -> Int? {
    SystemText.read(path).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }
}
