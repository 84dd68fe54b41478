import Support

/// Translations and references drawn from pieces that tokenizers find hard.
enum DrawnTexts {
  private static let words = [
    "the", "The", "doctor", "nurse", "she", "he", "They", "HER", "himself", "themselves", "their", "his", "designer",
    "don't", "she's", "s/he", "3.14", "1,000", "10-12", "well-known", "U.S.", "e.g.,", "…", "...", ".", ",", "-", "--",
    "5.", ".5", "a,b", "1.a", "a.1", "0-", "(hers)", "[him]", "{x}", "&quot;", "&amp;lt;", "&lt;", "&", "<skipped>",
    "'", "\"quoted\"", "_her_", "he_", "naïve", "nai\u{308}ve", "İstanbul", "ısı", "hıs", "HİS", "çalıştı",
    "\u{212A}elvin", "ſhe", "éhe", "he\u{301}", "医者", "、", "彼女", "٣", "²he", "½", "she²", "🙂", "👩‍⚕️", "they’re", "«her»",
    "100%", "$5", "#1", "a/b", "~", "^", "`", "\\", "|", "!", "?", ":", ";", "@", "*", "+", "=", "\u{FEFF}", "\u{200B}",
  ]
  private static let gaps = [
    " ", " ", " ", " ", " ", " ", "", "  ", "\t", "\n", "-\n", "\r\n", "\u{A0}", "\u{2003}", "\u{1C}", "\u{85}",
    "\u{3000}", "\u{2028}",
  ]

  static func question(count: Int, seed: Int) -> TranslationOracle.Question {
    var stream = RandomKey(seed: seed)["drawn texts"].generator
    var question = TranslationOracle.Question(translations: [], references: [], corpora: [Array(0..<count)])
    for number in 0..<count {
      let references = (0..<1 + stream.index(below: 3)).map { _ in pieces(&stream) }
      // Most translations share pieces with a reference, so that long n-grams match; some are empty.
      var translation = number % 3 == 0 ? pieces(&stream) : references[stream.index(below: references.count)]
      for _ in 0..<stream.index(below: 4) where !translation.isEmpty {
        translation[stream.index(below: translation.count)] = words[stream.index(below: words.count)]
      }
      if number % 17 == 0 { translation = [] }
      question.translations.append(translation.joined())
      question.references.append(references.map { $0.joined() })
    }
    for size in [1, 1, 2, 3, 10, 40] {
      question.corpora.append((0..<size).map { _ in stream.index(below: count) })
    }
    question.corpora += (0..<count).map { [$0] }
    return question
  }

  private static func pieces(_ stream: inout RandomStream) -> [String] {
    (0..<stream.index(below: 14)).flatMap { _ in
      [words[stream.index(below: words.count)], gaps[stream.index(below: gaps.count)]]
    }
  }
}
