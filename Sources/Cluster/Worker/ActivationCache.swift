internal import Checkpoints
internal import Foundation
package import Support
internal import Torch
internal import Transport

/// What a model computes of items below everything that is trained, in a file of this host's cache that all its workers
/// map: each state is computed once for all steps, epochs and models.
///
/// The file holds a digest for every item, zero while its state is missing, and behind them the states, each at the place
/// of its item's number. It is sparse: what is not written takes no room. A state is read only where its digest fits, so
/// that neither two writers at once nor a machine that stopped can spoil a result.
///
/// It belongs to one thread; other processes may have the same file.
package final class ActivationCache {
  private let lock: FileLock
  private let map: MemoryMap
  private var descriptor: Int32 { lock.descriptor }
  private var memory: UnsafeMutableRawPointer { map.start }
  private let limit: Int
  /// Where each state begins, in bytes, and behind them where the last one ends.
  private let offsets: [Int]
  /// Items whose state was compared with its digest in this process.
  private var isChecked: [Bool]
  /// Nothing more is written: the disk or the limit is full.
  package private(set) var isFull = false

  private static let digestBytes = 16

  /// Opens the file of these states, or makes it; nil where this host has no room or no folder for it.
  ///
  /// - Parameters:
  ///   - key: the digest of everything that the states depend on, and of the items' order.
  ///   - sizes: how many numbers the state of each item has.
  ///   - limit: bytes that all files of the folder may take on the disk; the states that were not used for longest are
  ///     removed for it.
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
    // Those that a process has open, it has locked.
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

  /// The state of an item, valid as long as this object; nil while it is missing.
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

  /// Keeps the state of an item, if there is room.
  package func keep(_ state: UnsafeBufferPointer<Float>, of item: Int) {
    guard isChecked.indices.contains(item), state.count == elements(of: item), !isFull else { return }
    var status = stat()
    guard fstat(descriptor, &status) == 0, Int(status.st_blocks) * 512 + state.count * 4 <= limit else {
      isFull = true
      return
    }
    // Written, not stored through the map: a disk that is full is an error there, and a signal here.
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

/// The states of items behind a model's frozen prefix.
///
/// Each is computed by itself, so that its bits depend on nothing but the item: whether it was kept, by whom, and what
/// stands beside it in a batch change nothing.
final class FrozenActivations {
  private let sizes: [Int]
  private let cache: ActivationCache?
  private let compute: (_ place: Int) throws -> Tensor

  /// - Parameters:
  ///   - sizes: how many numbers each state has, place by place.
  ///   - key: the digest of everything that the states depend on.
  ///   - limit: bytes that states may take on this host's disk.
  ///   - compute: the state at a place.
  init(sizes: [Int], key: ContentHash, limit: Int, compute: @escaping (_ place: Int) throws -> Tensor) {
    self.sizes = sizes
    self.compute = compute
    cache = (try? CacheFolder.path("states")).flatMap {
      ActivationCache(folder: $0, key: key, sizes: sizes, limit: limit)
    }
  }

  /// The states at some places, each in a row of `width` numbers that is zero behind it: [places · width] as `shape`.
  func rows(_ places: [Int], width: Int, shape: [Int]) throws -> Tensor {
    let buffer = FloatBuffer(repeating: 0, count: places.count * width)
    for (row, place) in places.enumerated() {
      let target = UnsafeMutableBufferPointer(
        rebasing: buffer.pointer[row * width..<row * width + sizes[place]])
      if let known = cache?.state(of: place) {
        _ = target.update(fromContentsOf: known)
      } else {
        let floats = try compute(place).floats()
        _ = target.update(fromContentsOf: floats)
        floats.withUnsafeBufferPointer { cache?.keep($0, of: place) }
      }
    }
    return try Tensor.borrowing(UnsafeRawBufferPointer(buffer.floats), shape: shape, owner: buffer)
  }
}
