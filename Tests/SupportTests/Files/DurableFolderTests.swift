import Foundation
import Support
import TestSupport
import Testing

@Suite struct DurableFolderTests {
  private struct Interruption: Error {}

  @Test("A folder is replaced whole: what only the old one held is gone")
  func replacement() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/models/adapter"
    try DurableFolder.replace(path) { partial in
      try DurableFile.write(Data("old".utf8), to: partial + "/old.json")
    }
    try DurableFolder.replace(path) { partial in
      try FileBytes.makeFolder(partial + "/deep")
      try DurableFile.write(Data("new".utf8), to: partial + "/deep/new.json")
    }
    #expect(try FileManager.default.subpathsOfDirectory(atPath: path).sorted() == ["deep", "deep/new.json"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/models") == ["adapter"])
  }

  @Test("Where filling fails, the old folder stays and nothing is left of the new one")
  func interruption() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/adapter"
    try DurableFolder.replace(path) { try DurableFile.write(Data("old".utf8), to: $0 + "/file") }
    #expect(throws: Interruption.self) {
      try DurableFolder.replace(path) { partial in
        try DurableFile.write(Data("new".utf8), to: partial + "/file")
        throw Interruption()
      }
    }
    #expect(try FileBytes.read(path + "/file") == Array("old".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["adapter"])
  }

  @Test("A file above the folder is a typed error")
  func fileInTheWay() throws {
    let folder = try TemporaryFolder()
    try folder.write("x", to: "file")
    #expect(throws: FileError.self) { try DurableFolder.replace(folder.path + "/file/adapter") { _ in } }
  }
}
