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

  /// Makes the folder, or opens the one that an earlier sitting of the same audit has left.
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
          .configuration, "\(path): the folder holds something else than an audit; choose an empty or a new --output")
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
      throw AuditError(error.isMistaken ? .configuration : .failure, "\(error)")
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
