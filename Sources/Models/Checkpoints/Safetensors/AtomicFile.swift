package import Foundation
import Glibc

/// Files that appear whole or not at all.
package enum AtomicFile {
  /// Writes `pieces` one after another to a temporary file beside `path`, flushes it to the disk and renames it.
  package static func write(to path: String, pieces: [Data]) throws {
    try write(to: path) { append in
      for piece in pieces { try append(piece) }
    }
  }

  /// Hands `body` a function that appends to a temporary file beside `path`, flushes the file to the disk and renames
  /// it. Throws `SafetensorsError` where the system refuses, and whatever `body` throws.
  package static func write(to path: String, _ body: (_ append: (Data) throws -> Void) throws -> Void) throws {
    let location = URL(fileURLWithPath: path)
    let folder = location.deletingLastPathComponent().path
    let temporary = "\(folder)/.\(location.lastPathComponent).\(getpid()).partial"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw SafetensorsError.system(temporary, step: "create the file") }
    do {
      defer { close(descriptor) }
      try body { try append($0, to: descriptor, path: path) }
      guard fsync(descriptor) == 0 else { throw SafetensorsError.system(path, step: "flush the file to the disk") }
    } catch {
      unlink(temporary)
      throw error
    }
    guard rename(temporary, path) == 0 else {
      let error = SafetensorsError.system(path, step: "put the file into its place")
      unlink(temporary)
      throw error
    }
    try flushFolder(folder)
  }

  /// Flushes the entries of `folder`, so that a rename in it outlasts a loss of power.
  package static func flushFolder(_ folder: String) throws(SafetensorsError) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(folder, step: "open the folder") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .system(folder, step: "flush the folder to the disk") }
  }

  private static func append(_ piece: Data, to descriptor: Int32, path: String) throws(SafetensorsError) {
    var offset = 0
    while offset < piece.count {
      let written = piece.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) -> Int in
        guard let start = bytes.baseAddress else { return 0 }
        return Glibc.write(descriptor, start + offset, bytes.count - offset)
      }
      if written < 0 {
        if errno == EINTR { continue }
        throw .system(path, step: "write the file")
      }
      offset += written
    }
  }
}
