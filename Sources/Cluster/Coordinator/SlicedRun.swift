internal import Foundation
internal import Optimization
internal import Support
internal import SwiftProtobuf
internal import Transport

/// The parameters of one run, cut into slices that reducers hold. Every answer is waited for on the conductor's thread, as
/// the arithmetic itself would be if it were done here.
final class SlicedRun: SlicedParameters {
  let run: Int
  let count: Int
  let slices: [Slice]
  private let pool: ReducerPool

  /// Consecutive elements with one reducer.
  struct Slice {
    let identifier: UInt64
    let peer: Peer
    let elements: Range<Int>
  }

  init(run: Int, count: Int, slices: [Slice], pool: ReducerPool) {
    (self.run, self.count, self.slices, self.pool) = (run, count, slices, pool)
  }

  deinit { pool.release(slices) }

  /// What a lease says of where its parameters lie.
  var message: [Tenbin_Slice] {
    slices.compactMap { slice in
      guard let offer = pool.offer(of: slice.peer) else { return nil }
      return .with {
        $0.identifier = slice.identifier
        $0.elements = UInt64(slice.elements.count)
        $0.reducer = offer
      }
    }
  }

  func adopt(_ state: TrainingState, weightDecay: Double) -> Bool {
    let adopt = { (slice: Slice) -> Tenbin_SliceRequest.OneOf_Work in
      .adopt(
        .with {
          $0.count = UInt64(self.count)
          $0.elements = UInt64(slice.elements.count)
          $0.isFresh = state.moments == nil || state.step == 0
          $0.weightDecay = weightDecay
        })
    }
    let buffers = state.step == 0 ? [state.parameters] : state.buffers
    return pool.call(run: run, slices, step: state.step, adopt) { slice in
      buffers.flatMap { UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: $0.floats[slice.elements])) }
    } != nil
  }

  func reduce(step: Int, leases: [Int], microBatches: Int) -> SlicedGradient? {
    let reduce = Tenbin_ReduceSlice.with {
      $0.leases = leases.map { UInt64($0) }
      $0.microBatches = UInt32(microBatches)
    }
    guard let answers = pool.call(run: run, slices, step: step, { _ in .reduce(reduce) }),
      let digests = digests(answers)
    else {
      return nil
    }
    return SlicedGradient(
      digest: TensorDigest(ofSections: digests), squares: answers.flatMap(\.answer.squares),
      isFinite: answers.allSatisfy(\.answer.isFinite))
  }

  func update(step: Int, scale: Float, rate: Double) -> TensorDigest? {
    let update = Tenbin_UpdateSlice.with {
      $0.scale = scale
      $0.rate = rate
    }
    return pool.call(run: run, slices, step: step, { _ in .update(update) }).flatMap(digests).map {
      TensorDigest(ofSections: $0)
    }
  }

  func collect(step: Int) -> (parameters: FloatBuffer, moments: TrainingState.Moments)? {
    let parts = (0..<3).map { _ in FloatBuffer(repeating: 0, count: count) }
    for slice in slices { pool.expect(bytes: 12 * slice.elements.count, from: slice.peer) }
    guard
      let answers = pool.call(
        run: run, slices, step: step, { _ in .collect(Tenbin_CollectSlice()) }, wantsNumbers: true)
    else { return nil }
    for (slice, answer) in zip(slices, answers) {
      let length = slice.elements.count
      guard let numbers = answer.numbers, numbers.count == 3 * length else { return nil }
      for (index, part) in parts.enumerated() {
        part.copy(
          from: FloatBuffer(copying: numbers.pointer, from: index * length, count: length),
          to: slice.elements.lowerBound)
      }
    }
    return (parts[0], .init(first: parts[1], second: parts[2]))
  }

  private func digests(_ answers: [ReducerPool.Answer]) -> [TensorDigest]? {
    let digests = answers.flatMap(\.answer.digests).map { TensorDigest(bytes: $0) }
    guard digests.count == VectorSections(count: count).sectionCount else { return nil }
    return digests.contains { $0 == nil } ? nil : digests.compactMap(\.self)
  }
}
