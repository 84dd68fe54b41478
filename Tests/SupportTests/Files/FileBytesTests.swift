import Foundation
import Support
import TestSupport
import Testing

@Suite struct FileBytesTests {
  @Test("Files of any size come back as they were written", arguments: [0, 1, 4_095, 4_096, 3_000_001])
  func roundTrip(count: Int) throws {
    let folder = try TemporaryFolder()
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    #expect(try FileBytes.read(folder.write(bytes, to: "file")) == bytes)
    try folder.write([7], to: "file")
    #expect(try FileBytes.read(folder.path + "/file") == [7])
    #expect(FileBytes.size(of: folder.path + "/file") == 1)
  }

  @Test("A missing file, a folder, a device and a path with a zero byte are refused with a reason")
  func refusals() throws {
    let folder = try TemporaryFolder()
    let missing = folder.path + "/missing"
    let error = #expect(throws: FileError.self) { try FileBytes.read(missing) }
    #expect(error?.description == "\(missing): cannot open the file: No such file or directory")
    #expect(throws: FileError.self) { try FileBytes.read(folder.path) }
    #expect(throws: FileError.self) { try FileBytes.read("/dev/zero") }
    #expect(throws: FileError.self) { try FileBytes.read("a\0b") }
    #expect(throws: FileError.self) { try FileBytes.requireReadable("/dev/zero") }
  }

  @Test("Folders are made with those above them, and a file in the way is an error")
  func folders() throws {
    let folder = try TemporaryFolder()
    try FileBytes.makeFolder(folder.path + "/a/b")
    try FileBytes.makeFolder(folder.path + "/a/b")
    try folder.write("x", to: "a/b/file")
    #expect(throws: FileError.self) { try FileBytes.makeFolder(folder.path + "/a/b/file") }
    #expect(throws: FileError.self) { try FileBytes.makeFolder(folder.path + "/a/b/file/c") }
  }
}
