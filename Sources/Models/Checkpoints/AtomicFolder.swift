import Foundation

/// Folders that appear whole or not at all.
enum AtomicFolder {
  /// Calls `fill` with a temporary folder beside `path`, flushes it to the disk and renames it; a folder that was there
  /// before is replaced.
  static func write(to path: String, fill: (_ partial: String) throws -> Void) throws {
    let location = URL(fileURLWithPath: path).standardizedFileURL
    let parent = location.deletingLastPathComponent().path
    let process = ProcessInfo.processInfo.processIdentifier
    let partial = "\(parent)/.\(location.lastPathComponent).\(process).partial"
    let replaced = "\(parent)/.\(location.lastPathComponent).\(process).replaced"
    let files = FileManager.default
    do {
      try files.createDirectory(atPath: parent, withIntermediateDirectories: true)
      if files.fileExists(atPath: partial) { try files.removeItem(atPath: partial) }
      try files.createDirectory(atPath: partial, withIntermediateDirectories: false)
      try fill(partial)
      try AtomicFile.flushFolder(partial)
      // rename(2) puts a folder over an empty one only, so the old one steps aside first.
      if files.fileExists(atPath: location.path) { try files.moveItem(atPath: location.path, toPath: replaced) }
      try files.moveItem(atPath: partial, toPath: location.path)
      try AtomicFile.flushFolder(parent)
      if files.fileExists(atPath: replaced) { try files.removeItem(atPath: replaced) }
    } catch let error as CocoaError {
      try? files.removeItem(atPath: partial)
      throw CheckpointError(
        file: path, problem: .system(step: "write the folder", reason: error.localizedDescription))
    } catch {
      try? files.removeItem(atPath: partial)
      throw error
    }
  }
}
