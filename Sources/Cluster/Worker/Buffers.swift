internal import Foundation
internal import Support
internal import Transport

/// Where the results of leases are written: in shared memory where the coordinator has it too, else in the worker's own,
/// to be sent.
final class OutgoingBuffers {
  private let folder: SharedFolder?
  private var files: [SharedFile] = []
  /// Files that the coordinator still reads, by the lease that they were written for.
  private var lent: [Int: [SharedFile]] = [:]
  private var made = 0
  private let name: String
  /// Files that are kept for the next lease.
  private static let kept = 8

  /// - Parameter name: tells this worker's files from others'.
  init(folder: SharedFolder?, name: String) {
    self.folder = folder
    self.name = name
  }

  /// A buffer and, where it is shared, the file that it lies in.
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
      // Files of another arm's size only take room.
      files.removeAll()
      made += 1
      file = try SharedFile(making: "\(name)-\(made)", bytes: count * 4, in: folder)
    }
    lent[lease, default: []].append(file)
    guard let floats = file.floats(count: count) else {
      throw WorkerError(.failure, "a shared file of \(file.bytes) bytes has no room for \(count) numbers")
    }
    return Buffer(floats: floats, file: file)
  }

  /// The coordinator has taken what was delivered for the lease in the files of these names. Another delivery for it may
  /// be on its way in others.
  func settle(lease: Int, names: [String]) {
    for file in lent[lease] ?? [] where names.contains(file.name) && files.count < Self.kept { files.append(file) }
    lent[lease]?.removeAll { names.contains($0.name) }
    if lent[lease]?.isEmpty == true { lent[lease] = nil }
  }
}

/// Buffers that are used again and again: fresh memory of a model's size costs as much as adding two gradients.
final class ScratchBuffers {
  private var buffers: [FloatBuffer] = []

  /// A buffer of `count` numbers, of whatever value, that nobody else holds.
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
