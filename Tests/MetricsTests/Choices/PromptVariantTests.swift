import Metrics
import Testing

@Suite struct PromptVariantTests {
  private let question = ChoiceQuestion(
    identifier: "q", row: 1, context: "Two met.", question: "Who ran?", options: ["the cat", "the dog"])

  private func prompt(_ template: String, _ question: ChoiceQuestion, isBlank: Bool = false) throws -> String {
    let prompt = try PromptVariant(
      name: "w", template: PromptTemplate(template), scoring: .optionText, subtractsBlank: isBlank)
    let all = try ChoiceTask(questions: [question], prompts: [prompt]).continuations
    return try #require(all.first { $0.key.isBlank == isBlank }).texts.prompt
  }

  @Test("Up to four options are shown in all orders, each once, their own first; five and more in cyclic ones")
  func orders() {
    #expect(OptionOrders.orders(of: 2) == [[0, 1], [1, 0]])
    #expect(OptionOrders.orders(of: 3) == [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
    #expect(OptionOrders.orders(of: 4).count == 24)
    #expect(OptionOrders.orders(of: 5).prefix(2) == [[0, 1, 2, 3, 4], [1, 2, 3, 4, 0]])
    for count in 2...7 {
      let orders = OptionOrders.orders(of: count)
      #expect(Set(orders).count == orders.count)
      #expect(orders.first == Array(0..<count))
      for position in 0..<count {
        // Every option stands equally often in every position.
        for option in 0..<count { #expect(orders.count { $0[position] == option } * count == orders.count) }
      }
    }
  }

  @Test("The standard template shows the context, the question, the labelled options and asks for the answer")
  func standard() throws {
    let all = try ChoiceFixture.plain([question]).continuations
    #expect(
      all.map(\.texts.prompt) == [
        "Two met.\nWho ran?\nA. the cat\nB. the dog\nAnswer:", "Two met.\nWho ran?\nA. the cat\nB. the dog\nAnswer:",
        "Two met.\nWho ran?\nA. the dog\nB. the cat\nAnswer:", "Two met.\nWho ran?\nA. the dog\nB. the cat\nAnswer:",
      ])
    #expect(all.map(\.texts.continuation) == [" A", " B", " A", " B"])
    #expect(all.map(\.key.option) == [0, 1, 1, 0])
    #expect(all.map(\.key.position) == [0, 1, 0, 1])
    #expect(all.map(\.key.order) == [0, 0, 1, 1])
  }

  @Test("The standard template is what its text says")
  func standardIsParsed() throws {
    #expect(try PromptTemplate("{context}\n{question}\n{options}\nAnswer:") == .standard)
  }

  @Test("A question without context leaves no empty line")
  func noContext() throws {
    var question = question
    question.context = nil
    #expect(try prompt("{context}\n{question}\nAnswer:", question) == "Who ran?\nAnswer:")
  }

