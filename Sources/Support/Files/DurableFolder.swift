internal import Foundation

/// Folders that appear whole or not at all, and outlast a loss of power.
package enum DurableFolder {
  /// Calls `fill` with a temporary folder beside `path`, flushes all files and folders in it to the disk and gives it the
  /// name `path`. A folder that was there before is replaced; those above are made where they are missing.
  ///
  /// - Throws: `FileError`, and what `fill` throws; the old folder then stays.
  package static func replace(_ path: String, fill: (_ partial: String) throws -> Void) throws {
    let location = URL(filePath: path).standardizedFileURL
    let parent = location.deletingLastPathComponent().path(percentEncoded: false)
    var whole = location.path(percentEncoded: false)
    while whole.count > 1, whole.hasSuffix("/") { whole.removeLast() }
    let mark = "\((parent as NSString).appendingPathComponent(".\(location.lastPathComponent)")).\(getpid())"
    let (partial, replaced) = (mark + ".partial", mark + ".replaced")
    let files = FileManager.default
    try FileBytes.makeFolder(parent)
    do {
      if files.fileExists(atPath: partial) { try files.removeItem(atPath: partial) }
      guard mkdir(partial, 0o777) == 0 else { throw FileError(file: path, step: .makeFolder) }
      try fill(partial)
      try flushAll(below: partial)
      // rename(2) puts a folder over an empty one only, so the old one steps aside first.
      if files.fileExists(atPath: whole), rename(whole, replaced) != 0 {
        throw FileError(file: path, step: .replaceFolder)
      }
      guard rename(partial, whole) == 0 else {
        let error = FileError(file: path, step: .replaceFolder)
        rename(replaced, whole)
        throw error
      }
      try DurableFile.flushFolder(parent)
      if files.fileExists(atPath: replaced) { try files.removeItem(atPath: replaced) }
    } catch {
      try? files.removeItem(atPath: partial)
      if let error = error as? CocoaError {
        throw FileError(file: path, step: .replaceFolder, reason: error.localizedDescription)
      }
      throw error
    }
  }

  /// Flushes every file and folder below `folder`, and the folder, to the disk.
  package static func flushAll(below folder: String) throws(FileError) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names {
      let path = "\(folder)/\(name)"
      var status = stat()
      guard lstat(path, &status) == 0 else { throw FileError(file: path, step: .examine) }
      switch status.st_mode & S_IFMT {
      case S_IFDIR: try flushAll(below: path)
      case S_IFREG:
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(file: path, step: .open) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileError(file: path, step: .flush) }
      default: break
      }
    }
    try DurableFile.flushFolder(folder)
  }
}
