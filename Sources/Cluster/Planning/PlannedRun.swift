/// The name of a run, unique in its audit and usable as a folder: `full/seed-13`, `lora-r8/model-03`.
package struct RunIdentifier: Hashable, Sendable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}

/// One training that ends in a checkpoint and in predictions, or the predictions of an external adapter alone.
package struct PlannedRun: Sendable {
  package let identifier: RunIdentifier
  /// The position of the run's arm in the specification.
  package let arm: Int
  package let purpose: Purpose
  /// What it computes. It is evaluated on the items of the test split, then the validation split, further tests and,
  /// for a model that is attacked, the pool of the attack; a shadow model on the pool alone; a search's run on the
  /// validation split alone.
  package let schedule: RunSchedule
  /// How many outputs each evaluated item has.
  package let outputs: OutputCounts
  /// The right answers of the items of its validation curve; nil without a curve.
  package let validation: ValidationAnswers?

  package init(
    identifier: RunIdentifier, arm: Int, purpose: Purpose, schedule: RunSchedule, outputs: OutputCounts,
    validation: ValidationAnswers? = nil
  ) {
    self.identifier = identifier
    self.arm = arm
    self.purpose = purpose
    self.schedule = schedule
    self.outputs = outputs
    self.validation = validation
  }

  /// The purpose of a run.
  package enum Purpose: Hashable, Sendable {
    /// Accuracy and calibration, with this seed.
    case task(seed: Int)
    /// The choice of an arm's settings: this candidate, with this seed.
    case search(candidate: Int, seed: Int)
    /// Membership inference, as this shadow model of the arm.
    case shadowModel(Int)
    /// Accuracy and calibration of an external adapter, which no seed changes.
    case given
  }

  /// The same steps, evaluated after the last one only.
  package var withoutEarlierEvaluations: PlannedRun {
    var schedule = schedule
    schedule.earlierEvaluations = .none
    return PlannedRun(identifier: identifier, arm: arm, purpose: purpose, schedule: schedule, outputs: outputs)
  }

  /// Outputs of some evaluation blocks.
  package func outputCount(inBlocks blocks: Range<Int>) -> Int {
    outputs.count(at: schedule.evaluatedPositions(inBlocks: blocks))
  }

  /// Outputs of one evaluation.
  package var outputCount: Int { outputs.count(at: schedule.evaluatedItems.indices) }

  /// Outputs of all its evaluations.
  package var completedOutputCount: Int { outputCount * (1 + schedule.tracedEpochs) }
}
