import Foundation
import Support
import TestSupport
import Testing
import Worker

@Suite struct ActivationCacheTests {
  private let folder: TemporaryFolder
  private let key = ContentHash(of: "a model and its items".utf8)

  init() throws { folder = try TemporaryFolder() }

  private func open(_ key: ContentHash? = nil, items: Int = 10, elements: Int = 1_000, limit: Int = 1 << 30)
    -> ActivationCache?
  {
    ActivationCache(
      folder: folder.path, key: key ?? self.key, sizes: Array(repeating: elements, count: items), limit: limit)
  }

  private func state(_ item: Int, elements: Int = 1_000) -> [Float] {
    (0..<elements).map { Float(item) + Float($0) / 7 }
  }

  private func keep(_ item: Int, in cache: ActivationCache, elements: Int = 1_000) {
    state(item, elements: elements).withUnsafeBufferPointer { cache.keep($0, of: item) }
  }

  private var files: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
  }

  @Test("An activation that one process keeps is read by another bit for bit; any other is missing")
  func shared() throws {
    let (first, second) = (try #require(open()), try #require(open()))
    for item in [0, 3, 9] { keep(item, in: first) }
    for item in [0, 3, 9] { #expect(second.state(of: item).map(Array.init) == state(item)) }
    for item in [1, 8, -1, 10] { #expect(second.state(of: item) == nil) }
    let later = try #require(open())
    #expect(later.state(of: 3).map(Array.init) == state(3))
  }

  @Test("Activations may differ in size; one of another size than its row is not kept")
  func sizes() throws {
    let sizes = [3, 1_000, 1, 77]
    let cache = try #require(ActivationCache(folder: folder.path, key: key, sizes: sizes, limit: 1 << 20))
    keep(1, in: cache, elements: 999)
    #expect(cache.state(of: 1) == nil)
    for (item, size) in sizes.enumerated() { keep(item, in: cache, elements: size) }
    let again = try #require(ActivationCache(folder: folder.path, key: key, sizes: sizes, limit: 1 << 20))
    for (item, size) in sizes.enumerated() {
      #expect(again.state(of: item).map(Array.init) == state(item, elements: size))
    }
  }

  @Test("An activation that was damaged on the disk is missing, and can be kept again")
  func spoilt() throws {
    keep(4, in: try #require(open()))
    let path = "\(folder.path)/\(try #require(try files.first))"
    let handle = try #require(FileHandle(forUpdatingAtPath: path))
    try handle.seek(toOffset: UInt64(4096 + 4 * 4_000 + 100))
    try handle.write(contentsOf: [0xFF])
    try handle.close()
    let cache = try #require(open())
    #expect(cache.state(of: 4) == nil)
    keep(4, in: cache)
    #expect(cache.state(of: 4).map(Array.init) == state(4))
  }

  @Test("No more is written than the limit allows")
  func limited() throws {
    let cache = try #require(open(items: 1_000, elements: 1_024, limit: 64 << 10))
    for item in 0..<1_000 { keep(item, in: cache, elements: 1_024) }
    #expect(cache.isFull)
    let kept = (0..<1_000).filter { cache.state(of: $0) != nil }
    #expect((1...16).contains(kept.count))
    var status = stat()
    #expect(stat("\(folder.path)/\(try #require(try files.first))", &status) == 0)
    #expect(Int(status.st_blocks) * 512 <= 72 << 10)
  }

  @Test("The least recently used files are removed to make room, and none that is open")
  func trimmed() throws {
    let keys = (0..<4).map { ContentHash(of: "model \($0)".utf8) }
    var open: [ActivationCache?] = []
    for (number, key) in keys.prefix(3).enumerated() {
      let cache = try #require(self.open(key, items: 4, elements: 8_192))
      for item in 0..<4 { keep(item, in: cache, elements: 8_192) }
      open.append(number == 0 ? cache : nil)
      // The oldest is still open, the second one was not used for a day.
      let past = Date(timeIntervalSinceNow: number == 0 ? -200_000 : number == 1 ? -100_000 : 0)
      try FileManager.default.setAttributes(
        [.modificationDate: past], ofItemAtPath: "\(folder.path)/\(key).states")
    }
    withExtendedLifetime(open) {
      _ = self.open(keys[3], items: 4, elements: 8_192, limit: 450 << 10)
    }
    #expect(try files == [keys[0], keys[2], keys[3]].map { "\($0).states" }.sorted())
  }

  @Test("Without room, items or a folder there is no cache")
  func impossible() {
    #expect(open(limit: 0) == nil)
    #expect(open(items: 0) == nil)
    #expect(open(elements: .max / 8) == nil)
    #expect(ActivationCache(folder: folder.path + "/nowhere", key: key, sizes: [1], limit: 1 << 20) == nil)
  }
}
