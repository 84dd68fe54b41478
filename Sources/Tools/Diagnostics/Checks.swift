internal import Support

/// The program that computes.
extension MachineFindings {
  var programChecks: [Check] { [workerCheck] }

  private var workerCheck: Check {
    let name = "tenbin-worker"
    switch worker {
    case .starts(let path, let seconds):
      return .ok(name, "\(path): starts, with libtorch, in \((seconds * 10).rounded() / 10) s")
    case .absent(let reason):
      return Check(name: name, verdict: .missing, finding: reason, advice: nil)
    case .fails(let path, let reason) where reason.contains("shared libraries"):
      return .missing(
        name, "\(path): \(reason)",
        advice: "run scripts/setup, which fetches libtorch and the Debian packages; a libtorch that has moved is found "
          + "again by a build with TENBIN_LIBTORCH set to its folder")
    case .fails(let path, let reason):
      return .missing(
        name, "\(path): \(reason)",
        advice:
          "run it by hand with --help; if it prints nothing, the processor may be missing instructions that libtorch was built for"
      )
    }
  }
}

/// Sockets and clocks.
extension MachineFindings {
  var communicationChecks: [Check] { [runtimeFolderCheck, loopbackCheck, clockCheck] }

  /// What libzmq and the system let a socket's name be, in bytes, with its end.
  private static let longestSocketPath = 107

  private var runtimeFolderCheck: Check {
    let name = "local sockets"
    if runtimeFolder.socketPathLength > Self.longestSocketPath {
      return .missing(
        name,
        "\(runtimeFolder.path): a socket's name would take \(runtimeFolder.socketPathLength) bytes of the "
          + "\(Self.longestSocketPath) there are",
        advice: "set XDG_RUNTIME_DIR to a shorter path, or name an address with --listen")
    }
    if let problem = runtimeFolder.problem {
      return .missing(
        name, "\(runtimeFolder.path): \(problem)",
        advice: "set XDG_RUNTIME_DIR to a folder of this user on a local disk, or name an address with --listen")
    }
    return .ok(name, "\(runtimeFolder.path): a connection over a socket there works")
  }

  private var loopbackCheck: Check {
    guard let loopbackProblem else { return .ok("loopback", "a connection over 127.0.0.1 works") }
    return .warning(
      "loopback", "no connection over 127.0.0.1: \(loopbackProblem)",
      advice: "only --listen tcp://… needs it; bring the interface up with: ip link set lo up")
  }

  /// The first of January 2025: no build of this program is older.
  private static let earliestTime = 1_735_689_600

  private var clockCheck: Check {
    if !clock.isMonotonic {
      return .missing(
        "clock", "time went backwards on the monotonic clock",
        advice: "leases cannot be timed here; restart the machine, or move to another host of virtual machines")
    }
    if clock.secondsSince1970 < Self.earliestTime {
      return .warning(
        "clock", "the system's clock is before 2025",
        advice: "dates in logs and file times will be wrong; start a time service such as chrony")
    }
    if let deviation = clock.fileSystemDeviation, abs(deviation) > 5 {
      let ahead = deviation > 0 ? "ahead" : "behind"
      return .warning(
        "clock", "the output folder's file system is \(Int(abs(deviation).rounded())) s \(ahead) of this machine",
        advice: "start a time service such as chrony on this machine or on the file server")
    }
    return .ok("clock", "the system's, the monotonic and the file system's agree")
  }
}

/// Folders and shared memory.
extension MachineFindings {
  var storageChecks: [Check] { folders.map(check) + [sharedMemoryCheck] }

  /// Below this a small audit may not get to its end.
  private static let scarceDisk = 1 << 30
  /// Below this nothing can be written that is worth it.
  private static let leastDisk = 64 << 20

  private func check(_ folder: Folder) -> Check {
    let name = "\(folder.purpose) folder"
    if let problem = folder.problem {
      return .missing(name, "\(folder.path): \(problem)", advice: folder.remedy)
    }
    guard let free = folder.freeBytes else { return .ok(name, "\(folder.path): can be written to") }
    let finding = "\(folder.path): \(ByteCount.text(free)) free"
    if free < Self.leastDisk { return .missing(name, finding, advice: "make room, or \(folder.remedy)") }
    if free < Self.scarceDisk {
      return .warning(
        name, finding,
        advice: "checkpoints of all weights take 4 bytes per parameter and seed; make room, or \(folder.remedy)")
    }
    return .ok(name, finding)
  }

  /// Parameters and gradients of ViT-Base, and as much again, so that one exchange can follow another.
  private static let scarceSharedMemory = 1 << 30

