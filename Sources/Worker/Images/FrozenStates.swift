internal import Foundation
internal import Hashing
internal import Models
internal import Optimization
internal import Torch

/// The states of items behind a model's frozen prefix, as batches.
///
/// Each is computed by itself, so that its bits depend on nothing but the item: whether it was kept, by whom, and what
/// stands beside it in a batch change nothing.
final class FrozenStates {
  private let cache: StateCache?
  /// Of one item's state.
  private let shape: [Int]
  private let elements: Int
  private let compute: (_ item: Int) throws -> Tensor

  /// - Parameters:
  ///   - first: an item, from which it is seen how large states are.
  ///   - makeCache: makes what keeps states of so many numbers.
  ///   - compute: the state of one item, [1, ...].
  init(
    first: Int, makeCache: (_ elements: Int) -> StateCache?, compute: @escaping (_ item: Int) throws -> Tensor
  ) throws {
    let example = try compute(first)
    shape = Array(example.shape.dropFirst())
    elements = example.count
    cache = makeCache(elements)
    self.compute = compute
  }

  /// The states of some items, [items, ...].
  func batch(_ items: [Int]) throws -> Tensor {
    let buffer = FloatBuffer(repeating: 0, count: items.count * elements)
    for (place, item) in items.enumerated() {
      let target = UnsafeMutableBufferPointer(
        rebasing: buffer.pointer[place * elements..<(place + 1) * elements])
      if let known = cache?.state(of: item) {
        _ = target.update(fromContentsOf: known)
      } else {
        let floats = try compute(item).floats()
        _ = target.update(fromContentsOf: floats)
        floats.withUnsafeBufferPointer { cache?.keep($0, of: item) }
      }
    }
    return try Tensor.borrowing(
      UnsafeRawBufferPointer(buffer.floats), shape: [items.count] + shape, owner: buffer)
  }
}
