/// The loss of the validation items at points of one run's training, the last of them at its end.
package struct ValidationCurve: Equatable, Sendable {
  /// In the order of their steps.
  package var points: [Point]

  package init(_ points: [Point]) {
    self.points = points
  }

  package struct Point: Codable, Equatable, Sendable {
    /// Steps that were done before.
    package var step: Int
    /// Mean negative log-likelihood, in nats.
    package var loss: Double

    package init(step: Int, loss: Double) {
      (self.step, self.loss) = (step, loss)
    }
  }

  /// How much of the fall of the loss came at the end.
  package struct LateFall: Codable, Equatable, Sendable {
    /// From the first point to the last; negative where the loss rose.
    package var whole: Double
    /// Over the last fifth of the steps; negative where the loss rose.
    package var lastFifth: Double
    /// Whether the run was still improving when training ended.
    package var stillFalling: Bool

    /// The share of the whole fall that the last fifth brought; nil where the loss did not fall.
    package var share: Double? { whole > 0 ? lastFifth / whole : nil }
  }

  /// Fewer points say nothing of the last fifth.
  package static let fewestPoints = 5
  /// A run is still falling if the last fifth of the steps lowered its loss by more than this share of the whole fall,
  package static let shareOfFall = 1.0 / 20
  /// and by more than this share of the loss itself: what changes less is the noise of a curve that has become flat.
  package static let shareOfLoss = 1.0 / 200

  /// Whether the run was trained to its best, as far as its curve says.
  ///
  /// The last fifth begins at the last point that lies at or before four fifths of the steps.
  package var lateFall: Measured<LateFall> {
    guard points.count >= Self.fewestPoints, let first = points.first, let last = points.last,
      let before = points.last(where: { 5 * $0.step <= 4 * last.step }), before.step > first.step
    else {
      return .undefined(
        reason: points.isEmpty
          ? "the validation loss was not measured during training"
          : "training was too short: \(Self.fewestPoints) points of its validation loss are needed",
        n: points.count)
    }
    guard points.allSatisfy({ $0.loss.isFinite }) else {
      return .undefined(reason: "the validation loss is not finite", n: points.count)
    }
    let (whole, lastFifth) = (first.loss - last.loss, before.loss - last.loss)
    return .value(
      LateFall(
        whole: whole, lastFifth: lastFifth,
        stillFalling: whole > 0 && lastFifth > Self.shareOfFall * whole
          && lastFifth > Self.shareOfLoss * before.loss.magnitude))
  }
}

extension ValidationCurve {
  /// Whether an arm was still improving when training ended: most of the runs of which it can be said were.
  ///
  /// - Parameter falls: one of each run.
  /// - Returns: undefined, for the reason of the first run, where it can be said of none.
  package static func stillFalling(_ falls: [Measured<LateFall>]) -> Measured<Bool> {
    let known = falls.compactMap(\.value)
    guard !known.isEmpty else {
      if case .undefined(let reason, let n)? = falls.first { return .undefined(reason: reason, n: n) }
      return .undefined(reason: "the validation loss was not measured during training", n: 0)
    }
    return .value(2 * known.count(where: \.stillFalling) > known.count)
  }
}
