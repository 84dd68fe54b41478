internal import Support

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
      name, "\(processor.cores) \(plural), of which the control group grants the time of \(share)",
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