  private var sharedMemoryCheck: Check {
    let name = "shared memory"
    if let problem = sharedMemory.problem {
      return .missing(
        name, "\(sharedMemory.path): \(problem)",
        advice: "mount a tmpfs there that this user can write to (docker run --shm-size 2g)")
    }
    let finding =
      "\(sharedMemory.path): \(sharedMemory.freeBytes.map(ByteCount.text) ?? "an unknown size") free"
      + (sharedMemory.totalBytes.map { " of \(ByteCount.text($0))" } ?? "")
    guard let free = sharedMemory.freeBytes, free < Self.scarceSharedMemory else { return .ok(name, finding) }
    return .warning(
      name, finding,
      advice: "enough for LoRA; full fine-tuning exchanges 8 bytes per parameter through it: enlarge it "
        + "(docker run --shm-size 2g; in Kubernetes an emptyDir of medium Memory)")
  }
}

/// Processor, memory, swap, and what else uses them.
extension MachineFindings {
  var computingChecks: [Check] { [processorCheck, coresCheck, memoryCheck, swapCheck, activityCheck] }

  private var processorCheck: Check {
    let name = "processor"
    // On ARM the vector unit is part of the base and bfloat16 is called by one name.
    if processor.features.contains("asimd") {
      let bf16 = processor.features.contains("bf16")
      return .ok(name, "\(processor.model): asimd, \(bf16 ? "bf16" : "no bf16 (bf16 is then slower than fp32)")")
    }
    let has = (
      avx2: processor.features.contains("avx2"), avx512: processor.features.contains("avx512f"),
      bf16: !processor.features.isDisjoint(with: ["avx512_bf16", "amx_bf16"])
    )
    func word(_ name: String, _ isThere: Bool) -> String { isThere ? name : "no \(name)" }
    let finding =
      "\(processor.model): "
      + [word("avx2", has.avx2), word("avx512", has.avx512), word("bf16", has.bf16)].joined(separator: ", ")
    if !has.avx2 {
      return .warning(
        name, finding, advice: "steps take several times as long without avx2; use a processor from 2015 or later")
    }
    if !has.bf16 {
      return .warning(name, finding, advice: "keep training.precision at fp32: bf16 is not faster on this processor")
    }
    return .ok(name, finding)
  }

  private var coresCheck: Check {
    let name = "cores"
    let plural = processor.cores == 1 ? "core" : "cores"
    guard let quota = processor.quota, quota < Double(processor.cores) else {
      return .ok(name, "\(processor.cores) \(plural)")
    }
    let share = (quota * 10).rounded() / 10
    return .warning(
      name, "\(processor.cores) \(plural), but the control group grants the time of \(share)",
      advice: "start no more than \(processor.usableCores) worker\(processor.usableCores == 1 ? "" : "s") "
        + "of one thread, or raise the container's limit")
  }

  /// The least that a coordinator and one worker with a small model take.
  private static let leastMemory = 1 << 30

  private var memoryCheck: Check {
    let finding = "\(ByteCount.text(memory.available)) available of \(ByteCount.text(memory.total))"
    guard memory.available < Self.leastMemory else { return .ok("memory", finding) }
    return .missing(
      "memory", finding,
      advice: "an audit of a small model takes \(ByteCount.text(Self.leastMemory)); end other programs or use a larger "
        + "machine (tenbin audit --dry-run says what a specification takes)")
  }

  private var swapCheck: Check {
    guard memory.swapTotal > 0 else { return .ok("swap", "none") }
    let finding = "\(ByteCount.text(memory.swapUsed)) used of \(ByteCount.text(memory.swapTotal))"
    guard memory.swapUsed * 10 > memory.total else { return .ok("swap", finding) }
    return .warning(
      "swap", finding,
      advice: "memory has run short: a step that waits for the disk takes many times as long; end other programs")
  }

  private var activityCheck: Check {
    let name = "other work"
    let load = activity.load.map { "load \(($0 * 10).rounded() / 10)" } ?? "load unknown"
    if activity.workers > 0 {
      return .warning(
        name, "\(activity.workers) tenbin-worker process\(activity.workers == 1 ? "" : "es") running, \(load)",
        advice: "another audit holds cores of this machine: wait for it, or expect both to be slower and their costs "
          + "not to be comparable")
    }
    if let value = activity.load, value > Double(processor.usableCores) / 2 {
      return .warning(
        name, "no other audit, \(load) on \(processor.usableCores) core\(processor.usableCores == 1 ? "" : "s")",
        advice: "other programs hold cores: costs measured now will be too high")
    }
    return .ok(name, "no other audit, \(load)")
  }
}

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
