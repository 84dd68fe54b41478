internal import Checkpoints
internal import Foundation
internal import Support
internal import Transport

/// The audit's base as its coordinator describes it, and its location on this host: the folder that the audit names, or
/// a folder that was assembled in the cache.
struct BaseFolder: Sendable {
  /// The coordinator's folder; on this host it may hold something different, or be missing.
  let named: String
  private let files: [CheckpointFile]
  private let hash: ContentHash
  /// Nil if this host has no cache, which matters only if the base must be fetched.
  private let cache: (contents: ContentCache, bases: String)?

  /// Nil if the welcome does not mention the base.
  ///
  /// - Throws: `WorkerError` if what it says is malformed.
  init?(_ welcome: Tenbin_Welcome) throws(WorkerError) {
    guard !welcome.baseFiles.isEmpty else { return nil }
    named = welcome.baseFolder
    files = try welcome.baseFiles.map { (file) throws(WorkerError) in
      guard let content = ContentHash(bytes: file.content), !file.name.isEmpty, !file.name.hasPrefix("."),
        !file.name.contains("/"), !file.name.utf8.contains(0), file.bytes < 1 << 50
      else {
        throw WorkerError(
          .failure,
          "the welcome lists \"\(file.name)\" as a file of the base, which is not a plain file name with a size")
      }
      return CheckpointFile(name: file.name, bytes: Int(file.bytes), content: content)
    }
    hash = ContentHash(ofCheckpoint: files)
    guard hash.bytes == Array(welcome.baseHash) else {
      throw WorkerError(.failure, "the files of the base in the welcome differ from the plan's")
    }
    cache = try? (ContentCache(folder: CacheFolder.path("content")), CacheFolder.path("bases"))
  }

  /// The folder in the cache that holds the assembled base.
  private var cached: String? { cache.map { "\($0.bases)/\(hash)" } }

  /// The digests of its files.
  var contents: Set<ContentHash> { Set(files.map(\.content)) }

  /// A folder on this host that holds the planned base; nil if there is none.
  var found: String? { [named, cached].compactMap(\.self).first(where: isWhole) }

  private func isWhole(at folder: String) -> Bool {
    // Names and sizes first: they are cheap to compare, and most other folders differ in them.
    guard files.allSatisfy({ FileBytes.size(of: "\(folder)/\($0.name)") == $0.bytes }),
      let checkpoint = try? CheckpointFolder(path: folder)
    else { return false }
    return (try? checkpoint.contentHash()) == hash
  }

  /// The files that must be fetched before the base can be assembled.
  var missing: [WantedContent] {
    files.filter { cache?.contents.holds($0.content, bytes: $0.bytes) != true && !isNamed($0) }
      .map { WantedContent(content: $0.content, bytes: $0.bytes, name: "\(named)/\($0.name)") }
  }

  /// Bytes of these that an earlier worker has fetched.
  func bytesHere(of missing: [WantedContent]) -> Int {
    guard let contents = cache?.contents else { return 0 }
    return missing.reduce(0) { $0 + (FileBytes.size(of: contents.partialPath(of: $1.content)) ?? 0) }
  }

  /// Whether the folder that the audit names has this file.
  private func isNamed(_ file: CheckpointFile) -> Bool {
    let path = "\(named)/\(file.name)"
    return FileBytes.size(of: path) == file.bytes && (try? ContentIdentity.hash(ofFile: path)) == file.content
  }

  /// Assembles the base in the cache from its files, which must all be on this host.
  ///
  /// - Throws: `CheckpointError` or `FileError` where that fails, `WorkerError` where the result is not the base.
  func assemble() throws -> String {
    // Throws if this host has no cache.
    let cache = ContentCache(folder: try CacheFolder.path("content"))
    let cached = "\(try CacheFolder.path("bases"))/\(hash)"
    return try FileLock.whileLocked(cached + ".lock") {
      if isWhole(at: cached) { return cached }
      let partial = cached + ".partial"
      let disk = FileManager.default
      // Leftovers of a killed worker, and a folder that was changed.
      for old in [partial, cached] where disk.fileExists(atPath: old) { try disk.removeItem(atPath: old) }
      try disk.createDirectory(
        atPath: partial, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      for file in files {
        let source = cache.path(of: file.content)
        if cache.holds(file.content, bytes: file.bytes) {
          // A hard link, so that the content counts as used when the cache is trimmed.
          try disk.linkItem(atPath: source, toPath: "\(partial)/\(file.name)")
          ContentIdentity.remember(file.content, ofFile: source)
        } else {
          try disk.createSymbolicLink(
            atPath: "\(partial)/\(file.name)", withDestinationPath: "\(named)/\(file.name)")
        }
      }
      try disk.moveItem(atPath: partial, toPath: cached)
      guard isWhole(at: cached) else {
        throw WorkerError(
          .failure,
          "\(cached): the files of the base arrived, but they are not the plan's base; remove the folder")
      }
      return cached
    }
  }
}
