internal import Foundation
internal import Hashing
internal import Models
internal import Optimization
internal import Torch

/// The states of items behind a model's frozen prefix, as batches.
///
/// Each is computed by itself, so that its bits depend on nothing but the image: whether it was kept, by whom, and what
/// stands beside it in a batch change nothing.
final class FrozenStates {
  private let cache: StateCache?
  /// Of one item's state.
  private let shape: [Int]
  private let elements: Int
  private let compute: (_ view: ImageView) throws -> Tensor

  /// - Parameters:
  ///   - first: an image, from which it is seen how large states are.
  ///   - makeCache: makes what keeps states of so many numbers.
  ///   - compute: the state of one image, [1, ...].
  init(
    first: ImageView, makeCache: (_ elements: Int) -> StateCache?,
    compute: @escaping (_ view: ImageView) throws -> Tensor
  ) throws {
    let example = try compute(first)
    shape = Array(example.shape.dropFirst())
    elements = example.count
    cache = makeCache(elements)
    self.compute = compute
  }

  /// The states of some images, [images, ...].
  func batch(_ views: [ImageView]) throws -> Tensor {
    let buffer = FloatBuffer(repeating: 0, count: views.count * elements)
    for (place, view) in views.enumerated() {
      let target = UnsafeMutableBufferPointer(
        rebasing: buffer.pointer[place * elements..<(place + 1) * elements])
      if let known = cache?.state(of: view.place) {
        _ = target.update(fromContentsOf: known)
      } else {
        let floats = try compute(view).floats()
        _ = target.update(fromContentsOf: floats)
        floats.withUnsafeBufferPointer { cache?.keep($0, of: view.place) }
      }
    }
    return try Tensor.borrowing(
      UnsafeRawBufferPointer(buffer.floats), shape: [views.count] + shape, owner: buffer)
  }
}

extension ImageView {
  /// Where its state is kept: an item's as it is, then mirrored.
  fileprivate var place: Int { 2 * item + (isMirrored ? 1 : 0) }
}
