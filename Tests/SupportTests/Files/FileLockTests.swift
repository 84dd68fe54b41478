import Foundation
import Support
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(45))) struct FileLockTests {
  @Test("An exclusive lock keeps all others out until it goes")
  func exclusion() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/.lock"
    var lock = try FileLock(ifFree: path)
    #expect(lock != nil)
    #expect(FileLock.isHeld(path))
    #expect(try FileLock(ifFree: path) == nil)
    #expect(try FileLock(ifFree: path, .shared) == nil)
    lock = nil
    #expect(!FileLock.isHeld(path))
    let next = try #require(try FileLock(ifFree: path))
    next.release()
    #expect(try FileLock(ifFree: path) != nil)
  }

  @Test("Shared locks are held together, and keep an exclusive one out")
  func sharing() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/states"
    let locks = try (0..<2).map { _ in try #require(try FileLock(ifFree: path, .shared)) }
    let isFree = try withExtendedLifetime(locks) { try FileLock(ifFree: path) != nil }
    #expect(!isFree)
  }

  @Test("Locked work gives its result, and the lock is free after an error")
  func lockedWork() throws {
    struct Interruption: Error {}
    let folder = try TemporaryFolder()
    let path = folder.path + "/.lock"
    #expect(try FileLock.whileLocked(path) { FileLock.isHeld(path) })
    #expect(throws: Interruption.self) { try FileLock.whileLocked(path) { throw Interruption() } }
    #expect(!FileLock.isHeld(path))
  }

  @Test("A lock in a missing folder is a typed error, and a file that is not there is not held")
  func refusals() throws {
    let path = "/no-such-folder/.lock"
    #expect(throws: FileError(file: path, step: .lock, reason: "No such file or directory")) {
      try FileLock(ifFree: path)
    }
    #expect(!FileLock.isHeld(path))
  }
}
