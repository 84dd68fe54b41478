import Foundation
import Support
import TestSupport
import Testing
import Transport

@Suite(.timeLimit(.minutes(45))) struct ContentIndexTests {
  @Test("Pieces of the audit's files are served, and no other file")
  func serves() throws {
    let folder = try TemporaryFolder()
    let bytes = (0..<200).map { UInt8($0) }
    let content = ContentHash(of: bytes)
    var shelf = ContentIndex()
    shelf.add(content, path: try folder.write(bytes, to: "item"), bytes: 200)
    #expect(try shelf.read(content, offset: 0, bytes: 200) == bytes)
    #expect(try shelf.read(content, offset: 150, bytes: 50) == Array(bytes[150...]))
    let other = ContentHash(of: [1])
    #expect(throws: ContentIndex.Problem.self) { try shelf.read(other, offset: 0, bytes: 1) }
    for (offset, count) in [(0, 0), (0, 201), (150, 51), (200, 1), (UInt64.max, 1), (0, UInt32.max)] {
      let (offset, count) = (UInt64(offset), UInt32(count))
      #expect(throws: ContentIndex.Problem.self) { try shelf.read(content, offset: offset, bytes: count) }
    }
  }

  @Test("A file that changed its size, is gone or became a folder is named")
  func changed() throws {
    let folder = try TemporaryFolder()
    let content = ContentHash(of: [1, 2, 3])
    let path = try folder.write([1, 2, 3], to: "item")
    var shelf = ContentIndex()
    shelf.add(content, path: path, bytes: 3)
    try folder.write([1, 2], to: "item")
    let changed = try #require(throws: ContentIndex.Problem.self) {
      _ = try shelf.read(content, offset: 0, bytes: 3)
    }
    #expect(changed.description == "\(path) has changed since the audit was planned; restore it, or start anew")
    try FileManager.default.removeItem(atPath: path)
    let gone = try #require(throws: ContentIndex.Problem.self) { _ = try shelf.read(content, offset: 0, bytes: 3) }
    #expect(gone.description.hasPrefix(path))
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    #expect(throws: ContentIndex.Problem.self) { try shelf.read(content, offset: 0, bytes: 3) }
  }
}
