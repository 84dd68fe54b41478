import Foundation
package import Support

extension CheckpointFolder {
  /// The digest of the files that the model is made of.
  package func contentHash() throws -> ContentHash { ContentHash(ofCheckpoint: try contentFiles()) }
}

/// The digest of a file's bytes, read once per state of the file: the next time, the system's identity of the file
/// (device, inode, size, times of change) stands for its content.
package enum ContentIdentity {
  package static func hash(ofFile path: String) throws -> ContentHash {
    let mapping = try MappedFile(path: path)
    guard mapping.bytes.count >= remembered else { return digest(of: mapping) }
    // Without a cache to write to, the file is read each time.
    guard let cache = try? CacheFolder.path("identities") else { return digest(of: mapping) }
    let identity = try identity(ofFile: path)
    let note = "\(cache)/\(identity)"
    if let text = try? String(contentsOfFile: note, encoding: .utf8), let hash = ContentHash(hexadecimal: text) {
      return hash
    }
    let hash = digest(of: mapping)
    guard try self.identity(ofFile: path) == identity else { throw CheckpointError(file: path, problem: .changed) }
    try? DurableFile.write(Data("\(hash)".utf8), to: note)
    return hash
  }

  /// Remembers the digest of a file whose bytes were just checked.
  package static func remember(_ hash: ContentHash, ofFile path: String) {
    guard let size = try? size(ofFile: path), size >= remembered, let cache = try? CacheFolder.path("identities"),
      let identity = try? identity(ofFile: path)
    else { return }
    try? DurableFile.write(Data("\(hash)".utf8), to: "\(cache)/\(identity)")
  }

  static func size(ofFile path: String) throws(CheckpointError) -> Int { Int(try status(ofFile: path).st_size) }

  /// Bytes from which on a digest is worth remembering.
  private static let remembered = 64 << 20

  private static func digest(of mapping: MappedFile) -> ContentHash {
    var hasher = ContentHasher()
    var rest = mapping.bytes[...]
    while !rest.isEmpty {
      let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(remembered))
      hasher.update(raw: piece)
      mapping.release(piece)
      rest = rest.dropFirst(remembered)
    }
    return hasher.finish()
  }

  private static func status(ofFile path: String) throws(CheckpointError) -> stat {
    var information = stat()
    guard stat(path, &information) == 0 else {
      throw CheckpointError(
        file: path, problem: .system(step: "examine the file", reason: String(cString: strerror(errno))))
    }
    return information
  }

  private static func identity(ofFile path: String) throws(CheckpointError) -> ContentHash {
    let information = try status(ofFile: path)
    var hasher = ContentHasher()
    hasher.combine(Int(information.st_dev))
    hasher.combine(Int(information.st_ino))
    hasher.combine(Int(information.st_size))
    for time in [information.st_mtim, information.st_ctim] {
      hasher.combine(time.tv_sec)
      hasher.combine(time.tv_nsec)
    }
    return hasher.finish()
  }
}
