import Foundation
import Statistics
import Support
import Testing

@Suite struct RandomDrawTests {
  @Test(
    "Binomial draws have the mean and variance of their distribution", arguments: [(20, 0.1), (500, 0.3), (80, 0.9)])
  func binomial(trials: Int, probability: Double) {
    var generator = RandomKey(seed: 21)["binomial"].generator
    let draws = (0..<40_000).map { _ in Double(generator.binomial(trials: trials, probability: probability)) }
    let mean = draws.reduce(0, +) / 40_000
    let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 40_000
    let expected = Double(trials) * probability * (1 - probability)
    #expect(abs(mean - Double(trials) * probability) < 4 * (expected / 40_000).squareRoot())
    #expect(abs(variance / expected - 1) < 0.04)
    #expect(draws.allSatisfy { 0 <= $0 && $0 <= Double(trials) })
  }

  @Test("Binomial draws follow their distribution, by rejection too")
  func binomialShares() {
    var generator = RandomKey(seed: 22)["binomial"].generator
    var counts = [Double](repeating: 0, count: 61)
    for _ in 0..<60_000 { counts[generator.binomial(trials: 60, probability: 0.4)] += 1 }
    var distance = 0.0
    for successes in 12...36 {
      let k = Double(successes)
      let share = exp(logGamma(61) - logGamma(k + 1) - logGamma(61 - k) + k * log(0.4) + (60 - k) * log(0.6))
      distance += (counts[successes] - 60_000 * share) * (counts[successes] - 60_000 * share) / (60_000 * share)
    }
    // 25 cells: a chi-square beyond 60 has a probability below .0001.
    #expect(distance < 60)
  }

  @Test(
    "Hypergeometric draws have the mean, variance and bounds of theirs",
    arguments: [(5, 3, 10), (40, 25, 60), (300, 4_000, 9_000), (7, 7, 7), (3, 0, 9)])
  func hypergeometric(draws: Int, successes: Int, population: Int) {
    var generator = RandomKey(seed: 4)["hypergeometric"][draws].generator
    let factorials = LogFactorials(through: population)
    let count = 20_000
    let found = (0..<count).map { _ in
      generator.hypergeometric(draws: draws, successes: successes, of: population, factorials)
    }
    let (n, k, all) = (Double(draws), Double(successes), Double(population))
    let variance = n * (k / all) * (1 - k / all) * (all - n) / max(1, all - 1)
    let mean = found.reduce(0) { $0 + Double($1) } / Double(count)
    let spread = found.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(count)
    #expect(abs(mean - n * k / all) <= 5 * (variance / Double(count)).squareRoot())
    #expect(abs(spread - variance) <= 0.06 * variance)
    #expect(found.allSatisfy { $0 >= max(0, draws - (population - successes)) && $0 <= min(draws, successes) })
  }

  @Test("Hypergeometric draws come as often as they should")
  func shares() {
    var generator = RandomKey(seed: 4)["shares"].generator
    let factorials = LogFactorials(through: 10)
    var counts = [0.0, 0, 0, 0]
    for _ in 0..<40_000 { counts[generator.hypergeometric(draws: 4, successes: 3, of: 10, factorials)] += 1 }
    // C(3, x)·C(7, 4 − x) / C(10, 4).
    for (found, expected) in zip(counts, [35.0 / 210, 105.0 / 210, 63.0 / 210, 7.0 / 210]) {
      #expect(abs(found / 40_000 - expected) < 0.01)
    }
  }
}
