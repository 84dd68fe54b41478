package import Support

/// A content that cannot be had, and why.
package struct ContentError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What the audit calls it: a file's path or name.
  package let name: String
  package let content: ContentHash
  package let problem: Problem

  package enum Problem: Hashable, Sendable {
    /// The coordinator cannot give it.
    case absent(reason: String)
    /// What came, from its first byte to its last, is something else.
    case wrongDigest
    /// A piece came that is not the one that was asked for.
    case wrongPiece(offset: Int, expected: Int, found: Int)
    /// The cache cannot be read or written.
    case system(file: String, step: String, reason: String)
  }

  package init(name: String, content: ContentHash, problem: Problem) {
    self.name = name
    self.content = content
    self.problem = problem
  }

  package var description: String {
    let what = "\(name) (content \(content.description.prefix(16))…)"
    switch problem {
    case .absent(let reason): return "\(what): the coordinator cannot send it: \(reason)"
    case .wrongDigest:
      return "\(what): what came has another digest and was thrown away; the file has changed since the audit was "
        + "planned: restore it on the coordinator's host, or start anew"
    case .wrongPiece(let offset, let expected, let found):
      return "\(what): \(found) bytes came for byte \(offset), where \(expected) were asked for"
    case .system(let file, let step, let reason):
      return "\(what): cannot \(step) \(file): \(reason); make room, or name another cache folder with TENBIN_CACHE"
    }
  }
}
