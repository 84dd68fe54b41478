internal import Foundation

/// Files that only their owner reads, and that appear whole or not at all.
enum PrivateFile {
  /// Writes a file that must not exist yet.
  static func create(_ path: String, text: String) throws(WireError) {
    let temporary = try write(text, beside: path)
    defer { unlink(temporary) }
    // A link never replaces what is there; a rename would.
    guard link(temporary, path) == 0 else {
      let problem = errno == EEXIST ? "it exists already, and a key is never overwritten" : lastProblem
      throw .keyFile(path, line: nil, problem: problem)
    }
    flushFolder(of: path)
  }

  /// Writes a file over the one that is there.
  static func replace(_ path: String, text: String) throws(WireError) {
    let temporary = try write(text, beside: path)
    guard rename(temporary, path) == 0 else {
      let problem = lastProblem
      unlink(temporary)
      throw .keyFile(path, line: nil, problem: problem)
    }
    flushFolder(of: path)
  }

  /// Reads a file of at most a mebibyte that nobody but its owner can read or write.
  static func read(_ path: String) throws(WireError) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .keyFile(path, line: nil, problem: lastProblem) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .keyFile(path, line: nil, problem: lastProblem) }
    guard status.st_mode & 0o077 == 0 else {
      throw .keyFile(path, line: nil, problem: "others can read or change it; forbid that with: chmod 600 \(path)")
    }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    var count = 0
    while count < bytes.count {
      let got = bytes[count...].withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if got < 0 && errno == EINTR { continue }
      guard got >= 0 else { throw .keyFile(path, line: nil, problem: lastProblem) }
      if got == 0 { break }
      count += got
    }
    guard count < bytes.count, let text = String(validating: bytes[..<count], as: UTF8.self) else {
      throw .keyFile(path, line: nil, problem: "it is no text of less than a mebibyte")
    }
    return text
  }

  private static func write(_ text: String, beside path: String) throws(WireError) -> String {
    let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0...UInt32.max)).partial"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .keyFile(path, line: nil, problem: lastProblem) }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    var offset = 0
    while offset < bytes.count {
      let written = bytes[offset...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0 && errno == EINTR { continue }
      guard written >= 0 else { break }
      offset += written
    }
    guard offset == bytes.count, fsync(descriptor) == 0 else {
      let problem = lastProblem
      unlink(temporary)
      throw .keyFile(path, line: nil, problem: problem)
    }
    return temporary
  }

  private static func flushFolder(of path: String) {
    let descriptor = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  static var lastProblem: String { String(cString: strerror(errno)) }
}
