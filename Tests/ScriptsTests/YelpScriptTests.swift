import Datasets
import Foundation
import Metrics
import Support
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(45)), .enabled(if: PrepareScript.isAvailable, "needs .python; run scripts/setup --tests"))
struct YelpScriptTests {
  private let folder: TemporaryFolder
  private var output: String { folder.path + "/yelp.csv" }
  private let reviews = (0..<40).map { "secret \($0), \"quoted\"\nline \r ş" }

  init() throws { folder = try TemporaryFolder() }

  private func jsonLines(_ texts: [String], name: String = "reviews.json") throws -> String {
    let lines = try texts.map { text in
      let object: [String: Any] = ["review_id": "r", "stars": 4.0, "text": text]
      return String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self) + "\n"
    }
    return try folder.write(lines.joined(), to: name)
  }

  private func draw(_ file: String, count: Int = 10, seed: Int = 13) throws -> [[String]] {
    let outcome = try PrepareScript.run(
      "prepare-yelp", [file, output, "--count", "\(count)", "--seed", "\(seed)"])
    try #require(outcome.status == 0, "\(outcome.errors)")
    #expect(!outcome.output.contains("secret"))
    return try Table(file: output).rows.map(\.fields)
  }

  @Test("The draw depends on the seed and the texts, not on their order, their number of copies or the file's form")
  func draws() throws {
    let first = try draw(jsonLines(reviews))
    #expect(first.count == 10)
    #expect(Set(first.map { $0[0] }).count == 10)
    #expect(first.allSatisfy { reviews.contains($0[1]) })
    #expect(try draw(jsonLines(reviews.reversed() + reviews + ["", " \n"])) == first)
    var values = CommaSeparatedValuesWriter(header: ["stars", "text"])
    // A lone carriage return is quoted by the writer; Python reads it back as it is.
    for review in reviews.shuffled() { values.append(["4", review]) }
    #expect(try draw(folder.write(values.bytes, to: "reviews.csv")) == first)
    #expect(try draw(jsonLines(reviews), seed: 14) != first)
  }

  @Test("A smaller draw is the beginning of a larger one")
  func prefixes() throws {
    let file = try jsonLines(reviews)
    let all = try draw(file, count: 40)
    #expect(Set(all.map { $0[1] }) == Set(reviews))
    for count in [1, 7, 39] { #expect(try draw(file, count: count) == Array(all.prefix(count))) }
  }

  @Test("What it writes is a table of texts called by their digests")
  func header() throws {
    _ = try draw(jsonLines(reviews))
    let table = try Table(file: output)
    #expect(table.header == ["review", "text"])
    #expect(table.rows.allSatisfy { $0.fields[0].count == 16 && $0.fields[0].allSatisfy(\.isHexDigit) })
  }

  @Test("What is asked of is short, comes next in the order and is none of what is trained on")
  func asked() throws {
    let texts = reviews + (0..<20).map { "secret_\($0) " + String(repeating: "long ", count: 20) }
    let outputs = ["questions", "yes-no", "frames"].map { "\(folder.path)/\($0).jsonl" }
    let outcome = try PrepareScript.run(
      "prepare-yelp",
      [
        try jsonLines(texts), output, "--count", "10", "--asked", "20", "--longest", "40", "--questions", outputs[0],
        "--yes-no", outputs[1], "--frames", outputs[2],
      ])
    try #require(outcome.status == 0, "\(outcome.errors)")
    #expect(!outcome.output.contains("secret"))
    let trained = try Set(Table(file: output).rows.map { $0.fields[1] })
    let questions = try GeneralQuestionReader.questions(bytes: bytes(outputs[0]), file: outputs[0])
    #expect(questions.count == 20 && Set(questions.map(\.context)).count == 20)
    #expect(questions.allSatisfy { $0.options == ["male", "female", "neutral"] && $0.answer == nil })
    #expect(questions.allSatisfy { question in !trained.contains(question.context ?? "") })
    #expect(questions.allSatisfy { ($0.context ?? "").count <= 40 && $0.attributes["length"] == ["short"] })
    let yesOrNo = try GeneralQuestionReader.questions(bytes: bytes(outputs[1]), file: outputs[1])
    #expect(yesOrNo.count == 40 && yesOrNo.map(\.context) == questions.flatMap { [$0.context, $0.context] })
    let frames = try ClozeReader.frames(bytes: bytes(outputs[2]), file: outputs[2])
    #expect(frames.count == 100 && Set(frames.flatMap { $0.attributes["review"] ?? [] }).count == 20)
    #expect(frames.allSatisfy { $0.candidates == ["male", "female"] && $0.remainder.count < 12 })
    // The same draw without questions trains on the same texts.
    #expect(try Set(draw(jsonLines(texts)).map { $0[1] }) == trained)
  }

  private func bytes(_ path: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(filePath: path))) }

  @Test("Questions without texts to ask of, and too few of these, are refused")
  func tooFew() throws {
    let file = try jsonLines(reviews)
    let alone = try PrepareScript.run("prepare-yelp", [file, output, "--frames", "\(folder.path)/f", "--count", "1"])
    #expect(alone.status == 2 && alone.errors.contains("--asked"), "\(alone.errors)")
    try PrepareScript.expectRefusal(
      "prepare-yelp",
      [file, output, "--count", "30", "--asked", "11", "--frames", "\(folder.path)/frames.jsonl"], output: output,
      saying: ["10 more texts"], never: ["secret"])
  }

  @Test("Files of another form and too few texts are refused, and no text is printed")
  func refusals() throws {
    func expect(
      _ text: String, _ name: String, _ words: String, count: Int = 1,
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      let file = try folder.write(text, to: name)
      try PrepareScript.expectRefusal(
        "prepare-yelp", [file, output, "--count", "\(count)"], output: output, saying: [file, words],
        never: ["secret"], sourceLocation: sourceLocation)
    }
    try expect("{\"text\": \"secret\"}\n{\"text\": 7}\n", "r.json", ", row 2: no text under the key \"text\"")
    try expect("{\"text\": \"secret\"}\n{\"stars\": 7}\n", "r.jsonl", ", row 2: no text under the key \"text\"")
    try expect("{\"text\": \"secret\"}\nsecret\n", "r.ndjson", ", row 2: no JSON at character 1")
    try expect("{\"text\": \"secret \\ud83d\"}\n", "r.json", ", row 1: \"text\" holds half a surrogate pair")
    try expect(
      "{\"text\": \"secret\"}\n{\"text\": \"secret\"}\n", "r.json", "1 different texts; expected at least 2", count: 2)
    try expect("stars,text\n5,secret\n5\n", "r.csv", ", row 3: 1 fields; expected 2")
    try expect("stars,text\n5,\"secret\n", "r.csv", "no CSV: ")
    try expect("stars,review\n5,secret\n", "r.csv", ", row 1: no column \"text\"")
    try expect("", "r.csv", ", row 1: no column \"text\"")
    try expect("secret", "r.txt", "expected a name that ends in")
  }

  @Test("A count that is no number of texts is a question of usage", arguments: ["0", "-3", "many"])
  func usage(count: String) throws {
    let outcome = try PrepareScript.run("prepare-yelp", [try jsonLines(reviews), output, "--count", count])
    #expect(outcome.status == 2)
    #expect(!FileManager.default.fileExists(atPath: output))
  }
}
