internal import Checkpoints
internal import Support
internal import Torch

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