  @Test("Slots stand inside a line, braces around anything else are text, and empty lines of a template are kept")
  func insideLines() throws {
    #expect(
      try prompt("{ {} {A}\n\nQ: {question} ({context}) {", question) == "{ {} {A}\n\nQ: Who ran? (Two met.) {")
  }

  @Test("What stands in a question is never taken for a slot")
  func slotsInQuestions() throws {
    var question = question
    question.question = "What is {options}?"
    #expect(
      try prompt("{context}\n{question}\n{options}\nAnswer:", question).hasPrefix("Two met.\nWhat is {options}?\nA."))
  }

  @Test("Line breaks of Windows in a template are line breaks")
  func lineBreaks() throws {
    var question = question
    question.context = nil
    #expect(try prompt("{context}\r\nQ: {question}\r\nAnswer:", question) == "Q: Who ran?\nAnswer:")
  }

  @Test("The blank prompt is the stem with the labels alone")
  func blank() throws {
    #expect(try prompt("{context}\n{question}\n{options}\nAnswer:", question, isBlank: true) == "A.\nB.\nAnswer:")
    #expect(
      try prompt("Text: {context}\nQuestion: {question}\nAnswer:", question, isBlank: true)
        == "Text: \nQuestion: \nAnswer:")
  }

  @Test("Options are scored by their text where that is asked for, in one order where they are not shown")
  func optionText() throws {
    let hidden = try PromptVariant(
      name: "hidden", template: PromptTemplate("{context} {question}"), scoring: .optionText)
    let shown = try PromptVariant(name: "shown", labels: .digits, scoring: .optionText)
    let all = try ChoiceTask(questions: [question], prompts: [hidden, shown]).continuations
    #expect(all.filter { $0.key.prompt == "hidden" }.map(\.texts.continuation) == [" the cat", " the dog"])
    #expect(
      all.filter { $0.key.prompt == "shown" }.map(\.texts.continuation)
        == [" the cat", " the dog", " the dog", " the cat"])
    #expect(all.last?.texts.prompt == "Two met.\nWho ran?\n1. the dog\n2. the cat\nAnswer:")
  }

  @Test("Yes and no stand without labels where a wording has none, in both orders where they are listed")
  func unlabelled() throws {
    let question = ChoiceQuestion(identifier: "q", row: 1, question: "Did it rain?", options: ["yes", "no"])
    let listed = try PromptVariant(name: "listed", labels: nil, scoring: .optionText, subtractsBlank: true)
    let hidden = try PromptVariant(
      name: "hidden", template: PromptTemplate("{question}\nAnswer:"), labels: nil, scoring: .optionText)
    let task = try ChoiceTask(questions: [question], prompts: [listed, hidden])
    let all = task.continuations.filter { !$0.key.isBlank }
    #expect(
      all.map(\.texts.prompt) == [
        "Did it rain?\nyes\nno\nAnswer:", "Did it rain?\nyes\nno\nAnswer:", "Did it rain?\nno\nyes\nAnswer:",
        "Did it rain?\nno\nyes\nAnswer:", "Did it rain?\nAnswer:", "Did it rain?\nAnswer:",
      ])
    #expect(all.map(\.texts.continuation) == [" yes", " no", " no", " yes", " yes", " no"])
    #expect(task.continuations.filter(\.key.isBlank).allSatisfy { $0.texts.prompt == "Answer:" })
  }

  @Test("Without labels there may be any number of options, and no label is an answer")
  func unlabelledLimits() throws {
    let many = ChoiceQuestion(identifier: "q", row: 1, question: "Which?", options: (0..<40).map { "option \($0)" })
    let prompt = try PromptVariant(name: "listed", labels: nil, scoring: .optionText)
    #expect(try ChoiceTask(questions: [many], prompts: [prompt]).continuationCount == 1_600)
    #expect(throws: PromptVariantError.noLabels) { try PromptVariant(name: "w", labels: nil) }
    #expect(PromptVariantError.noLabels.description.hasSuffix("."))
  }

  @Test("Continuations begin with a space and prompts do not end in one, in every wording")
  func spaces() throws {
    let prompts = try [
      PromptVariant(name: "letters", subtractsBlank: true), PromptVariant(name: "digits", labels: .digits),
      PromptVariant(name: "symbols", labels: .symbols),
      PromptVariant(name: "swapped", labels: AnswerLabels(["$", "#"])),
      PromptVariant(name: "text", scoring: .optionText, subtractsBlank: true),
    ]
    var question = question
    question.options = [" the cat ", "the dog"]
    let task = try ChoiceTask(questions: [question], prompts: prompts)
    #expect(task.continuations.count == task.continuationCount)
    for continuation in task.continuations {
      #expect(continuation.texts.continuation.first == " ")
      #expect(continuation.texts.continuation.dropFirst().first != " ")
      #expect(continuation.texts.prompt.last?.isWhitespace == false)
    }
    #expect(Set(task.continuations.map(\.key)).count == task.continuationCount)
  }

  @Test(
    "A template that cannot ask is refused",
    arguments: [
      ("{options}\nAnswer:", PromptVariantError.missingSlot(.question)),
      ("{question}\nAnswer:", .missingSlot(.options)),
      ("{question}{options}{title}", .unknownSlot("title")),
      ("{question}{question}{options}", .repeatedSlot(.question)),
      ("{question}{options}\nAnswer: ", .endsInSpace),
      ("", .missingSlot(.question)),
    ])
  func badTemplates(text: String, error: PromptVariantError) {
    #expect(throws: error) { try PromptVariant(name: "w", template: PromptTemplate(text)) }
    #expect(error.description.hasSuffix("."))
  }

  @Test("Labels and names that say nothing are refused, and so is a blank prompt without a word")
  func badWordings() {
    for labels in [["A"], ["A", "A"], ["A", ""], ["A", " B"]] {
      #expect(throws: PromptVariantError.badLabels) { try AnswerLabels(labels) }
    }
    #expect(throws: PromptVariantError.emptyName) { try PromptVariant(name: " ") }
    #expect(throws: PromptVariantError.emptyBlankPrompt) {
      try PromptVariant(
        name: "w", template: PromptTemplate("{context} {question}"), scoring: .optionText, subtractsBlank: true)
    }
  }
}
