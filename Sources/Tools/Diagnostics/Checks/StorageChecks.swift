internal import Support

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
        advice: "checkpoints of all weights take 4 bytes a parameter and seed; make room, or \(folder.remedy)")
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
      advice: "enough for LoRA; full fine-tuning exchanges 8 bytes a parameter through it: enlarge it "
        + "(docker run --shm-size 2g; in Kubernetes an emptyDir of medium Memory)")
  }
}
