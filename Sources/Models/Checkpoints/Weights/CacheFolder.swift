import Foundation

/// Where files are kept that can be made again: $TENBIN_CACHE, else tenbin in $XDG_CACHE_HOME or ~/.cache.
package enum CacheFolder {
  /// The cache, which need not exist yet. Throws `CheckpointError` where TENBIN_CACHE is no absolute path.
  package static func root() throws(CheckpointError) -> String {
    let environment = ProcessInfo.processInfo.environment
    if let named = environment["TENBIN_CACHE"], !named.hasPrefix("/") {
      throw CheckpointError(
        file: named,
        problem: .system(step: "use the cache folder", reason: "TENBIN_CACHE must be a path that begins with /"))
    }
    func folder(_ variable: String) -> String? { environment[variable].flatMap { $0.hasPrefix("/") ? $0 : nil } }
    return folder("TENBIN_CACHE") ?? folder("XDG_CACHE_HOME").map { $0 + "/tenbin" }
      ?? (folder("HOME") ?? NSHomeDirectory()) + "/.cache/tenbin"
  }

  /// The folder `name` in the cache, made where it is missing. Throws `CheckpointError`.
  package static func path(_ name: String) throws(CheckpointError) -> String {
    let path = "\(try root())/\(name)"
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw CheckpointError(
        file: path,
        problem: .system(
          step: "make the cache folder", reason: "\(error.localizedDescription); name another with TENBIN_CACHE"))
    }
    return path
  }
}
