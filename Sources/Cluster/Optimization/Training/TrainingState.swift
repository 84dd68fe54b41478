package import Support

/// Everything that a run's further steps depend on, between two steps.
package struct TrainingState: Sendable, Equatable {
  /// The step that the state stands before; also the version of the parameters.
  package var step: Int
  package var parameters: FloatBuffer
  /// AdamW's moments, of the parameters' length; nil before the first update.
  package var moments: Moments?
  /// Losses of the unfinished epoch.
  package var epoch: EpochLoss
  /// Mean loss of every finished epoch.
  package var losses: [Double]
  /// The step whose gradient was not finite; nil where there was none.
  package var divergedAt: Int?
  /// Of a run that is evaluated after every epoch, what it came to after those before the current one, oldest first; no
  /// step depends on it.
  package var traces: [[Float]] = []

  package struct Moments: Sendable, Equatable {
    package var first: FloatBuffer
    package var second: FloatBuffer

    package init(first: FloatBuffer, second: FloatBuffer) {
      self.first = first
      self.second = second
    }
  }

  package struct EpochLoss: Sendable, Equatable {
    package var sum = 0.0
    package var samples = 0

    package init(sum: Double = 0, samples: Int = 0) {
      self.sum = sum
      self.samples = samples
    }
  }

  package init(
    step: Int, parameters: FloatBuffer, moments: Moments? = nil, epoch: EpochLoss = EpochLoss(), losses: [Double] = [],
    divergedAt: Int? = nil
  ) {
    self.step = step
    self.parameters = parameters
    self.moments = moments
    self.epoch = epoch
    self.losses = losses
    self.divergedAt = divergedAt
  }

  /// A state from one flat buffer, whose numbers are copied; nil when their count is wrong.
  ///
  /// - Parameters:
  ///   - floats: the parameters and, unless the run is fresh, both moments.
  ///   - isFresh: whether the run stands before its first update and has no moments.
  package init?(step: Int, epoch: EpochLoss, losses: [Double], floats: FloatBuffer, isFresh: Bool = false) {
    let count = isFresh ? floats.count : floats.count / 3
    guard count > 0, isFresh || floats.count == 3 * count else { return nil }
    func piece(_ index: Int) -> FloatBuffer {
      FloatBuffer(copying: floats.pointer, from: index * count, count: count)
    }
    self.init(
      step: step, parameters: piece(0), moments: isFresh ? nil : .init(first: piece(1), second: piece(2)),
      epoch: epoch, losses: losses)
  }

  /// The parameters and, where there are any, both moments.
  package var buffers: [FloatBuffer] { [parameters] + (moments.map { [$0.first, $0.second] } ?? []) }

  /// A copy that later steps do not change.
  package var copy: TrainingState {
    var copy = self
    copy.parameters = FloatBuffer(copying: parameters)
    copy.moments = moments.map {
      Moments(first: FloatBuffer(copying: $0.first), second: FloatBuffer(copying: $0.second))
    }
    return copy
  }
}
