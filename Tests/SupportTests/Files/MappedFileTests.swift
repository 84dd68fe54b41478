import Foundation
import Support
import TestSupport
import Testing

@Suite struct MappedFileTests {
  @Test("A mapped file holds the file's bytes, also after its pages were released", arguments: [0, 1, 50_000])
  func content(count: Int) throws {
    let folder = try TemporaryFolder()
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let file = try MappedFile(path: folder.write(bytes, to: "file"))
    #expect(file.bytes.elementsEqual(bytes))
    file.release(file.bytes)
    #expect(file.bytes.elementsEqual(bytes))
  }

  @Test("What one process writes to a shared map, another map of the file shows")
  func sharing() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Array(repeating: 0, count: 4096), to: "file")
    let descriptor = open(path, O_RDWR)
    defer { close(descriptor) }
    let writing = try MemoryMap(descriptor: descriptor, count: 4096, access: .shared, path: path)
    let reading = try MemoryMap(descriptor: descriptor, count: 4096, access: .sharedReadOnly, path: path)
    writing.start.storeBytes(of: 7, toByteOffset: 100, as: UInt8.self)
    #expect(reading.start.load(fromByteOffset: 100, as: UInt8.self) == 7)
  }

  @Test("A missing file, a folder and a device are typed errors")
  func refusals() throws {
    let folder = try TemporaryFolder()
    let missing = folder.path + "/missing"
    #expect(throws: FileError(file: missing, step: .open, reason: "No such file or directory")) {
      try MappedFile(path: missing)
    }
    #expect(throws: FileError(file: folder.path, step: .map, reason: "not a regular file")) {
      try MappedFile(path: folder.path)
    }
    #expect(throws: FileError.self) { try MappedFile(path: "/dev/zero") }
  }
}
