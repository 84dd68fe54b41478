internal import Foundation

/// Whole files into memory, and folders. Regular files only: a folder, pipe or device is refused rather than waited for.
package enum FileBytes {
  private static let chunk = 1 << 20

  /// Everything in the regular file `path`.
  package static func read(_ path: String) throws(FileError) -> [UInt8] {
    try FileError.requireUsable(path, step: .open)
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(file: path, step: .open) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(file: path, step: .examine) }
    guard isRegular(status) else { throw FileError(file: path, step: .read, reason: "not a regular file") }
    let size = Int(status.st_size)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    while true {
      // One byte more than expected, so that the same call meets the end of the file.
      let wanted = max(min(size - bytes.count + 1, chunk), 4096)
      var failed = false
      let part = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
        let read = Foundation.read(descriptor, buffer.baseAddress, wanted)
        failed = read < 0
        count = max(read, 0)
      }
      if failed {
        if errno == EINTR { continue }
        throw FileError(file: path, step: .read)
      }
      if part.isEmpty { return bytes }
      bytes.append(contentsOf: part)
    }
  }

  /// The size of the regular file `path`; nil if there is none.
  package static func size(of path: String) -> Int? {
    var status = stat()
    guard stat(path, &status) == 0, isRegular(status) else { return nil }
    return Int(status.st_size)
  }

  /// Throws unless `path` is a regular file that this process may read; opens nothing.
  package static func requireReadable(_ path: String) throws(FileError) {
    try FileError.requireUsable(path, step: .open)
    var status = stat()
    guard stat(path, &status) == 0 else { throw FileError(file: path, step: .examine) }
    guard isRegular(status) else { throw FileError(file: path, step: .read, reason: "not a regular file") }
    guard access(path, R_OK) == 0 else { throw FileError(file: path, step: .open) }
  }

  /// Makes the folder `path` and those above it that are missing; what is made outlasts a loss of power.
  package static func makeFolder(_ path: String) throws(FileError) {
    try FileError.requireUsable(path, step: .makeFolder)
    var above = path.hasPrefix("/") ? "/" : "."
    var partial = path.hasPrefix("/") ? "/" : ""
    for step in path.split(separator: "/") {
      partial += step + "/"
      if mkdir(partial, 0o755) == 0 {
        try DurableFile.flushFolder(above)
      } else if errno != EEXIST {
        throw FileError(file: partial, step: .makeFolder)
      }
      above = partial
    }
    var status = stat()
    guard stat(path, &status) == 0 else { throw FileError(file: path, step: .makeFolder) }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw FileError(file: path, step: .makeFolder, reason: "not a folder")
    }
  }

  /// Makes the folder that the file `path` is to lie in, and those above it that are missing.
  package static func makeFolder(of path: String) throws(FileError) {
    let folder = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
    try makeFolder(folder)
  }

  private static func isRegular(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFREG }
}
