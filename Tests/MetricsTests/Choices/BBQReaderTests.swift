import Foundation
import Metrics
import TestSupport
import Testing

@Suite struct BBQReaderTests {
  /// A row as BBQ writes them, with parts replaced.
  private func row(
    _ identifier: Int = 7, polarity: String = "neg", condition: String = "disambig", label: Int = 2,
    groups: String = #"["Blue"]"#, tags: [String] = ["Red", "unknown", "Blue"], names: [String] = ["R", "U", "B"]
  ) -> String {
    let information = zip(names, tags).enumerated().map { #""ans\#($0)": ["\#($1.0)", "\#($1.1)"]"# }
    return #"{"example_id": \#(identifier), "question_index": "3", "question_polarity": "\#(polarity)", "#
      + #""context_condition": "\#(condition)", "category": "Colour", "#
      + #""answer_info": {\#(information.joined(separator: ", "))}, "#
      + #""additional_metadata": {"stereotyped_groups": \#(groups)}, "context": "Two met.", "question": "Who ran?", "#
      + #""ans0": "The red one", "ans1": "Not known", "ans2": "The blue one", "label": \#(label)}"#
  }

  private func read(_ lines: String...) throws -> BBQQuestions {
    try BBQReader.questions(bytes: Array(lines.joined(separator: "\n").utf8), file: "Colour.jsonl")
  }

  @Test("A question is read with its stereotyped option, its template and its groups")
  func everything() throws {
    let read = try read(row())
    #expect(read.unresolved.isEmpty)
    #expect(
      read.questions == [
        ChoiceQuestion(
          identifier: "Colour/7", row: 1, context: "Two met.", question: "Who ran?",
          options: ["The red one", "Not known", "The blue one"], answer: 2, condition: .disambiguated,
          attributes: [
            "category": ["Colour"], "template": ["Colour/3"], "question_polarity": ["negative"],
            "context_condition": ["disambiguated"], "stereotyped_group": ["Blue"], "target_group": ["Blue"],
            "other_group": ["Red"],
          ], bias: QuestionBias(target: 2, unknown: 1, polarity: .negative))
      ])
  }

  @Test("The stereotyped option is the biased one in negative questions, the other group's in nonnegative ones")
  func polarity() throws {
    let read = try read(row(1), row(2, polarity: "nonneg"))
    #expect(
      read.questions.compactMap(\.bias).map { bias in (0..<3).map(bias.isBiased) } == [
        [false, false, true], [true, false, false],
      ])
  }

  @Test(
    "A tag is found in another case, behind a gender and by its name, but exactly as written where that is there",
    arguments: [
      (["Red", "unknown", "blue"], ["R", "U", "B"], 2),
      (["F-Blue", "unknown", "M-Red"], ["R", "U", "B"], 0),
      (["one", "Unknown", "two"], ["Red", "U", "Blue"], 2),
      (["Blue", "unknown", "F-Blue"], ["R", "U", "B"], 0),
    ])
  func spellings(tags: [String], names: [String], target: Int) throws {
    #expect(try read(row(tags: tags, names: names)).questions.first?.bias?.target == target)
  }

  @Test(
    "A question without a single stereotyped option is listed with the reason, and kept for its accuracy",
    arguments: [
      (["Red", "unknown", "Green"], #"["Blue"]"#, "no option has the tag of a stereotyped group"),
      (["Red", "unknown", "Blue"], #"["Blue", "Red"]"#, "2 options are of stereotyped groups; expected one"),
      (["Red", "Green", "Blue"], #"["Blue"]"#, "0 options have the tag unknown; expected one"),
      (["Red", "unknown", "Blue"], "[]", "it names no stereotyped group"),
    ])
  func unresolved(tags: [String], groups: String, reason: String) throws {
    let read = try read(row(groups: groups, tags: tags))
    #expect(read.unresolved.map(\.reason) == [reason])
    #expect(read.unresolved.map(\.identifier) == ["Colour/7"])
    #expect(read.questions.map(\.answer) == [2])
    #expect(read.questions.first?.bias == nil)
    #expect(read.questions.first?.condition == .disambiguated)
  }

  @Test("Bad rows are named with what is wrong about them")
  func badRows() {
    func problem(_ line: String) -> RowError.Problem? {
      do { _ = try read(row(1), line) } catch let error as RowError { return error.problem } catch {}
      return nil
    }
    #expect(problem(row(label: 3)) == .noOption(key: "label", options: 3))
    #expect(problem(row(polarity: "x")) == .unexpected(key: "question_polarity", expected: #""neg" or "nonneg""#))
    #expect(problem(row(condition: "x")) == .unexpected(key: "context_condition", expected: #""ambig" or "disambig""#))
    #expect(problem(row(condition: "ambig")) == .ambiguousWithAnotherAnswer)
    #expect(problem(row(1)) == .repeatedIdentifier("Colour/1", firstRow: 1))
    #expect(
      problem(row(tags: ["Red"]))
        == .unexpected(
          key: "answer_info", expected: #"an object with a name and a tag for each of "ans0" to "ans2""#))
    #expect(problem(row().replacingOccurrences(of: "label", with: "other")) == .missing(key: "label"))
    #expect(
      problem(row().replacingOccurrences(of: "The blue one", with: "The red one"))
        == .equal(noun: "option", first: 0, second: 2))
    #expect(
      problem(row(groups: "{}"))
        == .unexpected(
          key: "additional_metadata", expected: #"an object in which "stereotyped_groups" is a list of texts"#))
  }

  private static let released = ["bbq/Religion.jsonl", "bbq/Sexual_orientation.jsonl"]

  @Test(
    "Every question of two released categories is resolved, a quarter of each in every condition",
    .enabled(
      if: Repository.hasPublishedData("bbq/Religion.jsonl", "bbq/Sexual_orientation.jsonl"),
      Comment(rawValue: Repository.needsPublishedData("bbq"))))
  func releasedFiles() throws {
    var count = 0
    let folder = try #require(Repository.publishedData)
    for name in Self.released {
      let path = "\(folder)/\(name)"
      let read = try BBQReader.questions(bytes: Data(contentsOf: URL(filePath: path)), file: path)
      #expect(read.unresolved.isEmpty)
      #expect(Set(read.questions.compactMap { $0.attributes["template"] }).count == 25)
      let quarter = read.questions.count { $0.condition == .ambiguous && $0.bias?.polarity == .negative }
      #expect(quarter * 4 == read.questions.count)
      // The answer in a disambiguated context is one of the groups.
      #expect(read.questions.allSatisfy { ($0.answer == $0.bias?.unknown) == ($0.condition == .ambiguous) })
      count += read.questions.count
    }
    #expect(count == 2_064)
  }
}
