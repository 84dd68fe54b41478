/// The text of key files: a word and its values a line; lines that begin with # and empty lines are passed over.
///
/// A Z85 key may itself hold a #, so nothing can stand behind the values.
enum KeyText {
  /// What a secret key file holds: `secret-key KEY`, `public-key KEY`, and for workers and admins `server-key KEY`.
  struct SecretFile {
    var keys: KeyPair
    var server: PublicKey?

    func text(heading: String) -> String {
      var lines = ["# \(heading)", "# Keep it secret: whoever holds this file can take its place."]
      lines.append("secret-key \(keys.secret)")
      lines.append("public-key \(keys.publicKey)")
      if let server { lines.append("server-key \(server)") }
      return lines.joined(separator: "\n") + "\n"
    }
  }

  /// - Parameter file: what errors call the text.
  static func secretFile(_ text: String, file: String) throws(WireError) -> SecretFile {
    var pair: KeyPair?
    var publicKey: (key: PublicKey, line: Int)?
    var server: PublicKey?
    for (line, words) in lines(of: text) {
      guard words.count == 2 else {
        throw .keyFile(file, line: line, problem: "expected a word and a key, such as: secret-key KEY")
      }
      guard let key = PublicKey(words[1]) else {
        throw .keyFile(file, line: line, problem: "expected a key of 40 characters behind \(words[0])")
      }
      switch words[0] {
      case "secret-key" where pair == nil: pair = KeyPair(secret: words[1])
      case "public-key" where publicKey == nil: publicKey = (key, line)
      case "server-key" where server == nil: server = key
      case "secret-key", "public-key", "server-key":
        throw .keyFile(file, line: line, problem: "a second \(words[0])")
      default:
        throw .keyFile(
          file, line: line, problem: "\"\(words[0])\" is none of secret-key, public-key and server-key")
      }
    }
    guard let pair else { throw .keyFile(file, line: nil, problem: "there is no line: secret-key KEY") }
    if let publicKey, publicKey.key != pair.publicKey {
      throw .keyFile(file, line: publicKey.line, problem: "the public key does not belong to the secret key")
    }
    return SecretFile(keys: pair, server: server)
  }

  /// The allow-list: a role (worker, reducer or admin), a name and a public key a line.
  static func allowList(_ text: String, file: String) throws(WireError) -> [AllowedKey] {
    var keys: [AllowedKey] = []
    for (line, words) in lines(of: text) {
      guard words.count == 3 else {
        throw .keyFile(file, line: line, problem: "expected a role, a name and a public key")
      }
      guard let role = Role(rawValue: words[0]) else {
        throw .keyFile(file, line: line, problem: "\"\(words[0])\" is no role; expected worker, reducer or admin")
      }
      guard isName(words[1]) else { throw .keyFile(file, line: line, problem: nameProblem(words[1])) }
      guard let key = PublicKey(words[2]) else {
        throw .keyFile(file, line: line, problem: "expected a public key of 40 characters behind the name")
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

  /// Names are parts of file names and of log lines.
  static func isName(_ name: String) -> Bool {
    name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._\-]{0,63}/) != nil
  }

  static func nameProblem(_ name: String) -> String {
    "\"\(name)\" is no name: expected up to 64 letters, digits, dots, dashes and underscores, a letter or digit first"
  }

  private static func lines(of text: String) -> [(line: Int, words: [String])] {
    text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { index, line in
      let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
      guard let first = words.first, !first.hasPrefix("#") else { return nil }
      return (index + 1, words)
    }
  }
}
