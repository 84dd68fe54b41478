internal import Foundation

/// The program that has libtorch.
package enum WorkerProgram {
  /// Where it is: where `TENBIN_WORKER` says, or beside the program that runs.
  ///
  /// - Throws: `AuditError` when it cannot be run there.
  package static func path() throws(AuditError) -> String {
    let path: String
    if let named = ProcessInfo.processInfo.environment["TENBIN_WORKER"] {
      path = named
    } else {
      let own =
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
      path = URL(filePath: own).deletingLastPathComponent().appending(path: "tenbin-worker").path(percentEncoded: false)
    }
    guard access(path, X_OK) == 0 else {
      throw AuditError(
        .failure, "\(path): cannot be run; build it with swift build -c release, or name it in TENBIN_WORKER")
    }
    return path
  }
}
