import Foundation
import Support
import Testing
import Transport

/// Buffers that processes of one host share; here both ends are in one process.
@Suite(.timeLimit(.minutes(45))) struct SharedMemoryTests {
  private let owner: SharedFolder
  private let guest: SharedFolder

  init() throws {
    owner = try SharedFolder(name: "tenbin-test-\(getpid())-\(UInt32.random(in: 0 ... .max))")
    guest = try #require(SharedFolder(path: owner.path, token: owner.token))
  }

  @Test("Parameters are read at the version that was written last, and at no other")
  func versions() throws {
    let written = try SharedParameters(making: "p", count: 3, in: owner)
    let read = try SharedParameters(opening: "p", count: 3, in: guest)
    #expect(read.read(version: 0) { Array($0) } == nil, "nothing was written yet")
    written.willChange()
    written.buffer.copy(from: [1, 2, 3])
    written.didChange(version: 0)
    #expect(read.read(version: 0) { Array($0) } == [1, 2, 3])
    written.willChange()
    written.buffer.copy(from: [4, 5, 6])
    written.didChange(version: 1)
    #expect(read.read(version: 0) { Array($0) } == nil)
    #expect(read.read(version: 1) { Array($0) } == [4, 5, 6])
  }

  @Test("A read during which the parameters change is of no version")
  func changedMeanwhile() throws {
    let written = try SharedParameters(making: "p", count: 1, in: owner)
    let read = try SharedParameters(opening: "p", count: 1, in: guest)
    written.didChange(version: 5)
    let torn = read.read(version: 5) { numbers in
      written.willChange()
      return Array(numbers)
    }
    #expect(torn == nil)
    written.didChange(version: 5)
    let overtaken = read.read(version: 5) { numbers in
      written.willChange()
      written.didChange(version: 6)
      return Array(numbers)
    }
    #expect(overtaken == nil)
  }

  @Test("A file shows one process what another writes, and goes with its maker")
  func files() throws {
    var made: SharedFile? = try SharedFile(making: "g-1-2", bytes: 16, in: guest)
    let opened = try SharedFile(opening: "g-1-2", bytes: 16, in: owner)
    try #require(made?.floats(count: 4)).copy(from: [1, 2, 3, 4])
    #expect(opened.floats(at: 8, count: 2) == [3, 4])
    made = nil
    #expect(made == nil && !FileManager.default.fileExists(atPath: "\(owner.path)/g-1-2"))
    #expect(opened.floats(count: 4) == [1, 2, 3, 4], "a mapping outlives the name")
    #expect(throws: SharedMemoryError.self) { try SharedFile(opening: "g-1-2", bytes: 16, in: owner) }
  }

  @Test("A buffer tells when it is no longer used")
  func released() throws {
    let file = try SharedFile(making: "g", bytes: 8, in: owner)
    var isReleased = false
    var buffer = file.floats(count: 2) { isReleased = true }
    #expect(buffer != nil && !isReleased)
    buffer = nil
    #expect(buffer == nil && isReleased)
  }

  @Test("No buffer reaches beyond its file", arguments: [(-4, 1), (2, 1), (0, 5), (16, 1), (0, -1)])
  func bounds(offset: Int, count: Int) throws {
    let file = try SharedFile(making: "g", bytes: 16, in: owner)
    #expect(file.floats(at: offset, count: count) == nil)
  }

  @Test("A file that is smaller than a peer says is refused, with both named")
  func tooSmall() throws {
    let file = try SharedFile(making: "g", bytes: 16, in: owner)
    let error = #expect(throws: SharedMemoryError.self) { try SharedFile(opening: "g", bytes: 17, in: guest) }
    #expect(error?.file == "\(owner.path)/g" && error?.problem.contains("17 bytes") == true)
    _ = file
  }

  @Test(
    "A name that a peer chose leads to no file outside the folder",
    arguments: ["../token", "/etc/passwd", "a/b", "", ".", "A", String(repeating: "a", count: 65), "a\u{0}b"])
  func names(name: String) throws {
    #expect(throws: SharedMemoryError.self) { try SharedFile(opening: name, bytes: 1, in: guest) }
    #expect(throws: SharedMemoryError.self) { try SharedFile(making: name, bytes: 1, in: guest) }
  }

  @Test("Only a process that sees the folder's token enters it")
  func token() throws {
    #expect(SharedFolder(path: owner.path, token: Array(owner.token.reversed()) + [0]) == nil)
    #expect(SharedFolder(path: owner.path, token: owner.token.map { $0 ^ 1 }) == nil)
    #expect(SharedFolder(path: owner.path + "-other", token: owner.token) == nil)
    #expect(SharedFolder(path: "/tmp", token: owner.token) == nil)
    #expect(SharedFolder(path: "/dev/shm/../tmp", token: owner.token) == nil)
  }

  @Test("The folder is its owner's alone, and goes with the coordinator's object, not with a worker's")
  func lifetime() throws {
    var made: SharedFolder? = try SharedFolder(name: "tenbin-test-\(getpid())-\(UInt32.random(in: 0 ... .max))")
    let path = try #require(made).path
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o700)
    do {
      let worker = SharedFolder(path: path, token: try #require(made).token)
      #expect(worker != nil)
    }
    #expect(FileManager.default.fileExists(atPath: path))
    made = nil
    #expect(made == nil && !FileManager.default.fileExists(atPath: path))
  }
}
