import Metrics
import Testing

@Suite(.timeLimit(.minutes(45))) struct RougeLTests {
  @Test(
    "Six hundred hard sentences have rouge-score's F-measures, best of the references",
    .enabled(if: TranslationOracle.isAvailable, TranslationOracle.isMissing))
  func agreesWithRougeScore() throws {
    let question = DrawnTexts.question(count: 600, seed: 6)
    let answer = try TranslationOracle.answer(question)
    for (index, (translation, references)) in zip(question.translations, question.references).enumerated() {
      let own = RougeLReferences(references).score(of: translation)
      #expect(abs(own - answer.rougeL[index]) < 1e-12, "\(translation) | \(references)")
    }
    #expect(answer.rougeL.count { $0 > 0 && $0 < 1 } > 200)
  }

  @Test("By hand: the common subsequence police … the gunman of four and four words gives 3/4")
  func byHand() {
    #expect(RougeLReferences(["police killed the gunman"]).score(of: "Police kill the gunman!") == 0.75)
    // Two of four words, in order.
    #expect(RougeLReferences(["police killed the gunman"]).score(of: "the gunman kill police") == 0.5)
    // Precision 1, recall 1/2.
    #expect(abs(RougeLReferences(["a b c d"]).score(of: "b d") - 2.0 / 3) < 1e-15)
  }

  @Test("Of several references the best counts")
  func bestReference() {
    #expect(RougeLReferences(["nothing like it", "she left", "he left early"]).score(of: "She left.") == 1)
  }

  @Test("A text without tokens has the score 0, even beside another one")
  func empty() {
    #expect(RougeLReferences(["a b"]).score(of: "") == 0)
    #expect(RougeLReferences([""]).score(of: "…") == 0)
  }

  @Test("Letters outside ASCII separate tokens, and İ leaves its i")
  func tokenization() {
    #expect(RougeLReferences.tokens("Çalış-İyi 3.5ABC \u{212A}g") == ["al", "i", "yi", "3", "5abc", "kg"])
  }
}
