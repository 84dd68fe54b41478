internal import Checkpoints
internal import Datasets
internal import Support
internal import Transport

/// The files of the audit's items: where the coordinator has them, if this host can read the same there, else in this
/// host's cache.
final class ItemFiles {
  struct Item {
    let path: String
    let label: Int
    let content: ContentHash
    let bytes: Int

    var wanted: WantedContent { WantedContent(content: content, bytes: bytes, name: path) }
  }

  let items: [Item]
  /// Items whose path leads to something else on this host.
  private var elsewhere: Set<Int> = []
  /// Nil where this host has no cache; whoever fetches says why.
  private let cache: ContentCache?

  /// - Parameter cache: where contents lie that had to be fetched.
  init(catalogue: Tenbin_Catalogue, cache: ContentCache?) throws(WorkerError) {
    var items: [Item] = []
    for item in catalogue.items {
      guard let content = ContentHash(bytes: item.content), item.bytes < 1 << 40 else {
        throw WorkerError(.failure, "\(item.path): the catalogue holds a digest or a size that cannot be one")
      }
      items.append(Item(path: item.path, label: Int(item.label), content: content, bytes: Int(item.bytes)))
    }
    self.items = items
    self.cache = cache
  }

  /// The cache that all workers of this host share.
  static var hostCache: ContentCache? { (try? CacheFolder.path("content")).map { ContentCache(folder: $0) } }

  /// Which of some items cannot be read on this host; digests are compared when they are.
  func lacking(_ positions: some Sequence<Int>) -> [WantedContent] {
    positions.filter { items.indices.contains($0) && !isHere($0) }.map { items[$0].wanted }
  }

  private func isHere(_ position: Int) -> Bool {
    let item = items[position]
    if !elsewhere.contains(position), FileBytes.size(of: item.path) == item.bytes { return true }
    return cache?.holds(item.content, bytes: item.bytes) ?? false
  }

  /// The bytes of an item, checked.
  ///
  /// - Throws: `LackingContents` where they have to be fetched; `WorkerError` where there is no such item.
  func read(_ position: Int) throws -> [UInt8] {
    guard items.indices.contains(position) else {
      throw WorkerError(.failure, "a lease names item \(position), but the catalogue holds \(items.count)")
    }
    let item = items[position]
    if !elsewhere.contains(position) {
      if let bytes = try? FileBytes.read(item.path), ContentHash(of: bytes) == item.content { return bytes }
      // Another host's folder may hold another file of this name.
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
    throw LackingContents(contents: [item.wanted])
  }
}

/// What was to be computed needs contents that are not on this host.
struct LackingContents: Error, CustomStringConvertible {
  let contents: [WantedContent]

  var description: String { "\(contents.map(\.name).joined(separator: ", ")): not on this host" }
}
