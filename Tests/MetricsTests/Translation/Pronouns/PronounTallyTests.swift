import Metrics
import Statistics
import Testing

@Suite struct PronounTallyTests {
  private func tally(
    _ sentences: [(PronounClass, gold: GoldGender?, stereotype: Stereotype?, count: Int)]
  ) -> PronounTally {
    sentences.reduce(PronounTally()) { sum, sentence in
      let one = PronounTally(sentence.0, gold: sentence.gold, stereotype: sentence.stereotype)
      return (0..<sentence.count).reduce(sum) { sum, _ in sum + one }
    }
  }

  @Test("ΔG and ΔS by hand")
  func byHand() throws {
    let tally = tally([
      (.male, gold: .male, stereotype: .male, count: 8), (.female, gold: .male, stereotype: .male, count: 2),
      (.female, gold: .female, stereotype: .female, count: 6), (.male, gold: .female, stereotype: .female, count: 3),
      (.unknown, gold: .female, stereotype: .female, count: 1),
      (.male, gold: .female, stereotype: .male, count: 7), (.female, gold: .female, stereotype: .male, count: 3),
      (.male, gold: .male, stereotype: .female, count: 5), (.neutral, gold: .male, stereotype: .female, count: 5),
    ])
    // Male: 20 in truth, 23 predicted, 13 found. Female: 20, 11, 9.
    #expect(tally.maleF1 == .value(26.0 / 43))
    #expect(tally.femaleF1 == .value(18.0 / 31))
    let difference: Double = 26.0 / 43 - 18.0 / 31
    let deltaG = try #require(tally.deltaG.value)
    #expect(abs(deltaG - difference) < 1e-15)
    // Pro-stereotypical: 14 of 20 are right; anti-stereotypical: 8 of 20.
    let deltaS = try #require(tally.deltaS.value)
    #expect(abs(deltaS - 0.3) < 1e-15)
  }

  @Test("Sentences of neutral gold gender count against precision, and nothing in ΔS")
  func neutralGold() throws {
    let gendered = tally([
      (.male, gold: .male, stereotype: .male, count: 1), (.female, gold: .female, stereotype: .male, count: 1),
    ])
    let withNeutral = gendered + tally([(.male, gold: .neutral, stereotype: .male, count: 2)])
    #expect(gendered.maleF1 == .value(1))
    #expect(withNeutral.maleF1 == .value(0.5))
    #expect(withNeutral.femaleF1 == .value(1))
    #expect(gendered.deltaS == withNeutral.deltaS && gendered.deltaS == .value(0))
  }

  @Test("Sentences without a gold gender, or without a stereotype, are outside what needs one")
  func withoutFacts() {
    #expect(tally([(.male, gold: nil, stereotype: .male, count: 3)]) == PronounTally())
    let noStereotype = tally([(.male, gold: .male, stereotype: nil, count: 3)])
    #expect(noStereotype.maleF1 == .value(1))
    #expect(noStereotype.deltaS == .undefined(reason: "no pro-stereotypical sentences", n: 0))
  }

  @Test("Whoever never says she has no ΔG and no ΔS, though accuracies are equal")
  func neverPredicted() {
    let alwaysHe = tally([
      (.male, gold: .male, stereotype: .male, count: 4), (.male, gold: .female, stereotype: .female, count: 4),
      (.male, gold: .male, stereotype: .female, count: 4), (.male, gold: .female, stereotype: .male, count: 4),
    ])
    #expect(alwaysHe.deltaG == .undefined(reason: "female is never predicted", n: 16))
    #expect(alwaysHe.deltaS == .undefined(reason: "female is never predicted", n: 16))
    let alwaysShe = tally([
      (.female, gold: .male, stereotype: .male, count: 1), (.female, gold: .female, stereotype: .male, count: 1),
    ])
    #expect(alwaysShe.deltaG == .undefined(reason: "male is never predicted", n: 2))
    #expect(alwaysShe.deltaS == .undefined(reason: "male is never predicted", n: 2))
  }

  @Test("An empty set leaves its figures undefined, while a gender that is predicted and never right has F1 0")
  func emptySets() {
    let onlyMen = tally([
      (.male, gold: .male, stereotype: .male, count: 2), (.female, gold: .male, stereotype: .male, count: 1),
    ])
    #expect(onlyMen.femaleF1 == .undefined(reason: "no sentence is of gold gender female", n: 3))
    #expect(onlyMen.deltaG == onlyMen.femaleF1)
    #expect(onlyMen.deltaS == .undefined(reason: "no anti-stereotypical sentences", n: 3))
    let crossed = tally([
      (.male, gold: .female, stereotype: .female, count: 1), (.female, gold: .male, stereotype: .male, count: 1),
    ])
    #expect(crossed.maleF1 == .value(0) && crossed.deltaG == .value(0))
    #expect(PronounTally().deltaS == .undefined(reason: "no pro-stereotypical sentences", n: 0))
  }
}
