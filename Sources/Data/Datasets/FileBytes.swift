import Foundation

/// A file that could not be read or written, with the system's reason.
package struct FileError: Error, Hashable, CustomStringConvertible {
  package let file: String
  package let reason: String

  package var description: String { "\(file): \(reason)" }

  package init(file: String, reason: String) {
    self.file = file
    self.reason = reason
  }

  fileprivate init(file: String) {
    self.init(file: file, reason: String(cString: strerror(errno)))
  }
}

/// Whole files in and out of memory, for regular files only: a folder, pipe or device is refused rather than waited on.
package enum FileBytes {
  private static let chunk = 1 << 20

  /// Everything in the regular file `path`.
  package static func read(_ path: String) throws(FileError) -> [UInt8] {
    let descriptor = try opened(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    defer { close(descriptor) }
    let size = try regularSize(of: path, descriptor)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    while true {
      // One byte beyond what is expected, so that the end of the file is met in the same call.
      let wanted = max(min(size - bytes.count + 1, chunk), 4096)
      var failed = false
      let part = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
        let read = Foundation.read(descriptor, buffer.baseAddress, wanted)
        failed = read < 0
        count = max(read, 0)
      }
      if failed {
        if errno == EINTR { continue }
        throw FileError(file: path)
      }
      if part.isEmpty { return bytes }
      bytes.append(contentsOf: part)
    }
  }

  /// Writes `bytes` to a new file at `path`, or replaces the one there in a single step: a reader, or a run that is
  /// killed, sees the old content or the new, never a part.
  package static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
    let temporary = path + ".partial"
    let descriptor = try opened(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC)
    do throws(FileError) {
      try writeAll(bytes, to: descriptor, path)
    } catch {
      close(descriptor)
      unlink(temporary)
      throw error
    }
    guard close(descriptor) == 0, rename(temporary, path) == 0 else {
      let error = FileError(file: path)
      unlink(temporary)
      throw error
    }
  }

  /// Throws unless `path` is a regular file that this process may read; opens nothing.
  package static func requireReadable(_ path: String) throws(FileError) {
    guard !path.utf8.contains(0) else { throw FileError(file: path, reason: "a path cannot hold a zero byte") }
    var status = stat()
    guard stat(path, &status) == 0 else { throw FileError(file: path) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileError(file: path, reason: "not a regular file") }
    guard access(path, R_OK) == 0 else { throw FileError(file: path) }
  }

  /// Makes the folder `path` and those above it that are missing.
  package static func makeFolder(_ path: String) throws(FileError) {
    guard !path.utf8.contains(0) else { throw FileError(file: path, reason: "a path cannot hold a zero byte") }
    var partial = path.hasPrefix("/") ? "/" : ""
    for step in path.split(separator: "/") {
      partial += step + "/"
      guard mkdir(partial, 0o755) != 0 else { continue }
      guard errno == EEXIST else { throw FileError(file: partial) }
    }
    var status = stat()
    guard stat(path, &status) == 0 else { throw FileError(file: path) }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw FileError(file: path, reason: "not a folder") }
  }

  private static func opened(_ path: String, _ flags: Int32) throws(FileError) -> Int32 {
    guard !path.utf8.contains(0) else { throw FileError(file: path, reason: "a path cannot hold a zero byte") }
    let descriptor = open(path, flags, 0o644)
    guard descriptor >= 0 else { throw FileError(file: path) }
    return descriptor
  }

  private static func regularSize(of path: String, _ descriptor: Int32) throws(FileError) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(file: path) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileError(file: path, reason: "not a regular file") }
    return Int(status.st_size)
  }

  private static func writeAll(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let written = bytes.withUnsafeBytes { buffer in
        let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
        return Foundation.write(descriptor, rest.baseAddress, rest.count)
      }
      if written < 0 {
        if errno == EINTR { continue }
        throw FileError(file: path)
      }
      done += written
    }
  }
}
