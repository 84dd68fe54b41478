internal import Foundation
package import Support

/// A mapped file in the shared folder.
///
/// Sendable because the mapping itself never changes; who may touch its contents is agreed between the processes.
package final class SharedFile: @unchecked Sendable {
  package let name: String
  package let bytes: Int
  private let map: MemoryMap
  var memory: UnsafeMutableRawPointer { map.start }
  private let path: String
  private let isOwner: Bool

  /// Makes a file of `bytes` bytes, all zero; it goes with this object.
  ///
  /// - Throws: `SharedMemoryError` when there is not so much shared memory.
  package init(making name: String, bytes: Int, in folder: SharedFolder) throws(SharedMemoryError) {
    path = try folder.file(name)
    self.name = name
    self.bytes = bytes
    isOwner = true
    unlink(path)
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw SharedMemoryError(file: path) }
    defer { close(descriptor) }
    // Reserved at once: memory that is missing is an error here, not a signal later.
    let status = posix_fallocate(descriptor, 0, max(1, bytes))
    guard status == 0 else {
      unlink(path)
      throw SharedMemoryError(
        file: path, problem: "\(String(cString: strerror(status))); \(bytes >> 20) MiB are needed in /dev/shm")
    }
    map = try Self.map(descriptor, bytes: bytes, path: path)
  }

  /// Maps a file that another process has made.
  package init(opening name: String, bytes: Int, in folder: SharedFolder) throws(SharedMemoryError) {
    path = try folder.file(name)
    self.name = name
    self.bytes = bytes
    isOwner = false
    let descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw SharedMemoryError(file: path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, bytes > 0,
      Int(status.st_size) >= bytes
    else { throw SharedMemoryError(file: path, problem: "expected a file of \(bytes) bytes or more") }
    map = try Self.map(descriptor, bytes: bytes, path: path)
  }

  deinit {
    if isOwner { unlink(path) }
  }

  private static func map(_ descriptor: Int32, bytes: Int, path: String) throws(SharedMemoryError) -> MemoryMap {
    do throws(FileError) {
      return try MemoryMap(descriptor: descriptor, count: max(1, bytes), access: .shared, path: path)
    } catch {
      throw SharedMemoryError(file: path, problem: error.reason)
    }
  }

  /// `count` numbers from byte `offset` on, a multiple of four; nil when they do not fit.
  ///
  /// - Parameter released: called when nobody uses the buffer any more.
  package func floats(at offset: Int = 0, count: Int, released: @escaping () -> Void = {}) -> FloatBuffer? {
    guard offset >= 0, offset % 4 == 0, count >= 0, count <= (bytes - offset) / 4 else { return nil }
    let start = (memory + offset).bindMemory(to: Float.self, capacity: count)
    return FloatBuffer(UnsafeMutableBufferPointer(start: start, count: count)) { [self] in
      withExtendedLifetime(self) { released() }
    }
  }
}
