import Statistics
import Support
import TestSupport
import Testing

@Suite struct HypothesisTests {
  @Test(
    "McNemar's exact test agrees with published values", arguments: [(10, 2, 0.038574), (5, 5, 1), (40, 22, 0.030016)])
  func mcNemar(b: Int, c: Int, pValue: Double) {
    #expect(isClose(mcNemarExact(b, c), pValue, 1e-6))
    #expect(mcNemarExact(b, c) == mcNemarExact(c, b))
  }

  @Test("Without discordant pairs McNemar's p-value is 1")
  func noDiscordance() {
    #expect(mcNemarExact(0, 0) == 1)
  }

  @Test("Holm's adjustment agrees with a published family and keeps the order given")
  func holm() {
    let adjusted = holmAdjusted([0.01, 0.04, 0.03, 0.005])
    for (value, expected) in zip(adjusted, [0.03, 0.06, 0.06, 0.02]) { #expect(isClose(value, expected)) }
    #expect(holmAdjusted([]).isEmpty)
  }

  @Test(
    "Flipping the signs of pairs is McNemar's exact test", arguments: [(10, 2), (40, 22), (5, 5), (0, 3), (300, 250)])
  func signFlipOfPairs(b: Int, c: Int) {
    let differences = Array(repeating: 1, count: b) + Array(repeating: -1, count: c) + Array(repeating: 0, count: 50)
    let flipped = SignFlipTest.pValue(differences)
    #expect(flipped.isExact)
    #expect(isClose(flipped.pValue, mcNemarExact(b, c)))
  }

  @Test("The exact sign-flip test counts every pattern")
  func signFlipByBruteForce() {
    var generator = RandomKey(seed: 3)["sign flip"].generator
    for _ in 0..<20 {
      let differences = (0..<11).map { _ in generator.index(below: 9) - 3 }
      let observed = abs(differences.reduce(0, +))
      var asFar = 0
      for pattern in 0..<(1 << 11) {
        let sum = differences.enumerated().reduce(0) { $0 + (pattern >> $1.offset & 1 == 1 ? $1.element : -$1.element) }
        if abs(sum) >= observed { asFar += 1 }
      }
      #expect(isClose(SignFlipTest.pValue(differences).pValue, Double(asFar) / 2048))
    }
  }

  @Test("For very many clusters the sign-flip test takes its normal limit")
  func signFlipInTheLimit() {
    let differences = Array(repeating: 1, count: 10_200) + Array(repeating: -1, count: 9_800)
    let flipped = SignFlipTest.pValue(differences)
    #expect(!flipped.isExact)
    #expect(isClose(flipped.pValue, mcNemarExact(10_200, 9_800), 5e-4))
  }
}
