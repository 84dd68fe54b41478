internal import Foundation

/// A lock on a file (flock) that ends with this object or with its process, however that ends.
package final class FileLock: Sendable {
  /// The locked file, which is made where it is missing, open for reading and writing.
  package let descriptor: Int32

  package enum Kind: Sendable {
    /// No other lock on the file beside it.
    case exclusive
    /// Other shared locks beside it.
    case shared

    fileprivate var operation: Int32 { self == .exclusive ? LOCK_EX : LOCK_SH }
  }

  /// Nil if another lock on the file is in the way.
  package convenience init?(ifFree path: String, _ kind: Kind = .exclusive) throws(FileError) {
    try self.init(path, kind.operation | LOCK_NB)
  }

  /// Runs `body` while no other process is in it.
  ///
  /// - Throws: `FileError` if the file cannot be locked, and what `body` throws.
  package static func whileLocked<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    // Without LOCK_NB it waits, and is never nil.
    let lock = try FileLock(path, LOCK_EX)
    return try withExtendedLifetime(lock) { try body() }
  }

  /// Whether another lock on the file is held, by this process or another.
  package static func isHeld(_ path: String) -> Bool {
    let descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_EX | LOCK_NB) != 0
  }

  private init?(_ path: String, _ operation: Int32) throws(FileError) {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw FileError(file: path, step: .lock) }
    while flock(descriptor, operation) != 0 {
      if errno == EINTR { continue }
      guard errno == EWOULDBLOCK else { throw FileError(file: path, step: .lock) }
      return nil
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Gives the lock up before the object goes.
  package func release() { flock(descriptor, LOCK_UN) }
}
