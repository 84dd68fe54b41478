internal import Foundation
internal import Support

/// Where the sockets of an audit lie: a folder that only this user can enter, with a path short enough for a socket's
/// name, that can be found again by the audit's output folder.
package final class RuntimeFolder: Sendable {
  package let path: String
  /// Unique among the audits of this user on this host.
  let name: String
  private let isOwner: Bool

  /// Makes the folder of the audit in `output`, or takes the one that a killed coordinator has left; the lock of the
  /// output folder keeps two coordinators from sharing it.
  init(making output: String) throws(AuditError) {
    name = Self.name(forOutput: output)
    path = "\(Self.base)/\(name)"
    isOwner = true
    if mkdir(path, 0o700) != 0 {
      guard errno == EEXIST else {
        throw AuditError(.failure, "\(path): cannot be made: \(String(cString: strerror(errno)))")
      }
      guard Self.isPrivate(path) else {
        throw AuditError(
          .failure,
          "\(path): expected a folder that only this user can enter; remove it, or name an address with --listen")
      }
    }
    let whole = Self.whole(output)
    try AuditError.wrapping(.failure) { try DurableFile.write(Data(whole.utf8), to: "\(path)/output") }
  }

  /// The folder of the audit that runs in `output`; nil for the one that runs below the current folder.
  ///
  /// - Throws: `AuditError` when there is none, or more than one.
  package init(ofRunning output: String?) throws(AuditError) {
    isOwner = false
    if let output {
      name = Self.name(forOutput: output)
      path = "\(Self.base)/\(name)"
      guard Self.isPrivate(path), access("\(path)/administration", F_OK) == 0 else {
        throw AuditError(.unreachable, "\(output): no audit runs there")
      }
      return
    }
    let here = Self.whole(FileManager.default.currentDirectoryPath)
    let found = Self.running.filter { $0.output == here || $0.output.hasPrefix(here + "/") }
    guard let only = found.first else {
      throw AuditError(.unreachable, "no audit runs below \(here); name its output folder")
    }
    guard found.count == 1 else {
      let outputs = found.map(\.output).sorted().joined(separator: ", ")
      throw AuditError(.unreachable, "several audits run below \(here); name one of their output folders: \(outputs)")
    }
    name = only.name
    path = "\(Self.base)/\(name)"
  }

  deinit {
    if isOwner { try? FileManager.default.removeItem(atPath: path) }
  }

  /// Where people's shells ask.
  package var administration: String { "ipc://\(path)/administration" }

  /// Where the coordinator writes its own workers down.
  var workerRegister: String { "\(path)/workers" }

  /// The key of the coordinator's own workers, where workers need one.
  var workerKey: String { "\(path)/worker.key" }

  private static var base: String {
    let given = ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"] ?? ""
    return given.isEmpty ? "/tmp" : given
  }

  private static func whole(_ output: String) -> String {
    var path = URL(filePath: output).standardizedFileURL.resolvingSymlinksInPath().path(percentEncoded: false)
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path
  }

  private static func name(forOutput output: String) -> String {
    "tenbin-\(getuid())-\(ContentHash(of: whole(output).utf8).description.prefix(12))"
  }

  private static func isPrivate(_ folder: String) -> Bool {
    var status = stat()
    return lstat(folder, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == getuid()
      && status.st_mode & 0o077 == 0
  }

  /// The audits of this user whose sockets are there.
  private static var running: [(name: String, output: String)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: base)) ?? []
    return names.filter { $0.hasPrefix("tenbin-\(getuid())-") }.compactMap { name in
      let folder = "\(base)/\(name)"
      guard isPrivate(folder), access("\(folder)/administration", F_OK) == 0,
        let output = FileManager.default.contents(atPath: "\(folder)/output")
      else { return nil }
      return (name, String(decoding: output, as: UTF8.self))
    }
  }
}
