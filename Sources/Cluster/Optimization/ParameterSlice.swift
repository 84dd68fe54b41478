package import Support

/// Consecutive elements of a run's parameters with their moments and the gradients that have arrived for them, as a
/// reducer holds them. The results are bit-identical to an undivided vector.
package struct ParameterSlice: Sendable {
  /// Sections of the whole vector; the slice is some of them.
  package let sections: VectorSections
  private var optimizer: AdamW
  private var gradients: [Int: [GradientSum]] = [:]
  private var root: FloatBuffer?

  /// - Parameters:
  ///   - count: elements of the whole vector.
  ///   - step: the next step; also the version of the parameters.
  ///   - parameters: of this slice; taken over.
  ///   - moments: nil before the first update.
  package init(
    ofVector count: Int, step: Int, parameters: FloatBuffer, moments: (first: FloatBuffer, second: FloatBuffer)?,
    weightDecay: Double
  ) {
    sections = VectorSections(count: count)
    optimizer = AdamW(
      parameters: parameters, firstMoment: moments?.first ?? FloatBuffer(repeating: 0, count: parameters.count),
      secondMoment: moments?.second ?? FloatBuffer(repeating: 0, count: parameters.count), steps: step,
      weightDecay: weightDecay)
  }

  /// The next step; also the version of the parameters.
  package var step: Int { optimizer.steps }
  package var parameters: FloatBuffer { optimizer.parameters }
  package var moments: (first: FloatBuffer, second: FloatBuffer) { (optimizer.firstMoment, optimizer.secondMoment) }
  package var digests: [TensorDigest] { TensorDigest.sections(of: parameters.floats, sections) }
  /// Nodes that were taken for the current step.
  package var gradientCount: Int { gradients.values.reduce(0) { $0 + $1.count } }

  /// The received sections of a node.
  package struct Receipt: Sendable, Equatable {
    package let digests: [TensorDigest]
    package let isFinite: Bool
  }

  /// Keeps the slice of a node of the current step's canonical tree, under the lease that it was computed for.
  ///
  /// - Throws: `OptimizationError.wrongLength` if it has another length than the slice.
  package mutating func take(_ node: GradientSum, lease: Int) throws(OptimizationError) -> Receipt {
    guard node.gradient.count == parameters.count else {
      throw .wrongLength(expected: parameters.count, found: node.gradient.count)
    }
    // A node that is sent again replaces the one before.
    gradients[lease, default: []].removeAll { $0.range == node.range }
    gradients[lease, default: []].append(node)
    return Receipt(
      digests: TensorDigest.sections(of: node.gradient.floats, sections), isFinite: node.gradient.isFinite)
  }

  /// The current step's gradient, section by section.
  package struct Reduced: Sendable, Equatable {
    package let digests: [TensorDigest]
    package let squares: [Double]
    package let isFinite: Bool
  }

  /// Adds the gradients of these leases along the canonical tree over `microBatches` micro-batches.
  ///
  /// - Throws: `OptimizationError` if they do not cover every micro-batch exactly once.
  package mutating func reduce(
    leases: [Int], microBatches: Int, in loop: ElementLoop = .serial
  ) throws(OptimizationError) -> Reduced {
    var reduction = GradientReduction(total: microBatches, elements: parameters.count)
    for lease in leases {
      for node in gradients.removeValue(forKey: lease) ?? [] { try reduction.insert(node, in: loop) }
    }
    guard let sum = reduction.root else { throw .incomplete(total: microBatches) }
    root = sum.gradient
    return Reduced(
      digests: TensorDigest.sections(of: sum.gradient.floats, sections),
      squares: Clipping.sectionSquares(sum.gradient.floats, sections), isFinite: sum.gradient.isFinite)
  }

  /// Updates the parameters in place by the gradient that was reduced; all other gradients of the step are forgotten.
  ///
  /// - Throws: `OptimizationError.incomplete` if nothing was reduced.
  package mutating func update(scale: Float, rate: Double, in loop: ElementLoop = .serial) throws(OptimizationError) {
    guard let gradient = root else { throw .incomplete(total: 0) }
    try optimizer.apply(gradientSum: gradient, scale: scale, rate: rate, in: loop)
    root = nil
    gradients = [:]
  }
}
