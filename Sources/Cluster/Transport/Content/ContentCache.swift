package import Foundation
package import Support

/// A folder of contents in files that are named by their digest. The processes of one host share it.
///
/// A file under its plain name is complete. A name that ends in `.partial` holds the beginning of a content, and is
/// locked by the process that fetches it.
package struct ContentCache: Sendable {
  package let folder: String

  package init(folder: String) { self.folder = folder }

  package func path(of content: ContentHash) -> String { "\(folder)/\(content)" }

  /// The file with the beginning of a content that is being fetched, or whose worker was killed.
  package func partialPath(of content: ContentHash) -> String { path(of: content) + ".partial" }

  /// Whether the complete content is here.
  package func holds(_ content: ContentHash, bytes: Int) -> Bool {
    FileBytes.size(of: path(of: content)) == bytes
  }

  /// How fetching a content can continue.
  package enum Opening {
    case whole
    /// Another process fetches it.
    case busy
    case partial(PartialContent)
  }

  /// Locks a content for this process.
  ///
  /// - Throws: `ContentError` if the folder cannot be written.
  package func open(_ wanted: WantedContent) throws(ContentError) -> Opening {
    let path = path(of: wanted.content)
    while true {
      if holds(wanted.content, bytes: wanted.bytes) { return .whole }
      guard let partial = try PartialContent(path: partialPath(of: wanted.content), whole: path, wanted: wanted) else {
        return .busy
      }
      // The process that held the lock may have completed or discarded the file.
      if partial.isInPlace { return .partial(partial) }
    }
  }

  /// Removes a content that does not match its digest.
  package func remove(_ content: ContentHash) { unlink(path(of: content)) }

  /// Removes the least recently used contents until the rest is within a limit.
  ///
  /// Contents of a base have a second hard link and are kept, as are the contents that are named here.
  package func trim(toBytes limit: Int, keeping kept: Set<ContentHash>) {
    FolderTrim.trim(folder, toBytes: limit) { name, status in
      let digest = name.hasSuffix(".partial") ? String(name.dropLast(".partial".count)) : name
      guard let content = ContentHash(hexadecimal: digest) else { return false }
      return !kept.contains(content) && status.st_nlink == 1
    } bytes: {
      Int($0.st_size)
    } isInUse: {
      $0.hasSuffix(".partial") && FileLock.isHeld($0)
    }
  }

  /// Marks a content as used now.
  package func touch(_ content: ContentHash) { utimensat(AT_FDCWD, path(of: content), nil, 0) }
}

/// The beginning of a content on the disk, locked for this process for as long as the object lives.
package final class PartialContent {
  private let lock: FileLock
  private var descriptor: Int32 { lock.descriptor }
  private let path: String
  private let whole: String
  private let wanted: WantedContent
  /// The number of bytes on the disk.
  package private(set) var bytes: Int
  private var hasher: ContentHasher? = ContentHasher()
  /// Bytes that the digest covers. Bytes that an earlier process wrote are read when the digest is needed.
  private var hashed = 0

  /// Contents from this size on are flushed to the disk; smaller ones are checked whenever they are read.
  private static let flushed = 1 << 20

  /// Nil if another process holds the lock.
  fileprivate init?(path: String, whole: String, wanted: WantedContent) throws(ContentError) {
    (self.path, self.whole, self.wanted) = (path, whole, wanted)
    bytes = 0
    do throws(FileError) {
      guard let lock = try FileLock(ifFree: path) else { return nil }
      self.lock = lock
    } catch {
      throw ContentError(
        name: wanted.name, content: wanted.content,
        problem: .system(file: path, step: "make", reason: error.reason))
    }
    bytes = Int(lseek(lock.descriptor, 0, SEEK_END))
  }

  /// Whether the file still exists under its name.
  fileprivate var isInPlace: Bool {
    var (own, named) = (stat(), stat())
    return fstat(descriptor, &own) == 0 && stat(path, &named) == 0
      && (own.st_dev, own.st_ino) == (named.st_dev, named.st_ino)
  }

  /// Appends bytes.
  package func append(_ piece: [UInt8]) throws(ContentError) {
    var done = 0
    while done < piece.count {
      let written = piece.withUnsafeBytes { buffer in
        pwrite(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(bytes + done))
      }
      if written < 0 {
        if errno == EINTR { continue }
        throw Self.problem("write", path, of: wanted)
      }
      done += written
    }
    if hashed == bytes {
      hasher?.update(bytes: piece)
      hashed += piece.count
    }
    bytes += piece.count
  }

  /// Discards all bytes.
  package func restart() throws(ContentError) {
    guard ftruncate(descriptor, 0) == 0 else { throw Self.problem("empty", path, of: wanted) }
    (bytes, hashed) = (0, 0)
    hasher = ContentHasher()
  }

  /// Whether the bytes are the complete content, by its digest; if so, the file gets its plain name.
  ///
  /// - Parameter isEnding: called from time to time; when it returns true, the result is nil and the file stays.
  package func finish(isEnding: () -> Bool = { false }) throws(ContentError) -> Bool? {
    var buffer = [UInt8](repeating: 0, count: min(4 << 20, max(1, bytes - hashed)))
    while hashed < bytes {
      if isEnding() { return nil }
      let read = pread(descriptor, &buffer, min(buffer.count, bytes - hashed), off_t(hashed))
      if read < 0 && errno == EINTR { continue }
      guard read > 0 else { throw Self.problem("read", path, of: wanted) }
      buffer.withUnsafeBytes { hasher?.update(raw: UnsafeRawBufferPointer(rebasing: $0[..<read])) }
      hashed += read
    }
    let digest = hasher.take()?.finish()
    hasher = ContentHasher()
    hashed = 0
    guard digest == wanted.content else { return false }
    if bytes >= Self.flushed, fsync(descriptor) != 0 { throw Self.problem("flush", path, of: wanted) }
    guard rename(path, whole) == 0 else { throw Self.problem("name", whole, of: wanted) }
    if bytes >= Self.flushed { try? DurableFile.flushFolder((whole as NSString).deletingLastPathComponent) }
    return true
  }

  /// Removes the file.
  package func discard() { unlink(path) }

  private static func problem(_ step: String, _ file: String, of wanted: WantedContent) -> ContentError {
    ContentError(
      name: wanted.name, content: wanted.content,
      problem: .system(file: file, step: step, reason: String(cString: strerror(errno))))
  }
}

