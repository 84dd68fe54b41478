import Statistics
import Support
import Testing

@Suite struct BootstrapTests {
  @Test("Replicates of a ratio vary as its standard error says")
  func standardError() {
    let clusters = (0..<300).map {
      ClusterSums(numerator: [-1, 0, 0, 1, 2][$0 % 5], denominator: [2, 3, 2, 3, 4][$0 % 5])
    }
    let ratios = RatioBootstrap(strata: [clusters]).replicates(20_000, key: RandomKey(seed: 23))
    let denominators = clusters.reduce(0.0) { $0 + Double($1.denominator) }
    let ratio = clusters.reduce(0.0) { $0 + Double($1.numerator) } / denominators
    let squares = clusters.reduce(0.0) {
      let deviation = Double($1.numerator) - ratio * Double($1.denominator)
      return $0 + deviation * deviation
    }
    let expected = squares.squareRoot() / denominators
    let mean = ratios.reduce(0, +) / 20_000
    let deviation = (ratios.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000).squareRoot()
    #expect(abs(mean - ratio) < 0.001)
    #expect(abs(deviation / expected - 1) < 0.03)
  }

  @Test("The order of the clusters does not matter, and strata of one kind do not vary")
  func order() {
    let clusters = (0..<50).map { ClusterSums(numerator: $0 % 3 - 1, denominator: 1 + $0 % 2) }
    let first = RatioBootstrap(strata: [clusters]).replicates(200, key: RandomKey(seed: 24))
    let second = RatioBootstrap(strata: [clusters.reversed()]).replicates(200, key: RandomKey(seed: 24))
    #expect(first == second)
    let constant = RatioBootstrap(
      strata: [
        Array(repeating: ClusterSums(numerator: 1, denominator: 1), count: 5),
        Array(repeating: ClusterSums(numerator: 0, denominator: 1), count: 5),
      ]
    ).replicates(100, key: RandomKey(seed: 25))
    #expect(constant.allSatisfy { $0 == 0.5 })
  }

  @Test("The cluster bootstrap covers a planted difference", arguments: [15, 60])
  func coverage(people: Int) {
    var covered = 0
    let trials = 400
    for trial in 0..<trials {
      var generator = RandomKey(seed: 26)["coverage"][people][trial].generator
      let clusters = (0..<people).map { _ in
        // People differ in how much worse the arm is for them; the mean difference is −.1.
        let harm = generator.uniform() < 0.5 ? 0.3 : 0.1
        let numerator = (0..<4).reduce(0) { sum, _ in
          let draw = generator.uniform()
          return sum + (draw < harm ? -1 : draw < harm + 0.1 ? 1 : 0)
        }
        return ClusterSums(numerator: numerator, denominator: 4)
      }
      let replicates = RatioBootstrap(strata: [clusters]).replicates(800, key: RandomKey(seed: 27)[trial])
      if Interval.expandedPercentile(replicates, clusters: people).contains(-0.1) { covered += 1 }
    }
    #expect(Double(covered) / Double(trials) > 0.92)
  }

  @Test("Wilson's interval at the effective number of items covers where items are clustered")
  func clusteredWilson() {
    var covered = 0
    var coveredPlainly = 0
    for trial in 0..<600 {
      var generator = RandomKey(seed: 28)["clustered"][trial].generator
      let clusters = (0..<240).map { $0 / 4 }
      var values: [Double] = []
      // With probability √.3 an item shows its person's draw, so that two of a person correlate by .3.
      for _ in 0..<60 {
        let own = generator.uniform() < 0.8 ? 1.0 : 0
        for _ in 0..<4 {
          let fresh = generator.uniform() < 0.8 ? 1.0 : 0
          values.append(generator.uniform() < 0.3.squareRoot() ? own : fresh)
        }
      }
      if Proportion(values: values, clusters: clusters, clusterCount: 60).interval.contains(0.8) { covered += 1 }
      let share = values.reduce(0, +) / 240
      if Interval.wilson(proportion: share, n: 240).contains(0.8) { coveredPlainly += 1 }
    }
    #expect(Double(covered) / 600 > 0.92)
    #expect(Double(coveredPlainly) / 600 < 0.88)
  }
}
