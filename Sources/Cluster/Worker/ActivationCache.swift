internal import Checkpoints
internal import Foundation
package import Support
internal import Torch
internal import Transport

/// The activations of items below the first trained layer, in a file of this host's cache that all its workers map. Each
/// activation is computed once for all steps, epochs and models.
///
/// The file holds a digest for every item, zero while its activation is missing, followed by the activations in the order
/// of items. It is sparse, so that missing activations take no room. An activation is read only if its digest matches, so
/// that neither concurrent writers nor a crash can change a result.
///
/// It belongs to one thread; other processes may use the same file.
package final class ActivationCache {
  private let lock: FileLock
  private let map: MemoryMap
  private var descriptor: Int32 { lock.descriptor }
  private var memory: UnsafeMutableRawPointer { map.start }
  private let limit: Int
  /// The offset of each activation in bytes, and the end of the last one.
  private let offsets: [Int]
  /// Items whose activation this process has compared with its digest.
  private var isChecked: [Bool]
  /// Nothing more is written: the disk or the limit is full.
  package private(set) var isFull = false

  private static let digestBytes = 16

  /// Opens or makes the file; nil if this host has no room or no folder for it.
  ///
  /// - Parameters:
  ///   - key: the digest of everything that the activations depend on, and of the items' order.
  ///   - sizes: elements of the activation of each item.
  ///   - limit: the most bytes of all files of the folder on the disk; the least recently used files are removed to make
  ///     room.
  package init?(folder: String, key: ContentHash, sizes: [Int], limit: Int) {
    guard !sizes.isEmpty, limit > 0 else { return nil }
    var offsets = [(sizes.count * Self.digestBytes + 4095) / 4096 * 4096]
    for size in sizes {
      let end = offsets[offsets.count - 1]
      guard size > 0, size < (1 << 46 - end) / 4 else { return nil }
      offsets.append(end + 4 * size)
    }
    let bytes = offsets[sizes.count]
    (self.offsets, self.limit) = (offsets, limit)
    isChecked = Array(repeating: false, count: sizes.count)
    let name = "\(key).states"
    // A process locks the files that it has open.
    FolderTrim.trim(folder, toBytes: max(0, limit - bytes)) { other, _ in
      other.hasSuffix(".states") && other != name
    } bytes: {
      Int($0.st_blocks) * 512
    } isInUse: {
      FileLock.isHeld($0)
    }
    let path = "\(folder)/\(name)"
    var status = stat()
    guard let lock = try? FileLock(ifFree: path, .shared), fstat(lock.descriptor, &status) == 0,
      Int(status.st_size) == bytes || ftruncate(lock.descriptor, off_t(bytes)) == 0,
      let map = try? MemoryMap(descriptor: lock.descriptor, count: bytes, access: .sharedReadOnly, path: path)
    else { return nil }
    (self.lock, self.map) = (lock, map)
    utimensat(AT_FDCWD, path, nil, 0)
  }

  /// The activation of an item, valid as long as this object; nil while it is missing.
  package func state(of item: Int) -> UnsafeBufferPointer<Float>? {
    guard isChecked.indices.contains(item) else { return nil }
    let elements = elements(of: item)
    let start = memory + offsets[item]
    let floats = UnsafeBufferPointer(
      start: start.bindMemory(to: Float.self, capacity: elements), count: elements)
    if isChecked[item] { return floats }
    let digest = UnsafeRawBufferPointer(start: memory + item * Self.digestBytes, count: Self.digestBytes)
    guard !digest.allSatisfy({ $0 == 0 }), TensorDigest(of: floats).bytes.elementsEqual(digest) else { return nil }
    isChecked[item] = true
    return floats
  }

  /// Keeps the activation of an item, if there is room.
  package func keep(_ state: UnsafeBufferPointer<Float>, of item: Int) {
    guard isChecked.indices.contains(item), state.count == elements(of: item), !isFull else { return }
    var status = stat()
    guard fstat(descriptor, &status) == 0, Int(status.st_blocks) * 512 + state.count * 4 <= limit else {
      isFull = true
      return
    }
    // Written with a system call and not through the map, where a full disk would be a signal instead of an error.
    guard write(UnsafeRawBufferPointer(state), at: offsets[item]) else {
      isFull = true
      return
    }
    TensorDigest(of: state).bytes.withUnsafeBytes { isFull = !write($0, at: item * Self.digestBytes) }
  }

  private func elements(of item: Int) -> Int { (offsets[item + 1] - offsets[item]) / 4 }

  private func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
    var done = 0
    while done < bytes.count {
      let written = pwrite(
        descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { return false }
      done += written
    }
    return true
  }
}

/// The activations of items after a model's frozen prefix.
///
/// Each is computed by itself, so that its bits depend on the item alone, and neither on the cache nor on the rest of a
/// batch.
final class FrozenActivations {
  private let sizes: [Int]
  private let cache: ActivationCache?
  private let compute: (_ index: Int) throws -> Tensor

  /// - Parameters:
  ///   - sizes: elements of each activation, row by row.
  ///   - key: the digest of everything that the activations depend on.
  ///   - limit: the most bytes of activations on this host's disk.
  ///   - compute: the activation of a row.
  init(sizes: [Int], key: ContentHash, limit: Int, compute: @escaping (_ index: Int) throws -> Tensor) {
    self.sizes = sizes
    self.compute = compute
    cache = (try? CacheFolder.path("states")).flatMap {
      ActivationCache(folder: $0, key: key, sizes: sizes, limit: limit)
    }
  }

  /// The activations of some rows, each padded with zeros to `width` elements: [rows · width] as `shape`.
  func rows(_ indices: [Int], width: Int, shape: [Int]) throws -> Tensor {
    let buffer = FloatBuffer(repeating: 0, count: indices.count * width)
    for (row, index) in indices.enumerated() {
      let target = UnsafeMutableBufferPointer(
        rebasing: buffer.pointer[row * width..<row * width + sizes[index]])
      if let known = cache?.state(of: index) {
        _ = target.update(fromContentsOf: known)
      } else {
        let floats = try compute(index).floats()
        _ = target.update(fromContentsOf: floats)
        floats.withUnsafeBufferPointer { cache?.keep($0, of: index) }
      }
    }
    return try Tensor.borrowing(UnsafeRawBufferPointer(buffer.floats), shape: shape, owner: buffer)
  }
}
