import Foundation

/// Work that one process of a host does at a time.
package enum HostLock {
  /// Runs `body` while no other process is in it; a process that dies leaves the lock. Throws `CheckpointError` where
  /// the file `path` cannot be locked, and whatever `body` throws.
  package static func whileLocked<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw CheckpointError(
        file: path, problem: .system(step: "open the lock", reason: String(cString: strerror(errno))))
    }
    defer { close(descriptor) }
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else {
        throw CheckpointError(
          file: path, problem: .system(step: "take the lock", reason: String(cString: strerror(errno))))
      }
    }
    return try body()
  }
}
