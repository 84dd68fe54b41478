import Statistics
import Support
import Testing

/// Literals are of scipy 1.17.1: ks_2samp, kstwobign.sf, chi2.sf, fisher_exact, chi2_contingency.
@Suite struct TwoSampleTests {
  private let first = (0..<100).map { Double(($0 * 37) % 101) / 100 }
  private let second = (0..<90).map { Double(($0 * 53) % 97) / 100 + 0.15 }

  @Test("The Kolmogorov–Smirnov distance is scipy's, ties and all, and its p-value near the exact one")
  func kolmogorovSmirnov() {
    let distance = KolmogorovSmirnov.statistic(first, second)
    #expect(abs(distance - 0.15222222222222223) < 1e-12)
    let pValue = KolmogorovSmirnov.pValue(statistic: distance, first: 100, second: 90)
    // Exact .1976, scipy's own asymptotic value .2042.
    #expect(abs(pValue - 0.19755713873780784) < 0.01)
    let fewer = KolmogorovSmirnov.statistic(
      (0..<60).map { Double(($0 * 37) % 101) / 100 }, (0..<45).map { Double(($0 * 53) % 97) / 100 + 0.08 })
    #expect(abs(fewer - 0.08333333333333333) < 1e-12)
    #expect(abs(KolmogorovSmirnov.pValue(statistic: fewer, first: 60, second: 45) - 0.988366138860) < 0.01)
    let found = KolmogorovSmirnov.distance(first, second)
    #expect(found.location == 0.42 && abs(found.firstShare - found.secondShare - distance) < 1e-12)
    #expect(KolmogorovSmirnov.distance([1, 1, 2], [1, 1, 2]).location == nil)
    #expect(KolmogorovSmirnov.statistic([1, 1, 2], [1, 1, 2]) == 0)
    #expect(KolmogorovSmirnov.statistic([1, 2], [3, 4]) == 1)
    #expect(KolmogorovSmirnov.statistic([], [3, 4]) == 0)
  }

  @Test(
    "Kolmogorov's limit has scipy's tail on both sides of where its series change",
    arguments: [
      (0.3, 0.9999906941986655), (0.5, 0.9639452436648751), (0.8, 0.5441424115741981), (1.0, 0.26999967167735456),
      (1.36, 0.049485876755377876), (2.0, 0.0006709252557796953), (3.0, 3.045995948942526e-08),
    ])
  func limit(x: Double, tail: Double) {
    #expect(abs(KolmogorovSmirnov.upperTail(x) - tail) < 1e-12)
  }

  @Test(
    "The chi-squared tail is scipy's",
    arguments: [
      (3.84, 1, 0.05004352124870519), (12.5, 4, 0.013995792487650894), (0.5, 3, 0.9188914116546758),
      (40, 9, 7.598525229464264e-06), (2, 10, 0.9963401531726563), (200, 5, 2.8406228986415534e-41),
    ])
  func chiSquared(x: Double, degreesOfFreedom: Int, tail: Double) {
    #expect(abs(ChiSquared.upperTail(x, degreesOfFreedom: degreesOfFreedom) / tail - 1) < 1e-9)
  }

