internal import Datasets
internal import Foundation
internal import Ledger
internal import Planning
internal import Support

/// The folder of one audit, readable by its owner only and held by one coordinator at a time.
final class OutputFolder: Sendable {
  let path: String
  let ledger: Ledger
  let states: StateFiles
  private let lock: FileLock

  /// Makes the folder, or opens the one of an earlier session of the same audit.
  ///
  /// - Parameter specification: the file that the plan was made from.
  /// - Throws: `AuditError` when it holds anything else, or another coordinator works on it.
  init(path: String, plan: Plan, specification: String?) throws(AuditError) {
    self.path = path
    let ledgerFile = "\(path)/ledger.sqlite"
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) {
      guard isDirectory.boolValue else { throw AuditError(.configuration, "\(path): a file; expected a folder") }
      // A full disk may have kept an earlier start from more than its lock.
      let contents = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { name in
        // A search comes before the audit.
        name != ".lock" && !(name == "search" && FileManager.default.fileExists(atPath: "\(path)/search/ledger.sqlite"))
      }
      guard contents.isEmpty || contents.contains("ledger.sqlite") else {
        throw AuditError(
          .configuration, "\(path): the folder holds something other than an audit; choose an empty or a new --output")
      }
    } else {
      try AuditError.wrapping(.failure) { try FileBytes.makeFolder(path) }
    }
    chmod(path, 0o700)
    guard let lock = try AuditError.wrapping(.failure, { try FileLock(ifFree: "\(path)/.lock") }) else {
      throw AuditError(.failure, "\(path): another coordinator is working on this audit; wait for it or stop it")
    }
    self.lock = lock
    do throws(LedgerError) {
      ledger = try Ledger(file: ledgerFile, plan: plan.hash, specification: specification)
    } catch {
      throw AuditError(
        error.exitStatus == .wrongInput ? .configuration : .failure,
        error.asksForAnotherFolder ? "\(error), or choose another --output" : "\(error)")
    }
    states = StateFiles(folder: "\(path)/states")
    try AuditError.wrapping(.failure) { try FileBytes.makeFolder("\(path)/logs") }
  }

  /// Writes a file below the folder in one step.
  func write(_ bytes: [UInt8], to name: String) throws(AuditError) {
    try AuditError.wrapping(.failure) {
      let file = "\(path)/\(name)"
      try FileBytes.makeFolder(of: file)
      try DurableFile.write(bytes, to: file)
    }
  }
}

/// The folder of an audit's sockets: a folder that only this user can enter, with a path short enough for a socket's
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

  /// The socket of the administration commands.
  package var administration: String { "ipc://\(path)/administration" }

  /// The file in which the coordinator records its own workers.
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
