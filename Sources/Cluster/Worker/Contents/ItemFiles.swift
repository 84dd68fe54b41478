internal import Checkpoints
internal import Datasets
internal import Support
internal import Transport

/// The files of the audit's items: at the coordinator's path if this host has the same file there, otherwise in this host's
/// cache.
final class ItemFiles {
  struct Item {
    let path: String
    let label: Int
    let content: ContentHash
    let bytes: Int

    var wanted: WantedContent { WantedContent(content: content, bytes: bytes, name: path) }
  }

  let items: [Item]
  /// Items whose path holds a different file on this host.
  private var elsewhere: Set<Int> = []
  /// Nil if this host has no cache; fetching then reports why.
  private let cache: ContentCache?

  /// - Parameter cache: holds the contents that were fetched.
  init(catalogue: Tenbin_Catalogue, cache: ContentCache?) throws(WorkerError) {
    var items: [Item] = []
    for item in catalogue.items {
      guard let content = ContentHash(bytes: item.content), item.bytes < 1 << 40 else {
        throw WorkerError(.failure, "\(item.path): its digest or size in the catalogue is malformed")
      }
      items.append(Item(path: item.path, label: Int(item.label), content: content, bytes: Int(item.bytes)))
    }
    self.items = items
    self.cache = cache
  }

  /// The cache that all workers of this host share.
  static var hostCache: ContentCache? { (try? CacheFolder.path("content")).map { ContentCache(folder: $0) } }

  /// The items among these that are not on this host. Sizes are compared here, and digests when an item is read.
  func missing(_ positions: some Sequence<Int>) -> [WantedContent] {
    positions.filter { items.indices.contains($0) && !isHere($0) }.map { items[$0].wanted }
  }

  private func isHere(_ position: Int) -> Bool {
    let item = items[position]
    if !elsewhere.contains(position), FileBytes.size(of: item.path) == item.bytes { return true }
    return cache?.holds(item.content, bytes: item.bytes) ?? false
  }

  /// The bytes of an item, whose digest was checked.
  ///
  /// - Throws: `MissingContents` if they must be fetched; `WorkerError` if there is no such item.
  func read(_ position: Int) throws -> [UInt8] {
    guard items.indices.contains(position) else {
      throw WorkerError(.failure, "a lease names item \(position), but the catalogue holds \(items.count)")
    }
    let item = items[position]
    if !elsewhere.contains(position) {
      if let bytes = try? FileBytes.read(item.path), ContentHash(of: bytes) == item.content { return bytes }
      // This host has a different file of this name.
      elsewhere.insert(position)
    }
    if let cache, cache.holds(item.content, bytes: item.bytes) {
      let bytes = try? FileBytes.read(cache.path(of: item.content))
      if let bytes, ContentHash(of: bytes) == item.content {
        cache.touch(item.content)
        return bytes
      }
      cache.remove(item.content)
    }
    throw MissingContents(contents: [item.wanted])
  }
}

/// A computation needs contents that are not on this host.
struct MissingContents: Error, CustomStringConvertible {
  let contents: [WantedContent]

  var description: String { "\(contents.map(\.name).joined(separator: ", ")): not on this host" }
}
