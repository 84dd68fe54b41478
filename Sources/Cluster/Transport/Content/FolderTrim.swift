package import Foundation

/// Keeps a cache folder within a limit.
package enum FolderTrim {
  /// Removes files, those that were not used for longest first, until the rest is within a limit.
  ///
  /// - Parameters:
  ///   - isMeant: whether a file of this name and status counts, and may be removed.
  ///   - bytes: what a file of this status takes.
  ///   - isInUse: whether the file at a path must stay though it counts.
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
