import Datasets
import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(45)), .enabled(if: PrepareScript.isAvailable, "needs .python; run scripts/setup --tests"))
struct BBQScriptTests {
  private let folder: TemporaryFolder
  private var output: String { folder.path + "/bbq.jsonl" }

  init() throws { folder = try TemporaryFolder() }

  private func question(
    _ identifier: Int, _ category: String, label: String = "1", condition: String = "ambig", more: String = ""
  ) -> String {
    "{\"example_id\": \(identifier), \"category\": \"\(category)\", \"question_polarity\": \"neg\", "
      + "\"context_condition\": \"\(condition)\", \"answer_info\": {\"ans0\": [\"x\", \"y\"]}, "
      + "\"context\": \"secret\\u00e9  context\", \"question\": \"Who?\", \"ans0\": \"a\", \"ans1\": \"b\", "
      + "\"ans2\": \"c\", \"label\": \(label)\(more)}"
  }

  @Test("The lines of several categories are joined byte for byte, and read with the category as group")
  func joins() throws {
    let age = try folder.write(question(0, "Age") + "\r\n\n" + question(1, "Age", label: "0"), to: "Age.jsonl")
    let religion = try folder.write("\u{FEFF}" + question(0, "Religion") + "\n", to: "Religion.jsonl")
    let outcome = try PrepareScript.run("prepare-bbq", [output, age, religion])
    #expect(outcome.status == 0)
    #expect(outcome.output == "\(output): 3 questions\n")
    let lines = [question(0, "Age"), question(1, "Age", label: "0"), question(0, "Religion")]
    #expect(try String(contentsOfFile: output, encoding: .utf8) == lines.map { $0 + "\n" }.joined())
    let manifest = try Manifest(
      file: output, columns: ManifestColumns(text: "context", label: "label", groups: ["category"]))
    #expect(manifest.items.map(\.groups) == [[["Age"]], [["Age"]], [["Religion"]]])
    #expect(manifest.classNames == ["0", "1"])
  }

  @Test(
    "Lines that are no question are named, and their words are not",
    arguments: [
      ("", "no questions"), ("\n\n", "no questions"), ("{", "row 1: no JSON at character 2"),
      ("[1]", "row 1: expected one JSON object"), ("{\"a\": NaN}", "row 1: NaN is not JSON"),
      ("{\"a\": 1, \"a\": 1}", "row 1: a key occurs twice"), ("{\"label\": 1}", "row 1: \"category\" is empty"),
      (String(repeating: "[", count: 100_000), "row 1: nested too deeply"),
    ])
  func noQuestions(text: String, words: String) throws {
    let file = try folder.write(text, to: "Age.jsonl")
    try PrepareScript.expectRefusal(
      "prepare-bbq", [output, file], output: output, saying: [file, words], never: ["secret"])
  }

  @Test("Questions with a wrong label, condition or number, or that stand twice, are named")
  func wrongQuestions() throws {
    func expect(_ second: String, _ words: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
      let file = try folder.write(question(0, "Age") + "\n" + second + "\n", to: "Age.jsonl")
      try PrepareScript.expectRefusal(
        "prepare-bbq", [output, file], output: output, saying: ["\(file), row 2: ", words], never: ["secret"],
        sourceLocation: sourceLocation)
    }
    for label in ["3", "-1", "true", "1.0", "\"1\"", "null"] {
      try expect(question(1, "Age", label: label), "\"label\" is not 0, 1 or 2")
    }
    try expect(question(1, "Age", condition: "clear"), "\"context_condition\" is neither")
    try expect(question(1, " "), "\"category\" is empty")
    try expect(question(0, "Age"), "row 1 already")
    try expect(question(1, "\\ud83d"), "half a surrogate pair")
  }
}
