internal import Foundation
internal import Support

/// A folder in memory where the processes of one audit on one host share buffers; only its owner can enter it.
package final class SharedFolder: Sendable {
  package let path: String
  /// What proves to a worker that it sees the same memory.
  package let token: [UInt8]
  private let isOwner: Bool

  /// Makes the folder anew; it goes with this object.
  ///
  /// - Parameter name: unique among the audits of this host.
  package init(name: String) throws(SharedMemoryError) {
    path = "/dev/shm/\(name)"
    isOwner = true
    var generator = SystemRandomNumberGenerator()
    token = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
    // What a killed coordinator has left is of no use to anybody.
    try? FileManager.default.removeItem(atPath: path)
    guard mkdir(path, 0o700) == 0 else { throw SharedMemoryError(file: path) }
    do throws(FileError) {
      try DurableFile.write(token, to: "\(path)/token", permissions: 0o600)
    } catch {
      throw SharedMemoryError(file: error.file, problem: error.reason)
    }
  }

  /// Enters a folder that the coordinator has made; nil when this process cannot see that very folder.
  package init?(path: String, token: [UInt8]) {
    guard path.hasPrefix("/dev/shm/"), !path.contains(".."), token.count == 16,
      FileManager.default.contents(atPath: "\(path)/token").map(Array.init) == token
    else { return nil }
    self.path = path
    self.token = token
    isOwner = false
  }

  deinit {
    if isOwner { try? FileManager.default.removeItem(atPath: path) }
  }

  /// The path of a file in the folder; names that a peer chose may lead nowhere else.
  func file(_ name: String) throws(SharedMemoryError) -> String {
    guard name.utf8.count <= 64, !name.isEmpty,
      name.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D })
    else { throw SharedMemoryError(file: path, problem: "a peer names a file that is not allowed") }
    return "\(path)/\(name)"
  }
}
