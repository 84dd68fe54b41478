internal import Foundation
internal import Support

/// The folder that `tenbin keys` fills on the coordinator's host.
///
/// `coordinator.key` is the coordinator's secret and `allowed-keys` the list of who may connect. `worker-NAME.key` and
/// `admin-NAME.key` are to be moved to whom they name: each holds an own secret key and the coordinator's public key.
package struct KeyFolder: Sendable {
  package let path: String

  package init(path: String) { self.path = path }

  package var coordinatorFile: String { "\(path)/coordinator.key" }
  package var allowListFile: String { "\(path)/allowed-keys" }
  package func clientFile(role: Role, name: String) -> String { "\(path)/\(role.rawValue)-\(name).key" }

  /// Makes the coordinator's key and an allow-list that is empty.
  ///
  /// - Throws: `WireError.keyFile` where there is a key already, or the folder cannot be written.
  package func makeCoordinator() throws(WireError) -> PublicKey {
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch { throw .keyFile(path, line: nil, problem: "the folder cannot be made: \(error.localizedDescription)") }
    let keys = try KeyPair.make()
    try PrivateFile.create(
      coordinatorFile, text: KeyText.SecretFile(keys: keys).text(heading: "The key of a Tenbin coordinator."))
    if !FileManager.default.fileExists(atPath: allowListFile) {
      try PrivateFile.create(
        allowListFile, text: "# Who may connect: a role (worker, reducer or admin), a name and a public key a line.\n")
    }
    return keys.publicKey
  }

  /// Makes the key of a worker or an admin, writes its file and adds its public key to the allow-list.
  ///
  /// - Throws: `WireError.keyFile` for a bad name, a name that has a key, or files that cannot be read or written.
  package func makeClient(role: Role, name: String) throws(WireError) -> PublicKey {
    let file = clientFile(role: role, name: name)
    guard KeyText.isName(name) else { throw .keyFile(file, line: nil, problem: KeyText.nameProblem(name)) }
    let coordinator = try coordinatorKeys()
    // Two commands at once would lose one of the lines.
    let lock: FileLock?
    do throws(FileError) {
      lock = try FileLock(ifFree: "\(path)/.lock")
    } catch {
      throw .keyFile(error.file, line: nil, problem: error.reason)
    }
    guard let lock else { throw .keyFile(path, line: nil, problem: "another command is making keys here; try again") }
    defer { lock.release() }
    let list = try PrivateFile.read(allowListFile)
    guard try !KeyText.allowList(list, file: allowListFile).contains(where: { $0.role == role && $0.name == name })
    else {
      throw .keyFile(
        allowListFile, line: nil, problem: "the \(role) \(name) has a key; remove its line and its file for a new one")
    }
    let keys = try KeyPair.make()
    try PrivateFile.create(
      file,
      text: KeyText.SecretFile(keys: keys, server: coordinator.publicKey)
        .text(heading: "The key of the Tenbin \(role.rawValue) \(name), for one coordinator."))
    let ending = list.isEmpty || list.hasSuffix("\n") ? "" : "\n"
    try PrivateFile.replace(
      allowListFile,
      text: list + ending + KeyText.line(of: AllowedKey(role: role, name: name, publicKey: keys.publicKey)))
    return keys.publicKey
  }

  /// A worker's key outside of any folder, for one that is started by its coordinator; the key that is in the file already
  /// where it is for the same coordinator, because workers that outlived an earlier one hold it.
  ///
  /// - Throws: `WireError.keyFile` where the file cannot be written.
  package static func worker(name: String, server: PublicKey, file: String) throws(WireError) -> AllowedKey {
    if let known = try? ClientSecurity(file: file), known.server == server {
      return AllowedKey(role: .worker, name: name, publicKey: known.keys.publicKey)
    }
    unlink(file)
    let keys = try KeyPair.make()
    try PrivateFile.create(
      file, text: KeyText.SecretFile(keys: keys, server: server).text(heading: "The key of the Tenbin worker \(name)."))
    return AllowedKey(role: .worker, name: name, publicKey: keys.publicKey)
  }

  /// What a coordinator listens with.
  ///
  /// - Throws: `WireError.keyFile` where a file is missing, wrong or open to others.
  package func serverSecurity() throws(WireError) -> ServerSecurity {
    let list = try PrivateFile.read(allowListFile)
    return ServerSecurity(keys: try coordinatorKeys(), allowed: try KeyText.allowList(list, file: allowListFile))
  }

  private func coordinatorKeys() throws(WireError) -> KeyPair {
    guard FileManager.default.fileExists(atPath: coordinatorFile) else {
      throw .keyFile(
        coordinatorFile, line: nil, problem: "no such file; make it with: tenbin keys coordinator --directory \(path)")
    }
    return try KeyText.secretFile(PrivateFile.read(coordinatorFile), file: coordinatorFile).keys
  }
}

extension ClientSecurity {
  /// Reads the file that `tenbin keys worker` or `tenbin keys admin` wrote.
  ///
  /// - Throws: `WireError.keyFile` where it is missing, wrong, open to others, or names no coordinator.
  package init(file: String) throws(WireError) {
    let read = try KeyText.secretFile(PrivateFile.read(file), file: file)
    guard let server = read.server else {
      throw .keyFile(
        file, line: nil,
        problem: "there is no line: server-key KEY; expected a file that tenbin keys worker, reducer or admin made")
    }
    self.init(keys: read.keys, server: server)
  }
}
