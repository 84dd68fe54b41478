package import Foundation

/// Files that appear whole or not at all, and outlast a loss of power. Everything that Tenbin puts out is written here.
///
/// The bytes go to a temporary file in the same folder, which is flushed to the disk (fsync) and renamed to `path`; then
/// the folder is flushed, which makes the rename itself durable. A reader, a full disk or a killed process sees the old
/// content or the new, never a part of it.
package enum DurableFile {
  /// Replaces the content of `path`, or makes the file.
  ///
  /// - Parameters:
  ///   - permissions: Of the new file, less what the process's umask takes away.
  ///   - flush: How a descriptor is flushed: `later` where many files are written together and the writer then calls
  ///     `DurableFolder.flushAll(below:)`.
  package static func write(
    _ bytes: some ContiguousBytes, to path: String, permissions: mode_t = 0o666, flush: (Int32) -> Int32 = fsync
  ) throws(FileError) {
    let writer = try Writer(beside: path, permissions: permissions)
    try writer.append(bytes)
    try writer.replace(flush: flush)
  }

  /// Leaves the flushing to the caller.
  package static func later(_ descriptor: Int32) -> Int32 { 0 }

  /// Replaces the content of `path`, or makes the file, with what `body` appends piece by piece.
  ///
  /// - Throws: `FileError`, and what `body` throws; the old content then stays.
  package static func write(
    to path: String, permissions: mode_t = 0o666, _ body: (borrowing Writer) throws -> Void
  ) throws {
    let writer = try Writer(beside: path, permissions: permissions)
    try body(writer)
    try writer.replace(flush: fsync)
  }

  /// Makes the file `path`, which must not exist yet; of two processes that try, one succeeds.
  package static func create(
    _ bytes: some ContiguousBytes, at path: String, permissions: mode_t = 0o666
  ) throws(FileError) {
    let writer = try Writer(beside: path, permissions: permissions)
    try writer.append(bytes)
    try writer.create(flush: fsync)
  }

  /// The temporary file of one write, which goes with this value.
  package struct Writer: ~Copyable {
    private let path: String
    private let temporary: String
    private let descriptor: Int32

    fileprivate init(beside path: String, permissions: mode_t) throws(FileError) {
      try FileError.requireUsable(path, step: .create)
      let mark = "\(getpid()).\(UInt32.random(in: 0 ... .max))"
      let temporary = "\(folder(of: path))/\(temporaryPrefix(of: path))\(mark).partial"
      let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, permissions)
      guard descriptor >= 0 else { throw FileError(file: path, step: .create) }
      (self.path, self.temporary, self.descriptor) = (path, temporary, descriptor)
    }

    deinit {
      close(descriptor)
      // Gone already where it was renamed.
      unlink(temporary)
    }

    package borrowing func append(_ bytes: some ContiguousBytes) throws(FileError) {
      let (descriptor, path) = (descriptor, path)
      let failure = bytes.withUnsafeBytes { bytes -> FileError? in
        var rest = bytes[...]
        while !rest.isEmpty {
          let part = UnsafeRawBufferPointer(rebasing: rest)
          let count = Foundation.write(descriptor, part.baseAddress, part.count)
          if count < 0 && errno == EINTR { continue }
          guard count > 0 else { return FileError(file: path, step: .write) }
          rest = rest.dropFirst(count)
        }
        return nil
      }
      if let failure { throw failure }
    }

    fileprivate consuming func replace(flush: (Int32) -> Int32) throws(FileError) {
      guard flush(descriptor) == 0 else { throw FileError(file: path, step: .flush) }
      guard rename(temporary, path) == 0 else { throw FileError(file: path, step: .rename) }
      try flushFolder(folder(of: path), flush: flush)
    }

    fileprivate consuming func create(flush: (Int32) -> Int32) throws(FileError) {
      guard flush(descriptor) == 0 else { throw FileError(file: path, step: .flush) }
      // A link never replaces what is there; a rename would.
      guard link(temporary, path) == 0 else { throw FileError(file: path, step: .rename) }
      try flushFolder(folder(of: path), flush: flush)
    }
  }

  /// Flushes the entries of a folder, so that a file made, renamed or removed in it stays so after a loss of power.
  package static func flushFolder(_ folder: String, flush: (Int32) -> Int32 = fsync) throws(FileError) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(file: folder, step: .flushFolder) }
    defer { close(descriptor) }
    // Some network file systems have no flush for folders and say EINVAL.
    guard flush(descriptor) == 0 || errno == EINVAL else { throw FileError(file: folder, step: .flushFolder) }
  }

  /// Removes the temporary files of writes to `path` that were killed. No process may be writing it.
  package static func removeLeftovers(of path: String) {
    let (folder, prefix) = (folder(of: path), temporaryPrefix(of: path))
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    where name.hasPrefix(prefix) && name.hasSuffix(".partial") {
      unlink("\(folder)/\(name)")
    }
  }

  private static func folder(of path: String) -> String {
    let folder = (path as NSString).deletingLastPathComponent
    return folder.isEmpty ? "." : folder
  }

  private static func temporaryPrefix(of path: String) -> String { ".\((path as NSString).lastPathComponent)." }
}
