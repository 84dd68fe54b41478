import Optimization
import Scheduler
import Support

/// A run's parameters with a reducer that may be lost at any time.
final class SimulatedSlices: SlicedParameters {
  private(set) var slice: ParameterSlice
  let count: Int
  var isLost = false

  init(state: TrainingState, weightDecay: Double) {
    let copy = state.copy
    count = copy.parameters.count
    slice = ParameterSlice(
      ofVector: count, step: copy.step, parameters: copy.parameters,
      moments: copy.moments.map { ($0.first, $0.second) }, weightDecay: weightDecay)
  }

  /// Takes what a worker has sent for a lease, and says what came; nil where nobody is there to say so.
  func take(_ nodes: [GradientSum], lease: Int) throws -> DeliveredUnits? {
    guard !isLost else { return nil }
    var receipt = GradientReceipt(digests: [], isFinite: true)
    for node in nodes {
      let found = try slice.take(node, lease: lease)
      receipt.digests += found.digests
      receipt.isFinite = receipt.isFinite && found.isFinite
    }
    let empty = nodes.map {
      GradientSum(range: $0.range, gradient: [] as FloatBuffer, lossSum: $0.lossSum, samples: $0.samples)
    }
    return .gradients(empty, receipt)
  }

  func reduce(step: Int, leases: [Int], microBatches: Int) -> SlicedGradient? {
    guard !isLost, slice.step == step, let sum = try? slice.reduce(leases: leases, microBatches: microBatches) else {
      return nil
    }
    return SlicedGradient(digest: .init(ofSections: sum.digests), squares: sum.squares, isFinite: sum.isFinite)
  }

  func update(step: Int, scale: Float, rate: Double) -> TensorDigest? {
    guard !isLost, slice.step == step, (try? slice.update(scale: scale, rate: rate)) != nil else { return nil }
    return TensorDigest(ofSections: slice.digests)
  }

  func collect(step: Int) -> (parameters: FloatBuffer, moments: TrainingState.Moments)? {
    guard !isLost, slice.step == step else { return nil }
    return (
      FloatBuffer(copying: slice.parameters),
      .init(first: FloatBuffer(copying: slice.moments.first), second: FloatBuffer(copying: slice.moments.second))
    )
  }
}
