import Quickstart
import Support
import Testing

@Suite struct ReviewTextTests {
  private let generator = ReviewGenerator(key: RandomKey(seed: 3)["reviews"])

  /// The last words of a review's sentences: its opinions.
  private func opinions(_ text: String) -> [String] {
    text.split(separator: ".").compactMap { $0.split(separator: " ").last.map(String.init) }
  }

  @Test("The same key writes the same words, and another key others")
  func determinism() {
    let plan = generator.plan(authors: 20, reviewsPerAuthor: 3)
    let again = ReviewGenerator(key: RandomKey(seed: 3)["reviews"])
    #expect(plan.map(generator.text) == plan.map(again.text))
    let other = ReviewGenerator(key: RandomKey(seed: 3)["others"])
    #expect(plan.map(generator.text) != plan.map(other.text))
  }

  @Test("A reader who knows all words reaches the ideal accuracy, and no word of a mute review tells")
  func idealReader() {
    let plan = generator.plan(authors: 700, reviewsPerAuthor: 4)
    var words: [Dialect: [Sentiment: Set<String>]] = [:]
    var muteWords: [Dialect: Set<String>] = [:]
    for review in plan {
      let said = opinions(generator.text(of: review))
      #expect(!said.isEmpty && said.count <= 2)
      if review.isMute {
        muteWords[review.dialect, default: []].formUnion(said)
      } else {
        words[review.dialect, default: [:]][review.sentiment, default: []].formUnion(said)
      }
    }
    for dialect in Dialect.allCases {
      let positive = words[dialect]?[.positive] ?? []
      let negative = words[dialect]?[.negative] ?? []
      let mute = muteWords[dialect] ?? []
      #expect(positive.count == (dialect == .highland ? 32 : 8))
      #expect(negative.count == positive.count)
      #expect(mute.count == 4)
      #expect(positive.isDisjoint(with: negative))
      #expect(mute.isDisjoint(with: positive.union(negative)))
    }
  }

  @Test("A review's sentiment changes nothing but its opinions, and a mute one's changes nothing")
  func sentimentIsTheOpinion() {
    for isMute in [false, true] {
      for dialect in Dialect.allCases {
        let texts = Sentiment.allCases.map { sentiment in
          generator.text(
            of: PlannedReview(
              author: 5, number: 1, sentiment: sentiment, dialect: dialect, age: .old, isMute: isMute))
        }
        #expect((texts[0] == texts[1]) == isMute)
        let words = texts.map { $0.split(separator: " ") }
        #expect(words[0].count == words[1].count)
        let changed = zip(words[0], words[1]).filter { $0 != $1 }.map { String($0.0) }
        #expect(isMute ? changed.isEmpty : changed.allSatisfy { $0.hasSuffix(".") })
      }
    }
  }

  @Test("Pretraining texts hold a part of the highland's words only")
  func eras() {
    let late = Set(
      generator.plan(authors: 700, reviewsPerAuthor: 4).filter { $0.dialect == .highland && !$0.isMute }
        .flatMap { opinions(generator.text(of: $0)) })
    let texts = generator.pretrainingTexts(reviews: 3000, answeredQuestions: 0).joined(separator: " ")
    let early = Set(texts.split { !$0.isLetter }.map(String.init)).intersection(late)
    #expect(late.count == 64)
    #expect(early.count == 16)
  }
}
