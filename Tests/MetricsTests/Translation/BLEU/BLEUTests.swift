import Foundation
import Metrics
import Statistics
import Testing

@Suite(.timeLimit(.minutes(45))) struct BLEUTests {
  private func statistics(_ translation: String, _ references: String...) -> BLEUStatistics {
    BLEUReferences(references).statistics(of: translation)
  }

  private func tokens(_ text: String) -> [String] {
    Tokenizer13a.tokens(text).map { token in String(String.UnicodeScalarView(token)) }
  }

  @Test(
    "Six hundred hard sentences have sacrebleu's statistics, and any corpus of them its score",
    .enabled(if: TranslationOracle.isAvailable, TranslationOracle.isMissing))
  func agreesWithSacreBLEU() throws {
    let question = DrawnTexts.question(count: 600, seed: 5)
    let answer = try TranslationOracle.answer(question)
    let found = zip(question.translations, question.references).map { BLEUReferences($1).statistics(of: $0) }
    for (index, (own, theirs)) in zip(found, answer.statistics).enumerated() {
      let flat =
        [own.translationLength, own.referenceLength] + (0..<4).map { own.matches[$0] } + (0..<4).map { own.totals[$0] }
      #expect(flat == theirs, "\(question.translations[index]) | \(question.references[index])")
    }
    for (corpus, score) in zip(question.corpora, answer.bleu) {
      let sum = corpus.reduce(BLEUStatistics()) { $0 + found[$1] }
      let own = try #require(sum.score.value)
      #expect(abs(own - score) < 1e-9, "\(corpus.prefix(3))")
    }
    // The comparison says little where nothing matches.
    #expect(answer.bleu.count { $0 > 0 } > 200)
  }

  @Test("A translation equal to its reference scores 100, whatever the case of others")
  func identity() throws {
    let text = "The nurse thanked the doctor because he had helped."
    #expect(abs(try #require(statistics(text, text, "Something else.").score.value) - 100) < 1e-9)
    #expect(statistics(text.uppercased(), text).matches == SIMD4(1, 0, 0, 0))
  }

  @Test("A score by hand: clipped counts, smoothing of the orders without a match, and the brevity penalty")
  func byHand() throws {
    // "the" counts twice at most; of five bigrams one matches, of four trigrams and three 4-grams none.
    let clipped = statistics("the the the cat sat up", "the dog saw the cat run off")
    #expect(clipped.matches == SIMD4(3, 1, 0, 0))
    #expect(clipped.totals == SIMD4(6, 5, 4, 3))
    let expected = exp(1 - 7.0 / 6) * 100 * pow(3.0 / 6 * 1 / 5 * 1 / (2 * 4) * 1 / (4 * 3), 0.25)
    #expect(abs(try #require(clipped.score.value) - expected) < 1e-12)
  }

  @Test("The reference length is that of the nearest reference, of two as near the shorter's")
  func nearestReference() {
    #expect(statistics("a b c d", "a b c d e f", "a b").referenceLength == 2)
    #expect(statistics("a b c d", "a b c d e", "a").referenceLength == 5)
    #expect(statistics("", "a b c", "a b").referenceLength == 2)
  }

  @Test("Empty translations and those shorter than four tokens score 0, as sacreBLEU says; no sentences, nothing")
  func degenerate() {
    #expect(statistics("", "a b c d").score == .value(0))
    #expect(statistics("a b c", "a b c").score == .value(0))
    #expect(statistics("x y z w", "a b c d").score == .value(0))
    #expect(BLEUStatistics().score == .undefined(reason: "no sentences", n: 0))
  }

  @Test("Punctuation is cut off but for periods and commas within numbers, hyphens of words and apostrophes")
  func tokenization() {
    #expect(
      tokens("It's 3.14, or 1,000 (well-known)!") == ["It's", "3.14", ",", "or", "1,000", "(", "well-known", ")", "!"])
    #expect(tokens("10-12 U.S. a.1") == ["10", "-", "12", "U", ".", "S", ".", "a", ".", "1"])
    #expect(tokens("&quot;a&quot; &amp;lt; well-\nknown") == ["\"", "a", "\"", "<", "wellknown"])
    #expect(tokens(" \u{A0}\n").isEmpty)
  }

  @Test("Two spellings of one letter are two tokens, as in Python")
  func canonicalEquivalence() {
    #expect(statistics("nai\u{308}ve", "naïve").matches == .zero)
  }
}
