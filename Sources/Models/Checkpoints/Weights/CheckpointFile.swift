import Foundation
package import Support

/// A file that decides what a checkpoint's model computes.
package struct CheckpointFile: Hashable, Sendable {
  package let name: String
  package let bytes: Int
  package let content: ContentHash

  package init(name: String, bytes: Int, content: ContentHash) {
    self.name = name
    self.bytes = bytes
    self.content = content
  }
}

extension CheckpointFolder {
  /// The files that the model is made of, with their digests.
  package func contentFiles() throws -> [CheckpointFile] {
    try fileNamesOfContent.map { name in
      let file = "\(path)/\(name)"
      let content = try ContentIdentity.hash(ofFile: file)
      return CheckpointFile(name: name, bytes: try ContentIdentity.size(ofFile: file), content: content)
    }
  }
}

extension ContentHash {
  /// The digest of a checkpoint that is made of these files.
  package init(ofCheckpoint files: [CheckpointFile]) {
    var hasher = ContentHasher()
    for file in files {
      hasher.combine(file.name)
      hasher.combine(file.content)
    }
    self = hasher.finish()
  }
}
