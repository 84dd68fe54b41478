import Glibc

/// A whole file, mapped read-only into memory and unmapped with the last reference.
// Unchecked because of the pointer: the pages are never written through it, and it stays valid until deinit.
package final class MappedFile: @unchecked Sendable {
  package let path: String
  /// The bytes of the file, valid as long as this object lives.
  package let bytes: UnsafeRawBufferPointer

  package init(path: String) throws(SafetensorsError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(path, step: "open the file") }
    defer { close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0 else { throw .system(path, step: "examine the file") }
    guard information.st_mode & S_IFMT == S_IFREG else {
      throw SafetensorsError(
        file: path, problem: .system(step: "map the file", reason: "expected a file, found a folder or device"))
    }
    self.path = path
    let count = Int(information.st_size)
    guard count > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
      throw .system(path, step: "map the file")
    }
    bytes = UnsafeRawBufferPointer(start: start, count: count)
  }

  /// Lets the system take the pages within `part` of the bytes back: they are read again when they are used again, and
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

  deinit {
    if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
  }
}

extension SafetensorsError {
  /// The failure of the system call just made.
  static func system(_ path: String, step: String) -> SafetensorsError {
    SafetensorsError(file: path, problem: .system(step: step, reason: String(cString: strerror(errno))))
  }
}
