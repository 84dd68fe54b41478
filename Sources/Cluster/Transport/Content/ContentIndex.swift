internal import Foundation
package import Support

/// The files of an audit by digest, for workers on other hosts.
///
/// No other file can be requested: a request names a digest, and only digests that the audit lists lead to a path.
package struct ContentIndex: Sendable {
  private struct File {
    let path: String
    let bytes: Int
  }

  private var files: [ContentHash: File] = [:]

  /// The most bytes of one request.
  package static let piece = 1 << 20

  package init() {}

  /// Adds a file of the audit.
  package mutating func add(_ content: ContentHash, path: String, bytes: Int) {
    files[content] = File(path: path, bytes: bytes)
  }

  /// Why a piece cannot be sent, as a message to the worker.
  package struct Problem: Error, Hashable, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
  }

  /// A piece of a content. It is not checked here; the receiver compares the digest of the whole.
  package func read(_ content: ContentHash, offset: UInt64, bytes: UInt32) throws(Problem) -> [UInt8] {
    guard let file = files[content] else { throw Problem(description: "this audit has no such content") }
    guard bytes > 0, bytes <= Self.piece, offset < UInt64(file.bytes),
      UInt64(bytes) <= UInt64(file.bytes) - offset
    else { throw Problem(description: "\(file.path) has no \(bytes) bytes from offset \(offset) on") }
    let descriptor = open(file.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw Problem(description: "\(file.path): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, Int(status.st_size) == file.bytes else {
      throw Problem(
        description: "\(file.path) has changed since the audit was planned; restore it, or start anew")
    }
    var done = 0
    var piece = [UInt8](repeating: 0, count: Int(bytes))
    while done < piece.count {
      let count = piece.withUnsafeMutableBytes { buffer in
        pread(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset) + off_t(done))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        throw Problem(description: "\(file.path): \(count < 0 ? String(cString: strerror(errno)) : "it was cut")")
      }
      done += count
    }
    return piece
  }
}
