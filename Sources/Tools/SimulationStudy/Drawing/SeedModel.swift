internal import Metrics
internal import Statistics
internal import Support

/// Models that training with other seeds gives of one arm, on items that stay the same.
///
/// Behind an item i under the model of seed s stands z = √.6·I_i + √.4·E_is of independent standard normals, and the
/// model is right where z ≤ Φ⁻¹(p_s). Its accuracy over all items there could be, p_s, is drawn for every seed: .86, .88,
/// .9, .92 or .94, each as likely.
struct SeedModel: Sendable {
  /// What every seed's model says of the items, and two truths about them.
  struct Draw: Sendable {
    /// By seed, 1 for an item that is right, otherwise 0.
    var correct: [[Double]]
    /// The accuracy that a further seed's model would have on average on these items.
    var accuracyOnItems: Double
  }

  var items: Int
  var seeds: Int
  private static let accuracies = [0.86, 0.88, 0.9, 0.92, 0.94]
  /// On average, over all items and seeds there could be.
  static let accuracy = 0.9
  private static let shared = 0.6

  func draw(key: RandomKey) -> Draw {
    var generator = key.generator
    let thresholds = Self.accuracies.map(NormalDistribution.quantile)
    let (itemScale, ownScale) = (Self.shared.squareRoot(), (1 - Self.shared).squareRoot())
    let effects = (0..<items).map { _ in itemScale * generator.normal() }
    let chances = effects.map { effect in
      thresholds.reduce(0) { $0 + NormalDistribution.cumulative(($1 - effect) / ownScale) } / Double(thresholds.count)
    }
    let correct = (0..<seeds).map { _ in
      let threshold = thresholds[generator.index(below: thresholds.count)]
      return effects.map { $0 + ownScale * generator.normal() <= threshold ? 1.0 : 0 }
    }
    return Draw(correct: correct, accuracyOnItems: chances.reduce(0, +) / Double(items))
  }
}
