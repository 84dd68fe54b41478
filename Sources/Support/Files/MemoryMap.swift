internal import Foundation

/// A part of a file as memory, unmapped with the last reference.
// Unchecked because of the pointer, which never changes. Who may write to shared pages, and when, is agreed between the
// processes that map them.
package final class MemoryMap: @unchecked Sendable {
  package let start: UnsafeMutableRawPointer
  package let count: Int

  package enum Access: Sendable {
    /// Reading only.
    case readOnly
    /// Reading what other processes write to the same file.
    case sharedReadOnly
    /// Reading and writing, seen by all that map the file.
    case shared
  }

  /// Maps the first `count` bytes, at least one, of an open file, which must be as long.
  ///
  /// - Parameter path: Of the file, for the error.
  package init(descriptor: Int32, count: Int, access: Access, path: String) throws(FileError) {
    let protection = access == .shared ? PROT_READ | PROT_WRITE : PROT_READ
    let flags = access == .readOnly ? MAP_PRIVATE : MAP_SHARED
    guard let start = mmap(nil, count, protection, flags, descriptor, 0), start != MAP_FAILED else {
      throw FileError(file: path, step: .map)
    }
    self.start = start
    self.count = count
  }

  deinit { munmap(start, count) }
}

/// A whole file, mapped read-only.
package final class MappedFile: Sendable {
  package let path: String
  /// Nil for an empty file, which cannot be mapped.
  private let map: MemoryMap?

  package init(path: String) throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError(file: path, step: .open) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(file: path, step: .examine) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileError(file: path, step: .map, reason: "not a regular file")
    }
    self.path = path
    let count = Int(status.st_size)
    map = count > 0 ? try MemoryMap(descriptor: descriptor, count: count, access: .readOnly, path: path) : nil
  }

  /// The bytes of the file, valid as long as this object lives.
  package var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: map.map { UnsafeRawPointer($0.start) }, count: map?.count ?? 0)
  }

  /// Lets the system take the pages within `part` of the bytes back. They are read again when they are used again, and
  /// until then do not count as this process's memory.
  package func release(_ part: UnsafeRawBufferPointer) {
    guard let start = part.baseAddress, part.count > 0 else { return }
    let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
    // Whole pages only: those at the edges hold neighbours too.
    let first = (UInt(bitPattern: start) + page - 1) / page * page
    let end = (UInt(bitPattern: start) + UInt(part.count)) / page * page
    guard first < end, let address = UnsafeMutableRawPointer(bitPattern: first) else { return }
    madvise(address, Int(end - first), MADV_DONTNEED)
  }
}
