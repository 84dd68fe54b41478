internal import Foundation
internal import Support

/// The folder that `tenbin keys` fills on the coordinator's host.
///
/// `coordinator.key` is the coordinator's secret, and `allowed-keys` lists the keys that may connect. `worker-NAME.key`
/// and `admin-NAME.key` must be moved to the worker or person that they name: each holds a secret key of its own and
/// the coordinator's public key.
package struct KeyFolder: Sendable {
  package let path: String

  package init(path: String) { self.path = path }

  package var coordinatorFile: String { "\(path)/coordinator.key" }
  package var allowListFile: String { "\(path)/allowed-keys" }
  package func clientFile(role: Role, name: String) -> String { "\(path)/\(role.rawValue)-\(name).key" }

  /// Makes the coordinator's key and an empty allow-list.
  ///
  /// - Throws: `WireError.keyFile` if there is a key already, or the folder cannot be written.
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
        allowListFile,
        text: "# Who may connect: on each line a role (worker, reducer or admin), a name and a public key.\n")
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
    // Without the lock, one of two concurrent commands would lose its line.
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

  /// A key for a worker that its coordinator starts, outside of any key folder. If the file already holds a key for the
  /// same coordinator, that key is kept, because workers that outlived an earlier coordinator process use it.
  ///
  /// - Throws: `WireError.keyFile` if the file cannot be written.
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

  /// The keys that a coordinator listens with.
  ///
  /// - Throws: `WireError.keyFile` if a file is missing, wrong or open to others.
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
  /// - Throws: `WireError.keyFile` if it is missing, wrong, open to others, or names no coordinator.
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

/// The text of key files: a word and its values on each line. Lines that begin with # and empty lines are skipped.
///
/// A Z85 key may contain a #, so no comment can follow the values.
enum KeyText {
  /// What a secret key file holds: `secret-key KEY`, `public-key KEY`, and for workers and admins `server-key KEY`.
  struct SecretFile {
    var keys: KeyPair
    var server: PublicKey?

    func text(heading: String) -> String {
      var lines = ["# \(heading)", "# Keep it secret: anyone who has this file can impersonate its owner."]
      lines.append("secret-key \(keys.secret)")
      lines.append("public-key \(keys.publicKey)")
      if let server { lines.append("server-key \(server)") }
      return lines.joined(separator: "\n") + "\n"
    }
  }

  /// - Parameter file: the name that errors use.
  static func secretFile(_ text: String, file: String) throws(WireError) -> SecretFile {
    var pair: KeyPair?
    var publicKey: (key: PublicKey, line: Int)?
    var server: PublicKey?
    for (line, words) in lines(of: text) {
      guard words.count == 2 else {
        throw .keyFile(file, line: line, problem: "expected a word and a key, such as: secret-key KEY")
      }
      guard let key = PublicKey(words[1]) else {
        throw .keyFile(file, line: line, problem: "expected a key of 40 characters after \(words[0])")
      }
      switch words[0] {
      case "secret-key" where pair == nil: pair = KeyPair(secret: words[1])
      case "public-key" where publicKey == nil: publicKey = (key, line)
      case "server-key" where server == nil: server = key
      case "secret-key", "public-key", "server-key":
        throw .keyFile(file, line: line, problem: "a second \(words[0])")
      default:
        throw .keyFile(
          file, line: line, problem: "\"\(words[0])\" is unknown; expected secret-key, public-key or server-key")
      }
    }
    guard let pair else { throw .keyFile(file, line: nil, problem: "there is no line: secret-key KEY") }
    if let publicKey, publicKey.key != pair.publicKey {
      throw .keyFile(file, line: publicKey.line, problem: "the public key does not belong to the secret key")
    }
    return SecretFile(keys: pair, server: server)
  }

  /// The allow-list: on each line a role (worker, reducer or admin), a name and a public key.
  static func allowList(_ text: String, file: String) throws(WireError) -> [AllowedKey] {
    var keys: [AllowedKey] = []
    for (line, words) in lines(of: text) {
      guard words.count == 3 else {
        throw .keyFile(file, line: line, problem: "expected a role, a name and a public key")
      }
      guard let role = Role(rawValue: words[0]) else {
        throw .keyFile(file, line: line, problem: "\"\(words[0])\" is not a role; expected worker, reducer or admin")
      }
      guard isName(words[1]) else { throw .keyFile(file, line: line, problem: nameProblem(words[1])) }
      guard let key = PublicKey(words[2]) else {
        throw .keyFile(file, line: line, problem: "expected a public key of 40 characters after the name")
      }
      guard !keys.contains(where: { $0.publicKey == key }) else {
        throw .keyFile(file, line: line, problem: "this key is on the list already; every name needs one of its own")
      }
      guard !keys.contains(where: { $0.role == role && $0.name == words[1] }) else {
        throw .keyFile(file, line: line, problem: "a second key of the \(role) \(words[1])")
      }
      keys.append(AllowedKey(role: role, name: words[1], publicKey: key))
    }
    return keys
  }

  static func line(of key: AllowedKey) -> String { "\(key.role.rawValue) \(key.name) \(key.publicKey)\n" }

  /// Names are used in file names and log lines.
  static func isName(_ name: String) -> Bool {
    name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._\-]{0,63}/) != nil
  }

  static func nameProblem(_ name: String) -> String {
    "\"\(name)\" is not a valid name: expected up to 64 letters, digits, dots, dashes and underscores; a letter or digit first"
  }

  private static func lines(of text: String) -> [(line: Int, words: [String])] {
    text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { index, line in
      let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
      guard let first = words.first, !first.hasPrefix("#") else { return nil }
      return (index + 1, words)
    }
  }
}

/// Files that only their owner can read, and that appear complete or not at all.
enum PrivateFile {
  /// Writes a file that must not exist yet.
  static func create(_ path: String, text: String) throws(WireError) {
    do throws(FileError) {
      try DurableFile.create(Data(text.utf8), at: path, permissions: 0o600)
    } catch {
      let exists = error.step == .rename && access(path, F_OK) == 0
      let problem = exists ? "it exists already, and a key is never overwritten" : error.reason
      throw .keyFile(path, line: nil, problem: problem)
    }
  }

  /// Replaces a file.
  static func replace(_ path: String, text: String) throws(WireError) {
    do throws(FileError) {
      try DurableFile.write(Data(text.utf8), to: path, permissions: 0o600)
    } catch {
      throw .keyFile(path, line: nil, problem: error.reason)
    }
  }

  /// Reads a file of at most a mebibyte that only its owner can read or write.
  static func read(_ path: String) throws(WireError) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .keyFile(path, line: nil, problem: lastProblem) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .keyFile(path, line: nil, problem: lastProblem) }
    guard status.st_mode & 0o077 == 0 else {
      throw .keyFile(path, line: nil, problem: "others can read or change it; forbid that with: chmod 600 \(path)")
    }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    var count = 0
    while count < bytes.count {
      let got = bytes[count...].withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if got < 0 && errno == EINTR { continue }
      guard got >= 0 else { throw .keyFile(path, line: nil, problem: lastProblem) }
      if got == 0 { break }
      count += got
    }
    guard count < bytes.count, let text = String(validating: bytes[..<count], as: UTF8.self) else {
      throw .keyFile(path, line: nil, problem: "it is not UTF-8 text of less than a mebibyte")
    }
    return text
  }

  private static var lastProblem: String { String(cString: strerror(errno)) }
}
