import Foundation
import TestSupport
import Testing
import Transport

@Suite(.timeLimit(.minutes(45))) struct KeyFileTests {
  private let folder: TemporaryFolder
  private let keys: KeyFolder

  init() throws {
    folder = try TemporaryFolder()
    keys = KeyFolder(path: folder.path + "/keys")
  }

  @Test("A key's text is the Z85 that RFC 32 shows, and no other text is a key")
  func z85() throws {
    let bytes: [UInt8] = [0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B]
    let text = String(repeating: "HelloWorld", count: 4)
    let key = bytes + bytes + bytes + bytes
    #expect(PublicKey(bytes: key)?.description == text)
    #expect(PublicKey(text)?.bytes == key)
    let most = String(repeating: "%nSc0", count: 8)
    #expect(PublicKey(most)?.bytes == Array(repeating: 255, count: 32))
    let head = String(repeating: "Hello", count: 7)
    var bad = ["", "HelloWorld", text + "Hello", String(text.dropLast())]
    bad += ["Hell ", "#####", "%nSc1", "~~~~~", "Hellö", "Hell\u{0}"].map { head + $0 }
    for bad in bad { #expect(PublicKey(bad) == nil, "\(bad)") }
    for _ in 0..<20 {
      let key = try KeyPair.make().publicKey
      #expect(PublicKey(key.description) == key)
    }
  }

  @Test("Key files can be read again, and only by their owner")
  func made() throws {
    let server = try keys.makeCoordinator()
    let worker = try keys.makeClient(role: .worker, name: "gpu-1")
    let admin = try keys.makeClient(role: .admin, name: "gpu-1")
    let security = try keys.serverSecurity()
    #expect(security.keys.publicKey == server)
    #expect(
      security.allowed == [
        AllowedKey(role: .worker, name: "gpu-1", publicKey: worker),
        AllowedKey(role: .admin, name: "gpu-1", publicKey: admin),
      ])
    let client = try ClientSecurity(file: keys.clientFile(role: .worker, name: "gpu-1"))
    #expect(client.keys.publicKey == worker && client.server == server)
    for file in try FileManager.default.contentsOfDirectory(atPath: keys.path) {
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(keys.path)/\(file)")
      #expect(attributes[.posixPermissions] as? Int == 0o600, "\(file)")
    }
  }

  @Test("A key is never overwritten")
  func overwriting() throws {
    let server = try keys.makeCoordinator()
    #expect(throws: WireError.self) { try keys.makeCoordinator() }
    _ = try keys.makeClient(role: .worker, name: "one")
    #expect(throws: WireError.self) { try keys.makeClient(role: .worker, name: "one") }
    #expect(try keys.serverSecurity().keys.publicKey == server)
    #expect(try keys.serverSecurity().allowed.count == 1)
  }

  @Test("Names that could be paths or options make no files", arguments: ["", "../x", "a b", "-x", ".x", "ä"])
  func names(name: String) throws {
    _ = try keys.makeCoordinator()
    #expect(throws: WireError.self) { try keys.makeClient(role: .worker, name: name) }
  }

  @Test("Without a coordinator's key the error names the command that makes it")
  func missing() throws {
    let error = #expect(throws: WireError.self) { try keys.makeClient(role: .worker, name: "one") }
    #expect(error?.description.contains("tenbin keys coordinator") == true)
  }

  @Test("A file that others can read is not used")
  func openToOthers() throws {
    _ = try keys.makeCoordinator()
    chmod(keys.coordinatorFile, 0o644)
    let error = #expect(throws: WireError.self) { try keys.serverSecurity() }
    #expect(error?.description.contains("chmod 600") == true)
  }

  @Test("Errors in the allow-list name the file and the line")
  func allowList() throws {
    _ = try keys.makeCoordinator()
    let key = try KeyPair.make().publicKey
    for (text, line) in [
      ("# a\n\nworker one\n", 3), ("boss one \(key)\n", 1), ("worker one short\n", 1), ("worker ../x \(key)\n", 1),
      ("worker one \(key)\nadmin two \(key)\n", 2),
      ("worker one \(key)\nworker one \(try KeyPair.make().publicKey)", 2), ("worker one \(key) # comment", 1),
    ] {
      try Data(text.utf8).write(to: URL(filePath: keys.allowListFile))
      chmod(keys.allowListFile, 0o600)
      let error = #expect(throws: WireError.self) { try keys.serverSecurity() }
      #expect(error?.description.hasPrefix("\(keys.allowListFile), line \(line): ") == true, "\(text)")
    }
  }

  @Test("A key is added on a line of its own to a list without a final line break")
  func lastLine() throws {
    _ = try keys.makeCoordinator()
    try Data("worker one \(try KeyPair.make().publicKey)".utf8).write(to: URL(filePath: keys.allowListFile))
    chmod(keys.allowListFile, 0o600)
    _ = try keys.makeClient(role: .admin, name: "two")
    #expect(try keys.serverSecurity().allowed.map(\.name) == ["one", "two"])
  }

  @Test("Errors in a secret key file name the file and the line")
  func secretFile() throws {
    _ = try keys.makeCoordinator()
    _ = try keys.makeClient(role: .worker, name: "one")
    let file = keys.clientFile(role: .worker, name: "one")
    let good = try String(contentsOfFile: file, encoding: .utf8)
    let lines = good.split(separator: "\n").map(String.init)
    let other = try KeyPair.make().publicKey
    for (text, line) in [
      (good + "secret-key \(other)\n", 6), (lines[2] + "\npublic-key \(other)\n", 2), ("secret-key\n", 1),
      ("secret-key xyz\n", 1), (good + "colour \(other)\n", 6),
    ] {
      try Data(text.utf8).write(to: URL(filePath: file))
      let error = #expect(throws: WireError.self) { try ClientSecurity(file: file) }
      #expect(error?.description.hasPrefix("\(file), line \(line): ") == true, "\(error?.description ?? text)")
    }
    for text in ["", lines[2], lines[4]] {
      try Data(text.utf8).write(to: URL(filePath: file))
      #expect(throws: WireError.self) { try ClientSecurity(file: file) }
    }
  }
}
