import Metrics
import Testing

@Suite(.timeLimit(.minutes(45))) struct PronounClassTests {
  @Test(
    "Six hundred hard sentences are classified as by a regular expression of Python",
    .enabled(if: TranslationOracle.isAvailable, TranslationOracle.isMissing))
  func agreesWithPython() throws {
    let question = DrawnTexts.question(count: 600, seed: 7)
    let answer = try TranslationOracle.answer(question)
    for (translation, expected) in zip(question.translations, answer.pronouns) {
      #expect(PronounClass(of: translation).rawValue == expected, "\(translation)")
    }
    for pronouns in PronounClass.allCases {
      #expect(answer.pronouns.count { $0 == pronouns.rawValue } > 20, "too few \(pronouns) to say much")
    }
  }

  @Test(
    "Every pronoun of the lists is found in any case and beside any punctuation",
    arguments: [
      (PronounClass.female, ["she", "her", "hers", "herself"]), (.male, ["he", "him", "his", "himself"]),
      (.neutral, ["they", "them", "their", "themselves"]),
    ])
  func everyPronoun(expected: PronounClass, words: [String]) {
    for word in words {
      for text in [word, word.uppercased(), "(\(word))", "The nurse knew \(word)'s.", "«\(word)»", "\n\(word)\n"] {
        #expect(PronounClass(of: text) == expected, "\(text)")
      }
    }
  }

  @Test("Both genders, or no pronoun, is unknown; a gendered pronoun decides against they")
  func combinations() {
    #expect(PronounClass(of: "She told him.") == .unknown)
    #expect(PronounClass(of: "He/she left.") == .unknown)
    #expect(PronounClass(of: "She told them.") == .female)
    #expect(PronounClass(of: "His friends said they came.") == .male)
    #expect(PronounClass(of: "He, she and they.") == .unknown)
    #expect(PronounClass(of: "It rained.") == .unknown)
    #expect(PronounClass(of: "") == .unknown)
  }

  @Test("A pronoun inside a word is none")
  func insideWords() {
    #expect(PronounClass(of: "The other sheriff's theme: hero, shepherd, history, them2, he_") == .unknown)
    #expect(PronounClass(of: "hıs ſhe éhe") == .unknown)
  }
}
