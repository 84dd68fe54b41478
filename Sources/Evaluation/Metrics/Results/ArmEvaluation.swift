package import Statistics

/// Rates and gaps of one run, or of an arm's seed-averaged predictions.
package struct RateEvaluation: Equatable, Sendable {
  package var overall: GroupRates
  /// In the order of the items' groups.
  package var groups: [GroupRates]
  /// In the order in which the columns first appear.
  package var columns: [ColumnGaps]
}

/// Rates and gaps of the run with one seed.
package struct SeedEvaluation: Equatable, Sendable {
  /// nil for a model that no seed changes.
  package var seed: Int?
  package var rates: RateEvaluation
}

/// The rates with one class against all others as the positive one, every item counted with its average over the seeds.
package struct ClassRates: Equatable, Sendable {
  package var label: Int
  package var overall: GroupRates
  /// In the order of the items' groups.
  package var groups: [GroupRates]
}

/// Everything that is said about one arm by itself.
package struct ArmEvaluation: Equatable, Sendable {
  package var arm: String
  /// In the order of the runs.
  package var seeds: [SeedEvaluation]
  /// Every item counts with its average over the seeds.
  package var overSeeds: RateEvaluation
  /// Of every class; undefined where one class is declared positive, or where there are too many of them.
  package var classes: Measured<[ClassRates]>
  package var overallSeedSpread: GroupSeedSpread
  /// In the order of the items' groups.
  package var groupSeedSpreads: [GroupSeedSpread]
  package var overallCalibration: CalibrationEvaluation
  /// In the order of the items' groups.
  package var groupCalibrations: [CalibrationEvaluation]
  package var temperature: Measured<TemperatureEvaluation>
  package var thresholds: Measured<ThresholdEvaluation>
}

extension ArmEvaluation {
  /// `nil` without seeds or calibrations; the first calibration is that of all items.
  init?(
    arm: String, seeds: [SeedEvaluation], overSeeds: RateEvaluation, classes: Measured<[ClassRates]>,
    calibrations: [CalibrationEvaluation], temperature: Measured<TemperatureEvaluation>,
    thresholds: Measured<ThresholdEvaluation>
  ) {
    guard let spread = GroupSeedSpread(seeds.map(\.rates.overall)), let calibration = calibrations.first else {
      return nil
    }
    self.arm = arm
    self.seeds = seeds
    self.overSeeds = overSeeds
    self.classes = classes
    overallSeedSpread = spread
    groupSeedSpreads = overSeeds.groups.indices.compactMap { group in
      GroupSeedSpread(seeds.map { $0.rates.groups[group] })
    }
    overallCalibration = calibration
    groupCalibrations = Array(calibrations.dropFirst())
    self.temperature = temperature
    self.thresholds = thresholds
  }
}
