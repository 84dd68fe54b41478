package import Optimization
package import Support

/// The results of some units, as a worker delivered them.
package enum DeliveredUnits {
  /// Nodes of the canonical tree over the step's micro-batches; where their numbers went elsewhere they are empty, and the
  /// receipt says what came there.
  case gradients([GradientSum], GradientReceipt? = nil)
  /// Logits item by item, flat.
  case logits([Float])

  /// The digest of everything that must be equal when two members compute the same units.
  var digest: TensorDigest {
    switch self {
    case .logits(let logits): TensorDigest(of: logits)
    case .gradients(let nodes, let receipt):
      TensorDigest(
        of: nodes.flatMap { node in
          // All bits of the loss: half of them as one number, half as another.
          let bits = node.lossSum.bitPattern
          let halves = [bits >> 32, bits].map { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }
          return [TensorDigest(of: node.gradient.floats), TensorDigest(of: halves)]
        } + (receipt?.digests ?? []))
    }
  }

  var isFinite: Bool {
    switch self {
    case .logits(let logits): logits.allSatisfy(\.isFinite)
    case .gradients(let nodes, let receipt):
      nodes.allSatisfy { $0.lossSum.isFinite && $0.gradient.isFinite } && receipt?.isFinite != false
    }
  }
}

/// What those who hold the slices say of the gradients of a delivery.
package struct GradientReceipt: Sendable, Equatable {
  /// Of every node, section by section.
  package var digests: [TensorDigest]
  package var isFinite: Bool

  package init(digests: [TensorDigest], isFinite: Bool) {
    (self.digests, self.isFinite) = (digests, isFinite)
  }
}

/// Steps of a lent run, as its worker delivered them.
package struct DeliveredSteps {
  package var first: Int
  package var steps: [Step]
  /// The state behind the last of them; nil where there is none.
  package var state: TrainingState?
  /// The worker has given the run back.
  package var isLast: Bool

  package struct Step: Sendable {
    package var samples: Int
    package var lossSum: Double
    package var gradient: TensorDigest
    package var parameters: TensorDigest
    /// The gradient was not finite; only the last step can be.
    package var isDivergent: Bool

    package init(
      samples: Int, lossSum: Double, gradient: TensorDigest, parameters: TensorDigest, isDivergent: Bool
    ) {
      self.samples = samples
      self.lossSum = lossSum
      self.gradient = gradient
      self.parameters = parameters
      self.isDivergent = isDivergent
    }
  }

  package init(first: Int, steps: [Step], state: TrainingState?, isLast: Bool) {
    self.first = first
    self.steps = steps
    self.state = state
    self.isLast = isLast
  }
}
