package import Statistics

/// Rates and gaps of one run, or of an arm's seed-averaged predictions.
package struct RateEvaluation: Codable, Equatable, Sendable {
  package var overall: GroupRates
  /// In the order of the items' groups.
  package var groups: [GroupRates]
  /// In the order in which the columns first appear.
  package var columns: [ColumnGaps]
}

/// What is said over all items, and in every group.
package struct Parts<Value: Codable & Equatable & Sendable>: Codable, Equatable, Sendable {
  package var overall: Value
  /// In the order of the items' groups.
  package var groups: [Value]

  /// All items, then every group.
  package var all: [Value] { [overall] + groups }
}

/// Rates and gaps of the run with one seed.
package struct SeedEvaluation: Codable, Equatable, Sendable {
  /// nil for a model that no seed changes.
  package var seed: Int?
  package var rates: RateEvaluation
}

/// The rates with one class against all others as the positive one, every item counted with its average over the seeds.
package struct ClassRates: Codable, Equatable, Sendable {
  private enum CodingKeys: String, CodingKey {
    case name = "class"
    case overall, groups
  }

  /// The name of the class.
  package var name: String
  package var overall: GroupRates
  /// In the order of the items' groups.
  package var groups: [GroupRates]
}

/// Everything that is said about one arm by itself.
package struct ArmEvaluation: Codable, Equatable, Sendable {
  package var arm: String
  /// In the order of the runs.
  package var seeds: [SeedEvaluation]
  /// Every item counts with its average over the seeds.
  package var overSeeds: RateEvaluation
  /// Of every class; undefined where one class is declared positive, or where there are too many of them.
  package var classes: Measured<[ClassRates]>
  package var seedSpread: Parts<GroupSeedSpread>
  package var calibration: Parts<CalibrationEvaluation>
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
    seedSpread = Parts(
      overall: spread,
      groups: overSeeds.groups.indices.compactMap { group in GroupSeedSpread(seeds.map { $0.rates.groups[group] }) })
    self.calibration = Parts(overall: calibration, groups: Array(calibrations.dropFirst()))
    self.temperature = temperature
    self.thresholds = thresholds
  }
}