  @Test("Nearly equal values count as equal: slack never adds to a distance, and undoes a shift that is as small")
  func slack() {
    let few = [0.1, 0.2, 0.3]
    #expect(abs(KolmogorovSmirnov.statistic(few, few.map { $0 + 0.0001 }, slack: 0) - 1.0 / 3) < 1e-12)
    #expect(abs(KolmogorovSmirnov.statistic(few, few.map { $0 + 0.0001 }, slack: 0.004)) < 1e-12)
    #expect(abs(KolmogorovSmirnov.statistic(few.map { $0 + 0.0001 }, few, slack: 0.004)) < 1e-12)
    #expect(KolmogorovSmirnov.statistic([], few, slack: 1) == 0)
    var generator = RandomKey(seed: 4)["slack"].generator
    for _ in 0..<100 {
      func values() -> [Double] {
        (0..<(1 + generator.index(below: 30))).map { _ in (generator.normal() * 4).rounded() / 4 }
      }
      let (before, after) = (values(), values())
      #expect(
        abs(
          KolmogorovSmirnov.statistic(before, after, slack: 0) - KolmogorovSmirnov.statistic(before, after)) < 1e-12)
      let distances = [0, 0.1, 0.3, 0.6, 2].map { KolmogorovSmirnov.statistic(before, after, slack: $0) }
      #expect(zip(distances, distances.dropFirst()).allSatisfy { $0 >= $1 }, "\(distances)")
    }
  }

  @Test("Shares are compared as scipy does: exactly where few are expected, else by the score")
  func shares() {
    #expect(abs(ShareComparison.fisherExact((3, 100), (12, 100)) - 0.028671314973177094) < 1e-9)
    #expect(abs(ShareComparison.fisherExact((0, 50), (4, 34)) - 0.02403522923403481) < 1e-9)
    #expect(ShareComparison.fisherExact((1, 200), (2, 400)) == 1)
    #expect(ShareComparison.fisherExact((0, 10), (0, 20)) == 1)
    let many = ShareComparison(reference: proportion(60, of: 400), window: proportion(55, of: 250))
    #expect(many.test == .fisherExact)
    #expect(abs(many.pValue - 0.026457156036256167) < 1e-9)
    let more = ShareComparison(reference: proportion(6_000, of: 40_000), window: proportion(2_280, of: 14_400))
    #expect(more.test == .score)
    #expect(abs(more.pValue - 0.016982121456542716) < 1e-9)
    #expect(ShareComparison(reference: proportion(3, of: 100), window: proportion(12, of: 100)).test == .fisherExact)
    let medium = ShareComparison(reference: proportion(50, of: 100), window: proportion(60, of: 100))
    #expect(abs(medium.effect - 0.20135792) < 1e-7)
  }

  private func proportion(_ successes: Int, of n: Int) -> Proportion {
    Proportion(values: (0..<n).map { $0 < successes ? 1 : 0 }, clusters: Array(0..<n), clusterCount: n)
  }

  @Test("Categories are compared by Pearson's chi-squared, and clusters count as what they are")
  func categories() throws {
    func values(_ counts: [Int]) -> [String] {
      zip(["a", "b", "c"], counts).flatMap { Array(repeating: $0, count: $1) }
    }
    let (before, after) = (values([30, 50, 20]), values([45, 40, 35]))
    let alone = try #require(
      CategoryComparison(
        reference: before, referenceClusters: ClusterIndex(0..<100), window: after,
        windowClusters: ClusterIndex(0..<120)))
    #expect(abs(alone.pValue - 0.04001429480764793) < 1e-9)
    #expect(abs(alone.totalVariation - 1.0 / 6) < 1e-12)
    // Pearson's statistic alone says 3.2e-4 of 15 in 200 after 25 in 1,000, the likelihood ratio 1.3e-3.
    func shares(_ rare: Int, of count: Int) -> [String] { (0..<count).map { $0 < rare ? "rare" : "usual" } }
    let rare = try #require(
      CategoryComparison(
        reference: shares(25, of: 1_000), referenceClusters: ClusterIndex(0..<1_000), window: shares(15, of: 200),
        windowClusters: ClusterIndex(0..<200)))
    #expect(abs(rare.pValue - 0.0012739412258636741) < 1e-9)
    let clustered = try #require(
      CategoryComparison(
        reference: before, referenceClusters: ClusterIndex((0..<100).map { $0 / 5 }), window: after,
        windowClusters: ClusterIndex((0..<120).map { $0 / 5 })))
    #expect(clustered.pValue > 0.5)
    #expect(clustered.referenceN < 25)
    #expect(
      CategoryComparison(
        reference: ["a", "a"], referenceClusters: ClusterIndex(0..<2), window: ["a"],
        windowClusters: ClusterIndex(0..<1)) == nil)
  }

  @Test("Without drift the stability index is on average what stands beside it", arguments: [(1_000, 100), (300, 300)])
  func stability(reference: Int, window: Int) throws {
    var generator = RandomKey(seed: 3)["stability"][reference].generator
    var (sum, expected) = (0.0, 0.0)
    let runs = 400
    for _ in 0..<runs {
      let before = (0..<reference).map { _ in generator.normal() }
      let after = (0..<window).map { _ in generator.normal() }
      let index = try #require(
        StabilityIndex(
          reference: before, window: after, referenceN: Double(reference), windowN: Double(window)))
      sum += index.value
      expected = index.expectedWithoutDrift
      #expect(index.bins == 10)
    }
    #expect(abs(sum / Double(runs) / expected - 1) < 0.08)
    #expect(StabilityIndex(reference: [1, 1, 1], window: [1], referenceN: 3, windowN: 1) == nil)
  }
}
