import Statistics
import Testing

@Suite struct PairedPowerTests {
  @Test(
    "695 paired items at 8 % discordance find three points with 77.5 %, not with the 80 of the normal approximation")
  func vector() throws {
    let power = try PairedPower(difference: 0.03, discordance: 0.08)
    #expect(abs(power.power(items: 695) - 0.775) < 0.0005, "\(power.power(items: 695))")
  }

  @Test("With Holm over 8 groups about 1,200 items are needed, and none of the numbers above falls short")
  func family() throws {
    let power = try PairedPower(difference: 0.03, discordance: 0.08, familySize: 8)
    let items = try #require(power.items(power: 0.8))
    #expect((1_150...1_250).contains(items), "\(items)")
    for more in items..<items + 200 { #expect(power.power(items: more) >= 0.8) }
    #expect(power.power(items: items - 1) < 0.8)
  }

  @Test("Power is what counting every outcome of small samples gives", arguments: [1, 5, 9, 14])
  func enumeration(pairs: Int) throws {
    let (difference, discordance) = (0.4, 0.6)
    let power = try PairedPower(difference: difference, discordance: discordance)
    let (better, worse) = ((discordance + difference) / 2, (discordance - difference) / 2)
    var expected = 0.0
    for b in 0...pairs {
      for c in 0...(pairs - b) where b > c && mcNemarExact(b, c) <= 0.05 {
        var ways = 1.0
        for i in 0..<b { ways *= Double(pairs - i) / Double(i + 1) }
        for i in 0..<c { ways *= Double(pairs - b - i) / Double(i + 1) }
        func power(_ base: Double, _ exponent: Int) -> Double {
          (0..<exponent).reduce(1) { product, _ in product * base }
        }
        expected += ways * power(better, b) * power(worse, c) * power(1 - discordance, pairs - b - c)
      }
    }
    #expect(abs(power.power(items: pairs) - expected) < 1e-12, "\(power.power(items: pairs)) \(expected)")
  }

  @Test("Clusters and larger families need more items, larger differences fewer")
  func monotone() throws {
    let plain = try #require(try PairedPower(difference: 0.05, discordance: 0.1).items(power: 0.8))
    let clustered = try PairedPower(difference: 0.05, discordance: 0.1, clusterSize: 4, correlation: 0.3)
    #expect(clustered.designEffect == 1.9)
    #expect(try #require(clustered.items(power: 0.8)) >= Int(Double(plain) * 1.89))
    let families = try (1...8).map {
      try #require(PairedPower(difference: 0.05, discordance: 0.1, familySize: $0).items(power: 0.8))
    }
    #expect(families == families.sorted())
    let differences = try [0.02, 0.03, 0.05, 0.08].map {
      try #require(PairedPower(difference: $0, discordance: 0.1).items(power: 0.8))
    }
    #expect(differences == differences.sorted(by: >))
  }

  @Test("Power over seeds is what simulated t tests with a two-way variance show")
  func simulated() throws {
    for row in try VerdictOracle.load().power {
      let power = try PairedPower(
        difference: row[0], discordance: row[1], familySize: Int(row[2]), clusterSize: row[3], correlation: row[4],
        seeds: Int(row[5]), seedDeviation: row[6], seedAgreement: row[7]
      ).power(items: Int(row[8]))
      // Four Monte Carlo standard errors of 20,000 tests are .014 at most.
      #expect(abs(power - row[9]) < 0.014, "\(row) \(power)")
    }
  }

  @Test("Seeds that never differ need the items of one seed, and two seeds as many as one")
  func likeOneSeed() throws {
    let one = try PairedPower(difference: 0.03, discordance: 0.08, familySize: 8)
    for seeds in [2, 5, 40] {
      let several = try PairedPower(difference: 0.03, discordance: 0.08, familySize: 8, seeds: seeds)
      #expect(several.items(power: 0.8) == one.items(power: 0.8))
      #expect(several.power(items: 700) == one.power(items: 700))
    }
  }

  @Test("A larger deviation over seeds needs more items, more seeds need fewer, and less agreement fewer")
  func seeds() throws {
    func items(_ seeds: Int, _ deviation: Double, agreement: Double = 1) throws -> Int? {
      try PairedPower(
        difference: 0.03, discordance: 0.08, familySize: 4, seeds: seeds, seedDeviation: deviation,
        seedAgreement: agreement
      ).items(power: 0.8)
    }
    let byDeviation = try [0, 0.005, 0.01, 0.015].map { try #require(try items(10, $0)) }
    #expect(byDeviation == byDeviation.sorted() && Set(byDeviation).count > 2)
    let bySeeds = try [8, 10, 15, 30, 100].map { try #require(try items($0, 0.015)) }
    #expect(bySeeds == bySeeds.sorted(by: >) && Set(bySeeds).count > 3)
    let byAgreement = try [0, 0.3, 0.6, 1].map { try #require(try items(10, 0.01, agreement: $0)) }
    #expect(byAgreement == byAgreement.sorted() && Set(byAgreement).count == 4)
  }

  @Test("Where no number of items is enough, the fewest seeds are named that are")
  func missingSeeds() throws {
    let three = try PairedPower(difference: 0.03, discordance: 0.08, seeds: 3, seedDeviation: 0.02)
    #expect(three.items(power: 0.8) == nil)
    let needed = try #require(three.seeds(power: 0.8))
    func items(_ seeds: Int) throws -> Int? {
      try PairedPower(difference: 0.03, discordance: 0.08, seeds: seeds, seedDeviation: 0.02).items(power: 0.8)
    }
    #expect(needed > 3)
    #expect(try items(needed) == three.withSeeds(power: 0.8)?.items(power: 0.8))
    #expect(try items(needed) != nil)
    #expect(try items(needed - 1) == nil)
    // A difference far below the deviation is beyond any number of seeds that is looked for.
    #expect(try PairedPower(difference: 1e-4, discordance: 0.08, seeds: 3, seedDeviation: 0.2).seeds(power: 0.8) == nil)
  }

  @Test("Shares that cannot be are refused by name")
  func refused() {
    #expect(throws: PowerError.difference(0)) { try PairedPower(difference: 0, discordance: 0.1) }
    #expect(throws: PowerError.discordance(0.01, difference: 0.03)) {
      try PairedPower(difference: -0.03, discordance: 0.01)
    }
    #expect(throws: PowerError.familySize(0)) { try PairedPower(difference: 0.1, discordance: 0.1, familySize: 0) }
    #expect(throws: PowerError.clusterSize(0.5)) {
      try PairedPower(difference: 0.1, discordance: 0.1, clusterSize: 0.5)
    }
    #expect(throws: PowerError.correlation(2)) {
      try PairedPower(difference: 0.1, discordance: 0.1, correlation: 2)
    }
    #expect(throws: PowerError.seeds(0)) { try PairedPower(difference: 0.1, discordance: 0.1, seeds: 0) }
    #expect(throws: PowerError.seedDeviation(-0.1)) {
      try PairedPower(difference: 0.1, discordance: 0.1, seeds: 5, seedDeviation: -0.1)
    }
    #expect(throws: PowerError.seedAgreement(1.5)) {
      try PairedPower(difference: 0.1, discordance: 0.1, seeds: 5, seedAgreement: 1.5)
    }
    #expect(throws: PowerError.seedsOfDeviation(2)) {
      try PairedPower(difference: 0.1, discordance: 0.1, seeds: 2, seedDeviation: 0.1)
    }
  }

  @Test("Clusters that leave nothing of a hundred million items are no trap, and larger ones are refused")
  func hugeClusters() throws {
    let power = try PairedPower(difference: 0.03, discordance: 0.08, clusterSize: 1e8, correlation: 1)
    #expect(power.items(power: 0.8) == nil)
    #expect(power.power(items: 100_000_000) == 0)
    for size in [1e9, 1e300, .infinity, .nan] {
      #expect(throws: PowerError.self) {
        try PairedPower(difference: 0.03, discordance: 0.08, clusterSize: size, correlation: 0.5)
      }
    }
  }
}
