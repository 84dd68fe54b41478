package import Support

/// Two models of one seed whose four cells (both right, either alone, both wrong) have exactly the planted shares.
///
/// A cluster has an outcome of its own, drawn from the cells. Each of its items shows it with probability √ρ and
/// otherwise a fresh draw, so that everything about two items of a cluster, their differences too, correlates by ρ.
package struct PairedCells: Sendable {
  /// Of the reference.
  package let accuracy: Double
  /// The arm's accuracy minus the reference's.
  package let difference: Double
  package let discordance: Double
  package let clusterSize: Int
  /// Between two items of a cluster.
  package let correlation: Double

  package init(
    accuracy: Double, difference: Double, discordance: Double, clusterSize: Int = 1, correlation: Double = 0
  ) {
    self.accuracy = accuracy
    self.difference = difference
    self.discordance = discordance
    self.clusterSize = clusterSize
    self.correlation = correlation
  }

  /// Who is right: 1 for an item that is right, otherwise 0.
  package func draw(items: Int, key: RandomKey) -> (arm: [Double], reference: [Double]) {
    var generator = key.generator
    let copies = correlation.squareRoot()
    var arm: [Double] = []
    var reference: [Double] = []
    var cluster = (arm: 0.0, reference: 0.0)
    for item in 0..<items {
      if clusterSize > 1, item % clusterSize == 0 { cluster = cell(generator.uniform()) }
      let isCopy = clusterSize > 1 && generator.uniform() < copies
      let own = isCopy ? cluster : cell(generator.uniform())
      arm.append(own.arm)
      reference.append(own.reference)
    }
    return (arm, reference)
  }

  private func cell(_ draw: Double) -> (arm: Double, reference: Double) {
    let referenceAlone = (discordance - difference) / 2
    if draw < referenceAlone { return (0, 1) }
    if draw < discordance { return (1, 0) }
    return draw < discordance + accuracy - referenceAlone ? (1, 1) : (0, 0)
  }
}
