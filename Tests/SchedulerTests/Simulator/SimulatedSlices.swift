import Optimization
import Scheduler
import Support

/// A run's parameters with a reducer that may be lost at any time.
final class SimulatedSlices {
  private(set) var slice: ParameterSlice
  private let count: Int
  var isLost = false
  /// When its last answer comes.
  var lastAnswer = 0

  init(state: TrainingState, weightDecay: Double) {
    let copy = state.copy
    count = copy.parameters.count
    slice = ParameterSlice(
      ofVector: count, step: copy.step, parameters: copy.parameters,
      moments: copy.moments.map { ($0.first, $0.second) }, weightDecay: weightDecay)
  }

  /// Takes what a worker has sent for a lease, and reports what was received; nil where the reducer is lost.
  func take(_ nodes: [GradientSum], lease: Int) throws -> DeliveredUnits? {
    guard !isLost else { return nil }
    var receipt = GradientReceipt()
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

  /// Does what the coordinator asks for; nil where there is no answer.
  ///
  /// - Throws: an error where the request does not fit the step that the slice stands before.
  func answer(_ request: ReducerRequest) throws -> ReducerAnswer? {
    guard !isLost else { return nil }
    switch request {
    case .reduce(let step, let leases, let microBatches):
      try check(step)
      let sum = try slice.reduce(leases: leases, microBatches: microBatches)
      return .reduced(
        SlicedGradient(digest: .init(ofSections: sum.digests), squares: sum.squares, isFinite: sum.isFinite))
    case .update(let step, let update):
      try check(step)
      try slice.update(scale: update.scale, rate: update.rate)
      return .updated(parameters: TensorDigest(ofSections: slice.digests))
    case .collect(let step):
      try check(step)
      return .collected(
        parameters: FloatBuffer(copying: slice.parameters),
        .init(first: FloatBuffer(copying: slice.moments.first), second: FloatBuffer(copying: slice.moments.second)))
    case .release: return nil
    }
  }

  private func check(_ step: Int) throws {
    if slice.step != step { throw WrongStep(expected: step, found: slice.step) }
  }

  struct WrongStep: Error {
    let expected: Int
    let found: Int
  }
}
