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

/// Everything that is said about one arm by itself.
package struct ArmEvaluation: Equatable, Sendable {
  package var arm: String
  /// In the order of the runs.
  package var seeds: [SeedEvaluation]
  /// Every item counts with its average over the seeds.
  package var overSeeds: RateEvaluation
  package var overallSeedSpread: GroupSeedSpread
  /// In the order of the items' groups.
  package var groupSeedSpreads: [GroupSeedSpread]
  package var overallCalibration: CalibrationEvaluation
  /// In the order of the items' groups.
  package var groupCalibrations: [CalibrationEvaluation]
  package var temperature: Undefinable<TemperatureEvaluation>
}

extension ArmEvaluation {
  /// `nil` without seeds or calibrations; the first calibration is that of all items.
  init?(
    arm: String, seeds: [SeedEvaluation], overSeeds: RateEvaluation, calibrations: [CalibrationEvaluation],
    temperature: Undefinable<TemperatureEvaluation>
  ) {
    guard let spread = GroupSeedSpread(seeds.map(\.rates.overall)), let calibration = calibrations.first else {
      return nil
    }
    self.arm = arm
    self.seeds = seeds
    self.overSeeds = overSeeds
    overallSeedSpread = spread
    groupSeedSpreads = overSeeds.groups.indices.compactMap { group in
      GroupSeedSpread(seeds.map { $0.rates.groups[group] })
    }
    overallCalibration = calibration
    groupCalibrations = Array(calibrations.dropFirst())
    self.temperature = temperature
  }
}
