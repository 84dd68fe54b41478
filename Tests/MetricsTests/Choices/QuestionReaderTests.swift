import Foundation
import Metrics
import Testing

@Suite struct QuestionReaderTests {
  private func read(_ lines: String...) throws -> [ChoiceQuestion] {
    try GeneralQuestionReader.questions(bytes: Array(lines.joined(separator: "\n").utf8), file: "q.jsonl")
  }

  @Test("A question is read with everything that it says")
  func everything() throws {
    let line =
      #"{"id": "x", "context": "Two met.", "question": "Who?", "options": ["a", "b", "c"], "answer": "c", "biased": 0, "#
      + #""unknown": "c", "ambiguous": true, "tone": ["warm", "cold"], "year": 3, "end": null}"#
    let question = try #require(try read("", line).first)
    #expect(
      question
        == ChoiceQuestion(
          identifier: "x", row: 2, context: "Two met.", question: "Who?", options: ["a", "b", "c"], answer: 2,
          condition: .ambiguous,
          attributes: ["tone": ["warm", "cold"], "year": ["3"]],
          bias: QuestionBias(target: 0, unknown: 2, polarity: .negative)))
  }

  @Test("A question needs nothing but itself and two options, and is named by its row")
  func least() throws {
    let question = try #require(try read(#"{"question": "Is it?", "options": ["yes", "no"]}"# + "\r").first)
    #expect(question == ChoiceQuestion(identifier: "row 1", row: 1, question: "Is it?", options: ["yes", "no"]))
  }

  @Test("A number names an option by position, a text by what it says, even where the text is a number")
  func positionsAndTexts() throws {
    let questions = try read(
      #"{"question": "How many?", "options": ["1", "0"], "answer": 1}"#,
      #"{"question": "How many?", "options": ["1", "0"], "answer": "1"}"#)
    #expect(questions.map(\.answer) == [1, 0])
  }

  @Test("In an ambiguous context the unknown option is the answer")
  func ambiguousAnswer() throws {
    let questions = try read(
      #"{"question": "Who?", "options": ["a", "b", "c"], "biased": "a", "unknown": "b", "ambiguous": true}"#)
    #expect(questions.map(\.answer) == [1])
  }

  @Test(
    "Every bad row is named with what is wrong about it",
    arguments: [
      (#"{"question": "Who?", "options": ["a", "b"]"#, RowError.Problem.invalidJSON),
      (#"["a"]"#, .notAnObject),
      (#"{"options": ["a", "b"]}"#, .missing(key: "question")),
      (
        #"{"question": " ", "options": ["a", "b"]}"#,
        .unexpected(key: "question", expected: "a text that is not empty")
      ),
      (#"{"question": "Who?"}"#, .missing(key: "options")),
      (#"{"question": "Who?", "options": "a"}"#, .unexpected(key: "options", expected: "a list of texts")),
      (#"{"question": "Who?", "options": ["a"]}"#, .tooFew(noun: "option", found: 1)),
      (#"{"question": "Who?", "options": ["a", " "]}"#, .empty(noun: "option", position: 1)),
      (#"{"question": "Who?", "options": ["a", "b", " a"]}"#, .equal(noun: "option", first: 0, second: 2)),
      (#"{"question": "Who?", "options": ["a", "b"], "answer": "c"}"#, .noOption(key: "answer", options: 2)),
      (#"{"question": "Who?", "options": ["a", "b"], "answer": 2}"#, .noOption(key: "answer", options: 2)),
      (#"{"question": "Who?", "options": ["a", "b"], "answer": -1}"#, .noOption(key: "answer", options: 2)),
      (#"{"question": "Who?", "options": ["a", "b"], "answer": true}"#, .noOption(key: "answer", options: 2)),
      (#"{"question": "Who?", "options": ["a", "b"], "biased": 3}"#, .noOption(key: "biased", options: 2)),
      (
        #"{"question": "Who?", "options": ["a", "b"], "biased": 1, "unknown": "b"}"#,
        .sameOption(first: "biased", second: "unknown")
      ),
      (
        #"{"question": "Who?", "options": ["a", "b"], "answer": 0, "unknown": 1, "ambiguous": true}"#,
        .ambiguousWithAnotherAnswer
      ),
      (
        #"{"question": "Who?", "options": ["a", "b"], "ambiguous": 1}"#,
        .unexpected(key: "ambiguous", expected: "true or false")
      ),
      (
        #"{"question": "Who?", "options": ["a", "b"], "id": []}"#,
        .unexpected(key: "id", expected: "a text or a whole number")
      ),
      (
        #"{"question": "Who?", "options": ["a", "b"], "tone": {}}"#,
        .unexpected(key: "tone", expected: "a text, a number, true, false or a list of texts")
      ),
      (#"{"id": "x", "question": "Who?", "options": ["a", "b"]}"#, .repeatedIdentifier("x", firstRow: 1)),
    ])
  func badRows(line: String, problem: RowError.Problem) {
    #expect(throws: RowError(file: "q.jsonl", row: 2, problem: problem)) {
      try read(#"{"id": "x", "question": "Which?", "options": ["a", "b"]}"#, line)
    }
    let text = RowError(file: "q.jsonl", row: 2, problem: problem).description
    #expect(text.hasPrefix("q.jsonl, row 2: ") && text.hasSuffix("."))
  }

  @Test("A row that is not UTF-8 is named")
  func invalidUTF8() {
    let bytes = Array(#"{"question": "Who?", "options": ["a", "b"]}"#.utf8) + [0x0A, 0x7B, 0xFF, 0x7D]
    #expect(throws: RowError(file: "q.jsonl", row: 2, problem: .invalidUTF8)) {
      try GeneralQuestionReader.questions(bytes: bytes, file: "q.jsonl")
    }
  }

  @Test("A file without rows is an error", arguments: ["", "\n \r\n", "\u{FEFF}"])
  func noRows(text: String) {
    #expect(throws: RowError(file: "q.jsonl", row: nil, problem: .noRows)) {
      try GeneralQuestionReader.questions(bytes: Array(text.utf8), file: "q.jsonl")
    }
  }

  @Test("Groups are an attribute's tags, of which an item may have several; clusters are items with the same tags")
  func groupsAndClusters() {
    let attributes: [[String: [String]]] = [["tone": ["warm", "cold"]], ["tone": ["cold"]], [:], ["tone": ["cold"]]]
    let groups = AttributeGroups.subgroups(of: attributes, keys: ["tone", "age"])
    #expect(groups.map(\.value) == ["cold", "warm"])
    #expect(groups.map(\.items) == [[0, 1, 3], [0]])
    #expect(AttributeGroups.clusters(of: attributes, key: "tone") == [0, 1, 2, 1])
    #expect(AttributeGroups.clusters(of: attributes, key: nil) == [0, 1, 2, 3])
  }
}
