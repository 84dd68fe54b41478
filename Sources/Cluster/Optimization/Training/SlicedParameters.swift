package import Support

/// Parameters and moments that lie in slices elsewhere, where gradients are added up and updates are made.
///
/// Every answer is nil where a slice is lost: the run then has to go on from a state that was kept.
package protocol SlicedParameters: AnyObject {
  /// Elements of the whole vector.
  var count: Int { get }

  /// Adds up the gradients that were computed for these leases: all micro-batches of the step, each once.
  func reduce(step: Int, leases: [Int], microBatches: Int) -> SlicedGradient?

  /// Updates by the gradient that was reduced, × `scale`, at learning rate `rate`.
  ///
  /// - Returns: the digest of the parameters behind the step.
  func update(step: Int, scale: Float, rate: Double) -> TensorDigest?

  /// Copies of all numbers before `step`.
  func collect(step: Int) -> (parameters: FloatBuffer, moments: TrainingState.Moments)?
}

/// A gradient whose numbers lie elsewhere.
package struct SlicedGradient: Sendable {
  package let digest: TensorDigest
  /// The sums of squares of its sections, in order.
  package let squares: [Double]
  package let isFinite: Bool

  package init(digest: TensorDigest, squares: [Double], isFinite: Bool) {
    (self.digest, self.squares, self.isFinite) = (digest, squares, isFinite)
  }
}
