internal import Foundation
package import Support
internal import Synchronization

/// A folder in /dev/shm in which the processes of one audit on one host share buffers; only its owner can enter it.
package final class SharedFolder: Sendable {
  package let path: String
  /// Proves to a worker that it sees the same memory.
  package let token: [UInt8]
  private let isOwner: Bool

  /// Makes the folder, which is removed with this object.
  ///
  /// - Parameter name: unique among the audits of this host.
  package init(name: String) throws(SharedMemoryError) {
    path = "/dev/shm/\(name)"
    isOwner = true
    var generator = SystemRandomNumberGenerator()
    token = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
    // Leftovers of a killed coordinator are of no use.
    try? FileManager.default.removeItem(atPath: path)
    guard mkdir(path, 0o700) == 0 else { throw SharedMemoryError(file: path) }
    do throws(FileError) {
      try DurableFile.write(token, to: "\(path)/token", permissions: 0o600)
    } catch {
      throw SharedMemoryError(file: error.file, problem: error.reason)
    }
  }

  /// Opens a folder that the coordinator has made; nil when this process cannot see that folder.
  package init?(path: String, token: [UInt8]) {
    guard path.hasPrefix("/dev/shm/"), !path.contains(".."), token.count == 16,
      FileManager.default.contents(atPath: "\(path)/token").map(Array.init) == token
    else { return nil }
    self.path = path
    self.token = token
    isOwner = false
  }

  deinit {
    if isOwner { try? FileManager.default.removeItem(atPath: path) }
  }

  /// The path of a file in the folder. Peers choose names, which must not lead out of the folder.
  func file(_ name: String) throws(SharedMemoryError) -> String {
    guard name.utf8.count <= 64, !name.isEmpty,
      name.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D })
    else { throw SharedMemoryError(file: path, problem: "a peer names a file that is not allowed") }
    return "\(path)/\(name)"
  }
}

/// A mapped file in the shared folder.
///
/// Sendable because the mapping itself never changes. The messages between processes say which of them may access it.
package final class SharedFile: @unchecked Sendable {
  package let name: String
  package let bytes: Int
  private let map: MemoryMap
  var memory: UnsafeMutableRawPointer { map.start }
  private let path: String
  private let isOwner: Bool

  /// Makes a file of `bytes` zero bytes, which is removed with this object.
  ///
  /// - Throws: `SharedMemoryError` when there is not enough shared memory.
  package init(making name: String, bytes: Int, in folder: SharedFolder) throws(SharedMemoryError) {
    path = try folder.file(name)
    self.name = name
    self.bytes = bytes
    isOwner = true
    unlink(path)
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw SharedMemoryError(file: path) }
    defer { close(descriptor) }
    // Reserved at once, so that missing memory is an error here and not a signal later.
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
  /// - Parameter released: called when the buffer is no longer used.
  package func floats(at offset: Int = 0, count: Int, released: @escaping () -> Void = {}) -> FloatBuffer? {
    guard offset >= 0, offset % 4 == 0, count >= 0, count <= (bytes - offset) / 4 else { return nil }
    let start = (memory + offset).bindMemory(to: Float.self, capacity: count)
    return FloatBuffer(UnsafeMutableBufferPointer(start: start, count: count)) { [self] in
      withExtendedLifetime(self) { released() }
    }
  }
}

/// Parameters that one process changes in place while others read them. The version in front of the numbers tells
/// readers whether they have read a single version (a sequence lock, after Lameter 2005).
package final class SharedParameters: Sendable {
  package let file: SharedFile
  package let buffer: FloatBuffer
  private static let header = 64

  /// Makes a file for `count` numbers, which is removed with this object.
  package convenience init(making name: String, count: Int, in folder: SharedFolder) throws(SharedMemoryError) {
    let file = try SharedFile(making: name, bytes: Self.header + count * 4, in: folder)
    try self.init(file: file, count: count)
  }

  /// Maps the parameters that another process has made.
  package convenience init(opening name: String, count: Int, in folder: SharedFolder) throws(SharedMemoryError) {
    let file = try SharedFile(opening: name, bytes: Self.header + count * 4, in: folder)
    try self.init(file: file, count: count)
  }

  private init(file: SharedFile, count: Int) throws(SharedMemoryError) {
    guard let buffer = file.floats(at: Self.header, count: count) else {
      throw SharedMemoryError(file: file.name, problem: "expected room for \(count) numbers")
    }
    self.file = file
    self.buffer = buffer
  }

  /// Tells readers that the numbers are about to change.
  package func willChange() {
    file.memory.storeBytes(of: 0, as: UInt64.self)
    atomicMemoryFence(ordering: .sequentiallyConsistent)
  }

  /// Tells readers that the numbers now have this version.
  package func didChange(version: Int) {
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    file.memory.storeBytes(of: UInt64(version) + 1, as: UInt64.self)
  }

  /// Lets `body` read the numbers.
  ///
  /// - Returns: nil when they did not have this version throughout; the result of `body` is then invalid.
  package func read<Value>(
    version: Int, _ body: (UnsafeBufferPointer<Float>) throws -> Value
  ) rethrows -> Value? {
    guard file.memory.load(as: UInt64.self) == UInt64(version) + 1 else { return nil }
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    let value = try body(buffer.floats)
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    return file.memory.load(as: UInt64.self) == UInt64(version) + 1 ? value : nil
  }
}

/// Why memory cannot be shared.
package struct SharedMemoryError: Error, Equatable, Sendable, CustomStringConvertible {
  package let file: String
  package let problem: String

  package init(file: String, problem: String) {
    self.file = file
    self.problem = problem
  }

  /// The failure of the system call that was just made.
  init(file: String) { self.init(file: file, problem: String(cString: strerror(errno))) }

  package var description: String { "\(file): \(problem)" }
}
