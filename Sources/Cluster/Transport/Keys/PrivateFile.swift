internal import Foundation
internal import Support

/// Files that only their owner reads, and that appear whole or not at all.
enum PrivateFile {
  /// Writes a file that must not exist yet.
  static func create(_ path: String, text: String) throws(WireError) {
    do throws(FileError) {
      try DurableFile.create(Data(text.utf8), at: path, permissions: 0o600)
    } catch {
      let exists = error.step == .rename && access(path, F_OK) == 0
      let problem = exists ? "it exists already, and a key is never overwritten" : error.reason
      throw .keyFile(path, line: nil, problem: problem)
    }
  }

  /// Writes a file over the one that is there.
  static func replace(_ path: String, text: String) throws(WireError) {
    do throws(FileError) {
      try DurableFile.write(Data(text.utf8), to: path, permissions: 0o600)
    } catch {
      throw .keyFile(path, line: nil, problem: error.reason)
    }
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

  private static var lastProblem: String { String(cString: strerror(errno)) }
}
