/// How a figure varies from seed to seed.
package struct SeedSpread: Equatable, Sendable {
  /// The figure of every seed, in the order of the runs.
  package var values: [Double]
  package var mean: Double
  /// The sample standard deviation (S − 1); 0 for one seed.
  package var standardDeviation: Double
  /// The t interval of the mean with S − 1 degrees of freedom; undefined for one seed.
  package var interval: Measured<Interval>
}

extension SeedSpread {
  /// The spread of figures, one per seed; there must be at least one.
  ///
  /// - Parameter tail: The probability beyond each bound of the interval; .025 for one of 95 %.
  package init(values: [Double], tail: Double = 0.025) {
    let mean = values.reduce(0, +) / Double(max(1, values.count))
    self.values = values
    self.mean = mean
    guard values.count > 1 else {
      standardDeviation = 0
      interval = .undefined(reason: "one seed shows no variation over seeds", n: values.count)
      return
    }
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    standardDeviation = (squares / Double(values.count - 1)).squareRoot()
    let half =
      StudentT.quantile(1 - tail, degreesOfFreedom: Double(values.count - 1)) * standardDeviation
      / Double(values.count).squareRoot()
    interval = .value(Interval(lower: mean - half, upper: mean + half))
  }
}

/// The deviation of one seed is written as undefined, never as 0.
extension SeedSpread: Codable {
  private enum CodingKeys: CodingKey {
    case values, mean, standardDeviation, interval
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    values = try container.decode([Double].self, forKey: .values)
    mean = try container.decode(Double.self, forKey: .mean)
    standardDeviation = try container.decode(Measured<Double>.self, forKey: .standardDeviation).value ?? 0
    interval = try container.decode(Measured<Interval>.self, forKey: .interval)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(values, forKey: .values)
    try container.encode(mean, forKey: .mean)
    let deviation: Measured<Double> =
      values.count > 1
      ? .value(standardDeviation) : .undefined(reason: "one seed shows no variation over seeds", n: values.count)
    try container.encode(deviation, forKey: .standardDeviation)
    try container.encode(interval, forKey: .interval)
  }
}

/// The mean of a figure over seeds with its interval over clusters, and how it varies from seed to seed.
package struct SeededEstimate: Codable, Equatable, Sendable {
  package var estimate: Estimate
  /// Its t interval is of 95 % whatever the confidence.
  package var seedSpread: SeedSpread

  package init(estimate: Estimate, seedSpread: SeedSpread) {
    self.estimate = estimate
    self.seedSpread = seedSpread
  }

  /// The mean of the figures of every seed, at least one.
  ///
  /// - Parameters:
  ///   - interval: Over clusters alone; it is widened for seeds.
  ///   - clusters: How many were resampled.
  ///   - tail: The probability beyond each of its bounds.
  package init(bySeed values: [Double], interval: Measured<Interval>, clusters: Int, tail: Double = 0.025) {
    let spread = SeedSpread(values: values)
    self.init(
      estimate: Estimate(
        value: spread.mean,
        interval: interval.map { $0.widened(around: spread.mean, bySeed: values, clusters: clusters, tail: tail) }),
      seedSpread: spread)
  }
}
