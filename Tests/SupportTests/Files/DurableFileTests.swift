import Foundation
import Support
import TestSupport
import Testing

@Suite struct DurableFileTests {
  private struct Interruption: Error {}

  @Test("A write that fails half way leaves the old content and no other file")
  func tornWrite() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/results.json"
    try DurableFile.write(Data("old".utf8), to: path)
    #expect(throws: Interruption.self) {
      try DurableFile.write(to: path) { file in
        try file.append(Data("ne".utf8))
        throw Interruption()
      }
    }
    #expect(try FileBytes.read(path) == Array("old".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["results.json"])
  }

  @Test("Pieces are written one after another, and a file that is there is replaced")
  func pieces() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/file"
    try DurableFile.write(Data("longer than what comes".utf8), to: path)
    try DurableFile.write(to: path) { file in
      for piece in [[1], [], [2, 3]] as [[UInt8]] { try file.append(piece) }
    }
    #expect(try FileBytes.read(path) == [1, 2, 3])
  }

  @Test("The file is flushed before it has its name, and then its folder")
  func flushes() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/file"
    var flushed: [String] = []
    try DurableFile.write([1] as [UInt8], to: path) { descriptor in
      flushed.append((try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")) ?? "")
      #expect(FileManager.default.fileExists(atPath: path) == (flushed.count > 1))
      return fsync(descriptor)
    }
    let real = URL(filePath: folder.path).resolvingSymlinksInPath().path(percentEncoded: false)
    let names = flushed.map { $0.hasPrefix(real + "/.file.") && $0.hasSuffix(".partial") ? "temporary file" : $0 }
    #expect(names.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 } == ["temporary file", real])
  }

  @Test("A disk that refuses the flush is an error that names file, step and reason, and the old content stays")
  func refusedFlush() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/file"
    try DurableFile.write([1] as [UInt8], to: path)
    let error = #expect(throws: FileError.self) {
      try DurableFile.write([2] as [UInt8], to: path) { _ in
        errno = ENOSPC
        return -1
      }
    }
    #expect(error == FileError(file: path, step: .flush, reason: "No space left on device"))
    #expect(error?.description == "\(path): cannot flush the file to the disk: No space left on device")
    #expect(try FileBytes.read(path) == [1])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])
  }

  @Test("A full disk is a typed error while pieces are written, and the old content stays")
  func fullDisk() throws {
    let folder = try TemporaryFolder()
    // The device answers every write as a full disk does. It cannot be renamed, so it stands for the temporary file.
    let full = open("/dev/full", O_WRONLY)
    try #require(full >= 0)
    defer { close(full) }
    let path = folder.path + "/file"
    try DurableFile.write([1] as [UInt8], to: path)
    let error = #expect(throws: FileError.self) {
      try DurableFile.write(to: path) { file in
        try file.append([2] as [UInt8])
        // From here on the descriptor of the temporary file leads to the full device.
        let link = folder.path + "/"
        for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
          let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
          if let target, target.contains(link), target.hasSuffix(".partial"), let own = Int32(name) { dup2(full, own) }
        }
        try file.append([3] as [UInt8])
      }
    }
    #expect(error == FileError(file: path, step: .write, reason: "No space left on device"))
    #expect(try FileBytes.read(path) == [1])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])
  }

  @Test("A missing folder, a folder in the way and a path with a zero byte are typed errors")
  func refusals() throws {
    let folder = try TemporaryFolder()
    let missing = folder.path + "/missing/file"
    #expect(throws: FileError(file: missing, step: .create, reason: "No such file or directory")) {
      try DurableFile.write([1] as [UInt8], to: missing)
    }
    try FileBytes.makeFolder(folder.path + "/taken")
    #expect(throws: FileError(file: folder.path + "/taken", step: .rename, reason: "Is a directory")) {
      try DurableFile.write([1] as [UInt8], to: folder.path + "/taken")
    }
    #expect(throws: FileError.self) { try DurableFile.write([1] as [UInt8], to: "a\0b") }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["taken"])
  }

  @Test("A file that must be new does not replace another")
  func creation() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/secret.key"
    try DurableFile.create(Data("first".utf8), at: path, permissions: 0o600)
    #expect(throws: FileError(file: path, step: .rename, reason: "File exists")) {
      try DurableFile.create(Data("second".utf8), at: path, permissions: 0o600)
    }
    #expect(try FileBytes.read(path) == Array("first".utf8))
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["secret.key"])
  }

  @Test("What killed writes of one file left is removed, and nothing else")
  func leftovers() throws {
    let folder = try TemporaryFolder()
    for name in [".a.state.17.4.partial", ".b.state.17.4.partial", "a.state", "a.state.partial"] {
      try folder.write("x", to: name)
    }
    DurableFile.removeLeftovers(of: folder.path + "/a.state")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        == [".b.state.17.4.partial", "a.state", "a.state.partial"])
  }
}
