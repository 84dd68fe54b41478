internal import Foundation
internal import Support
internal import Transport

/// Buffers for the results of leases: in shared memory where the coordinator has it too, otherwise in the worker's own
/// memory, from which they are sent.
final class OutgoingBuffers {
  private let folder: SharedFolder?
  private var files: [SharedFile] = []
  /// Files that the coordinator still reads, by the lease that they were written for.
  private var inUse: [Int: [SharedFile]] = [:]
  private var made = 0
  private let name: String
  /// Files that are kept for the next lease.
  private static let kept = 8

  /// - Parameter name: a prefix for file names, unique among workers.
  init(folder: SharedFolder?, name: String) {
    self.folder = folder
    self.name = name
  }

  /// A buffer and, where it is shared, its file.
  struct Buffer {
    let floats: FloatBuffer
    let file: SharedFile?
  }

  /// Room for `count` numbers for a lease.
  func buffer(count: Int, lease: Int) throws -> Buffer {
    guard let folder else { return Buffer(floats: FloatBuffer(repeating: 0, count: count), file: nil) }
    let file: SharedFile
    if let index = files.firstIndex(where: { $0.bytes == count * 4 }) {
      file = files.remove(at: index)
    } else {
      // Files for another arm's size only occupy memory.
      files.removeAll()
      made += 1
      file = try SharedFile(making: "\(name)-\(made)", bytes: count * 4, in: folder)
    }
    inUse[lease, default: []].append(file)
    guard let floats = file.floats(count: count) else {
      throw WorkerError(.failure, "a shared file of \(file.bytes) bytes has no room for \(count) numbers")
    }
    return Buffer(floats: floats, file: file)
  }

  /// The coordinator has read the files of these names, which were delivered for the lease. It may not have read the files
  /// of a later delivery yet.
  func settle(lease: Int, names: [String]) {
    for file in inUse[lease] ?? [] where names.contains(file.name) && files.count < Self.kept { files.append(file) }
    inUse[lease]?.removeAll { names.contains($0.name) }
    if inUse[lease]?.isEmpty == true { inUse[lease] = nil }
  }
}

/// Reused buffers: fresh memory of a model's size costs as much time as adding two gradients.
final class ScratchBuffers {
  private var buffers: [FloatBuffer] = []

  /// A buffer of `count` numbers with undefined values, to which no other reference exists.
  func buffer(count: Int) -> FloatBuffer {
    for index in buffers.indices where buffers[index].count == count {
      if isKnownUniquelyReferenced(&buffers[index]) { return buffers[index] }
    }
    buffers.removeAll { $0.count != count }
    let made = FloatBuffer(repeating: 0, count: count)
    buffers.append(made)
    return made
  }
}
