internal import Foundation

/// A lock that ends with the process that holds it, however that ends.
final class FileLock: Sendable {
  private let descriptor: Int32

  /// Nil where another holds it.
  ///
  /// - Throws: `WireError.system` where the file cannot be made.
  init?(path: String) throws(WireError) {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw .system(operation: "making the lock \(path)", problem: PrivateFile.lastProblem)
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return nil }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  func release() { flock(descriptor, LOCK_UN) }
}
