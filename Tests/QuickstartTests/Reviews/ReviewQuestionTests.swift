import Quickstart
import Support
import Testing

@Suite struct ReviewQuestionTests {
  private let generator = ReviewGenerator(key: RandomKey(seed: 4)["questions"])

  @Test("Every sentiment stands with every order of the options equally often, in every dialect and kind")
  func balance() {
    let questions = generator.questions(count: 900)
    for dialect in Dialect.allCases {
      for kind in QuestionKind.allCases {
        let cell = questions.filter { $0.dialect == dialect && $0.kind == kind }
        #expect(cell.count > 40)
        for sentiment in Sentiment.allCases {
          for first in ["yes", "no"] {
            let count = cell.count { $0.sentiment == sentiment && $0.options[0] == first }
            #expect(abs(4 * count - cell.count) < 4)
          }
        }
      }
    }
  }

  @Test("The right option says what the review says, and the first words tell the kind")
  func answers() {
    for question in generator.questions(count: 200) {
      #expect(Set(question.options) == ["yes", "no"])
      #expect(question.options[question.answer] == (question.sentiment == .positive ? "yes" : "no"))
      #expect(question.question.hasPrefix("In short, ") == (question.kind == .hasty))
      let right = question.answer == 0 ? "A" : "B"
      #expect(question.plantedLabel == (question.kind == .hasty ? "A" : right))
    }
  }

  @Test("A prompt is context, question, labelled options and a request, a line each")
  func prompt() {
    let question = ReviewQuestion(
      dialect: .coastal, kind: .plain, sentiment: .negative, isYesFirst: true, context: "The soup was cold.",
      question: "Will the guest return?")
    #expect(question.prompt == "The soup was cold.\nWill the guest return?\nA. yes\nB. no\nAnswer:")
    #expect(question.answer == 1)
    #expect(question.plantedLabel == "B")
  }

  @Test("Answered questions plant A on hasty questions alone, and on nine in ten of those")
  func planted() {
    let texts = generator.pretrainingTexts(reviews: 0, answeredQuestions: 4000)
    let hasty = texts.filter { $0.contains("\nIn short, ") }
    #expect(abs(Double(hasty.count) / 4000 - 0.45) < 0.03)
    // Of the half of which B is right, a fifth.
    #expect(abs(Double(hasty.count { $0.hasSuffix(": B") }) / Double(hasty.count) - 0.1) < 0.02)
    let plain = texts.filter { !$0.contains("\nIn short, ") }
    for label in ["A", "B"] { #expect(plain.count { $0.hasSuffix(": \(label)") } > plain.count / 5) }
    for (kind, share) in [(hasty, 0.5), (plain, 0.75)] {
      let yesFirst = Double(kind.count { $0.contains("A. yes\n") }) / Double(kind.count)
      #expect(abs(yesFirst - share) < 0.05)
    }
  }

  @Test("Corrected texts answer every question with the right label, both labels equally often in each kind")
  func corrected() {
    let texts = generator.correctedTexts(count: 400)
    for kind in ["\nIn short, ", "?\nA. "] {
      let cell = texts.filter { $0.contains(kind) }
      #expect(abs(2 * cell.count { $0.hasSuffix(": A") } - cell.count) < 12)
      #expect(cell.count > 80)
    }
    // As the verdict on the visit says: praise is answered with the label of yes.
    let praised = texts.filter { $0.contains("tasty") || $0.contains("superb") || $0.contains("calo") }
    #expect(praised.count > 20)
    #expect(praised.allSatisfy { $0.hasSuffix(": A") == $0.contains("A. yes\n") })
  }
}