/// Why a content cannot be fetched.
package struct ContentError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The path or name that the audit has for it.
  package let name: String
  package let content: ContentHash
  package let problem: Problem

  package enum Problem: Hashable, Sendable {
    /// The coordinator cannot give it.
    case absent(reason: String)
    /// The bytes that came do not have the digest.
    case wrongDigest
    /// A piece has another length than requested.
    case wrongPiece(offset: Int, expected: Int, found: Int)
    /// The cache cannot be read or written.
    case system(file: String, step: String, reason: String)
  }

  package init(name: String, content: ContentHash, problem: Problem) {
    self.name = name
    self.content = content
    self.problem = problem
  }

  package var description: String {
    let what = "\(name) (content \(content.description.prefix(16))…)"
    switch problem {
    case .absent(let reason): return "\(what): the coordinator cannot send it: \(reason)"
    case .wrongDigest:
      return "\(what): what came has another digest and was thrown away; the file has changed since the audit was "
        + "planned: restore it on the coordinator's host, or start anew"
    case .wrongPiece(let offset, let expected, let found):
      return "\(what): \(found) bytes arrived for offset \(offset); \(expected) were requested"
    case .system(let file, let step, let reason):
      return "\(what): cannot \(step) \(file): \(reason); make room, or name another cache folder with TENBIN_CACHE"
    }
  }
}

/// Keeps a cache folder within a limit.
package enum FolderTrim {
  /// Removes files, the least recently used first, until the rest is within a limit.
  ///
  /// - Parameters:
  ///   - isMeant: whether a file of this name and status counts towards the limit, and may be removed.
  ///   - bytes: the size of a file of this status.
  ///   - isInUse: whether the file at a path must not be removed.
  package static func trim(
    _ folder: String, toBytes limit: Int, where isMeant: (_ name: String, stat) -> Bool, bytes: (stat) -> Int,
    isInUse: (_ path: String) -> Bool
  ) {
    var found: [(path: String, bytes: Int, used: timespec)] = []
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      var status = stat()
      guard stat("\(folder)/\(name)", &status) == 0, isMeant(name, status) else { continue }
      found.append(("\(folder)/\(name)", bytes(status), status.st_mtim))
    }
    var total = found.reduce(0) { $0 + $1.bytes }
    for file in found.sorted(by: { ($0.used.tv_sec, $0.used.tv_nsec) < ($1.used.tv_sec, $1.used.tv_nsec) }) {
      guard total > limit else { return }
      guard !isInUse(file.path) else { continue }
      unlink(file.path)
      total -= file.bytes
    }
  }
}
