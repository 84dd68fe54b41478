import Foundation
import Support
import TestSupport
import Testing
import Transport

@Suite(.timeLimit(.minutes(45))) struct ContentCacheTests {
  private let folder: TemporaryFolder
  private let cache: ContentCache

  init() throws {
    folder = try TemporaryFolder()
    cache = ContentCache(folder: folder.path)
  }

  private func wanted(_ bytes: [UInt8], digest: ContentHash? = nil) -> WantedContent {
    WantedContent(content: digest ?? ContentHash(of: bytes), bytes: bytes.count, name: "item")
  }

  private func partial(_ wanted: WantedContent) throws -> PartialContent? {
    if case .partial(let partial) = try cache.open(wanted) { partial } else { nil }
  }

  @Test("A content of many megabytes gets its name when its digest matches, including the part of an earlier process")
  func resumes() throws {
    let bytes = (0..<9_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
    let wanted = wanted(bytes)
    try Data(bytes.prefix(5_000_000)).write(to: URL(filePath: cache.path(of: wanted.content) + ".partial"))
    let partial = try #require(try partial(wanted))
    #expect(partial.bytes == 5_000_000)
    try partial.append(Array(bytes[5_000_000..<7_000_000]))
    try partial.append(Array(bytes[7_000_000...]))
    #expect(!cache.holds(wanted.content, bytes: wanted.bytes))
    #expect(try partial.finish() == true)
    #expect(cache.holds(wanted.content, bytes: wanted.bytes))
  }

  @Test("A complete content is found, and a wrong one refused and discarded")
  func wrong() throws {
    let right = wanted([1, 2, 3])
    let first = try #require(try partial(right))
    try first.append([1, 2, 3])
    #expect(try first.finish() == true)
    guard case .whole = try cache.open(right) else {
      Issue.record("the content is not found")
      return
    }
    #expect(cache.holds(right.content, bytes: 3) && !cache.holds(right.content, bytes: 4))

    let wrong = wanted([4, 5], digest: ContentHash(of: [9]))
    let second = try #require(try partial(wrong))
    try second.append([4, 5])
    #expect(try second.finish() == false)
    try second.restart()
    #expect(second.bytes == 0)
    second.discard()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [right.content.description])
  }

  @Test("The lock ends with its holder, and the next holder resumes from the bytes on the disk")
  func lock() throws {
    let wanted = wanted([1, 2, 3, 4])
    do {
      let partial = try #require(try partial(wanted))
      try partial.append([1, 2])
      guard case .busy = try cache.open(wanted) else {
        Issue.record("two must not fetch the same")
        return
      }
    }
    let next = try #require(try partial(wanted))
    #expect(next.bytes == 2)
    try next.append([3, 4])
    #expect(try next.finish(isEnding: { true }) == nil)
    #expect(try next.finish() == true)
    #expect(try Data(contentsOf: URL(filePath: cache.path(of: wanted.content))) == Data([1, 2, 3, 4]))
  }

  @Test("A folder that cannot be written is an error that names file and content")
  func unwritable() throws {
    let cache = ContentCache(folder: "/proc/no-such-folder")
    let wanted = wanted([1])
    let error = try #require(throws: ContentError.self) { _ = try cache.open(wanted) }
    #expect(error.description.contains("/proc/no-such-folder/\(wanted.content).partial"))
    #expect(error.description.contains("TENBIN_CACHE"))
  }

  @Test("Trimming removes the least recently used contents, but none that is kept, linked or being fetched")
  func trim() throws {
    var contents: [WantedContent] = []
    for number in 0..<6 {
      let bytes = [UInt8](repeating: UInt8(number), count: 100)
      contents.append(wanted(bytes))
      let partial = try #require(try partial(contents[number]))
      try partial.append(bytes)
      #expect(try partial.finish() == true)
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: Double(number + 1))],
        ofItemAtPath: cache.path(of: contents[number].content))
    }
    try FileManager.default.linkItem(atPath: cache.path(of: contents[0].content), toPath: "\(folder.path)/base")
    let underWay = wanted([UInt8](repeating: 77, count: 100))
    let held = try #require(try partial(underWay))
    try held.append([77])
    cache.touch(contents[2].content)
    cache.trim(toBytes: 250, keeping: [contents[1].content])
    let left = contents.indices.filter { cache.holds(contents[$0].content, bytes: 100) }
    // 0 is part of a base, 1 is kept; of the others 2 was used last, and 5 before it.
    #expect(left == [0, 1, 2, 5])
    #expect(FileManager.default.fileExists(atPath: cache.path(of: underWay.content) + ".partial"))
    withExtendedLifetime(held) {}
  }
}
