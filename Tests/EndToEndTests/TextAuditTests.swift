import Foundation
import Testing

/// Audits of texts, with real processes.
@Suite(.timeLimit(.minutes(45)), .serialized) struct TextAuditTests {
  @Test(
    "Every task of texts comes to the same bytes with 1 and 3 workers, and verifies",
    arguments: ["classification", "modelling", "translation", "choice", "cloze"])
  func sameBytes(task: String) throws {
    let study = try TinyTexts()
    for workers in [1, 3] {
      let outcome = try Program.run(
        "audit", study.path("\(task).yaml"), "--workers", "\(workers)", "--output", study.path("w\(workers)"))
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }
    let expected = try study.read("w1/results.json")
    #expect(expected.count > 1_000)
    #expect(try study.read("w3/results.json") == expected)
    for arm in [task == "classification" ? "head" : "base", "lora-r2", "full"] {
      #expect(try study.read("w3/predictions/\(arm).csv") == study.read("w1/predictions/\(arm).csv"))
    }
    let verified = try Program.run("verify", study.path("w1"), "--specification", study.path("\(task).yaml"))
    #expect(verified.exitCode == 0, "\(verified.output)\(verified.errors)")
    let report = String(decoding: try study.read("w1/report.html"), as: UTF8.self)
    let titles = [
      "classification": "Accuracy by group", "modelling": "Perplexity by group", "translation": "Translations by group",
      "choice": "Token bias", "cloze": "its probability",
    ]
    #expect(report.contains(titles[task] ?? "?"))
    try DocumentedOutputs.check(study.path("w1"))
  }

  @Test("Perplexity is what the predictions say, and the base is evaluated as it is")
  func perplexity() throws {
    let study = try TinyTexts()
    let outcome = try Program.run(
      "audit", study.path("modelling.yaml"), "--workers", "2", "--output", study.path("out"))
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let rows = String(decoding: try study.read("out/predictions/base.csv"), as: UTF8.self).split(separator: "\n")
      .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    let header = try #require(rows.first)
    let likelihood = try #require(header.firstIndex(of: "log_likelihood"))
    let tokens = try #require(header.firstIndex(of: "tokens"))
    let split = try #require(header.firstIndex(of: "split"))
    let test = rows.dropFirst().filter { $0[split] == "test" }
    #expect(test.contains { $0.contains { $0.contains("part 2") } })
    var sums = (0.0, 0.0)
    for row in test {
      sums.0 += try #require(Double(row[likelihood]))
      sums.1 += try #require(Double(row[tokens]))
    }
    let table = String(decoding: try study.read("out/tables/perplexity.csv"), as: UTF8.self).split(separator: "\n")
      .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    let column = try #require(table.first?.firstIndex(of: "perplexity"))
    let line = try #require(table.first { $0.starts(with: ["base", "", "all"]) })
    let written = try #require(Double(line[column]))
    #expect(abs(written - exp(-sums.0 / sums.1)) < 1e-9 * written)
    // A random model knows next to nothing.
    #expect(written > 200 && written < 320)
  }

  @Test("A further test is evaluated by the same models, with its own groups and labels, and changes nothing else")
  func furtherTest() throws {
    let study = try TinyTexts()
    let specification = try #require(TinyTexts.specifications["classification"])
    let start = try #require(specification.range(of: "  tests:\n"))
    let end = try #require(specification.range(of: "arms:\n"))
    try study.write(
      specification.replacingCharacters(in: start.lowerBound..<end.lowerBound, with: ""), to: "without.yaml")
    for name in ["classification", "without"] {
      let outcome = try Program.run("audit", study.path("\(name).yaml"), "--output", study.path(name))
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      if name == "classification" { #expect(outcome.output.contains("on elsewhere:"), "\(outcome.output)") }
    }
    let found = try results(study, "classification")
    let without = try results(study, "without")
    for key in ["evaluations", "comparisons", "privacy", "losses", "items"] {
      #expect(try canonical(found[key]) == canonical(without[key]), "\(key)")
    }
    let tests = try #require(found["further_tests"] as? [[String: Any]])
    let test = try #require(tests.first)
    #expect(tests.count == 1 && (without["further_tests"] as? [Any])?.isEmpty == true)
    #expect(test["name"] as? String == "elsewhere" && test["n"] as? Int == 40)
    #expect(test["trained_on"] as? Int == (try trains(study, onRow: 2) ? 1 : 0))
    // Accuracy is what the predictions say.
    let table = String(decoding: try study.read("classification/predictions/tests/elsewhere/full.csv"), as: UTF8.self)
    let rows = table.split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
    #expect(rows.first == ["arm", "seed", "split", "item", "label", "logit_calm", "logit_cross", "aim", "cluster"])
    #expect(rows.count == 1 + 2 * 40 && rows.dropFirst().allSatisfy { $0[3].hasPrefix("elsewhere/row ") })
    let right = try rows.dropFirst().count { row in
      let logits = try (Float(#require(Double(row[5]))), Float(#require(Double(row[6]))))
      return (logits.1 > logits.0 ? "cross" : "calm") == row[4]
    }
    let accuracies = try #require(
      try study.read("classification/tables/tests/elsewhere/groups.csv").lines.first { $0.hasPrefix("full,all,,all,") })
    #expect(accuracies.split(separator: ",").contains("\(Double(right) / 80)"), "\(accuracies)")
  }

  private func results(_ study: TinyTexts, _ folder: String) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: study.read("\(folder)/results.json")) as? [String: Any])
  }

  private func canonical(_ value: Any?) throws -> Data {
    try JSONSerialization.data(withJSONObject: #require(value), options: [.sortedKeys, .fragmentsAllowed])
  }

  /// Whether a row of the texts is trained on: it is neither tested nor validated.
  private func trains(_ study: TinyTexts, onRow row: Int) throws -> Bool {
    try !study.read("classification/predictions/full.csv").lines.contains { $0.contains(",t\(row - 2),") }
  }

  @Test("Questions without an answer, or with other numbers of options, leave the verdicts on the others as they are")
  func partlyAnswered() throws {
    let study = try TinyTexts()
    let questions = String(decoding: try study.read("questions.jsonl"), as: UTF8.self)
    let specification = try #require(TinyTexts.specifications["choice"])
    // The 21st and 22nd question are of both kinds and of no ambiguous context.
    var lines = questions.split(separator: "\n").map(String.init)
    lines[21] = lines[21].replacing("\"answer\": 0, ", with: "").replacing("\"answer\": 1, ", with: "")
    try study.write(lines.joined(separator: "\n"), to: "unanswered.jsonl")
    lines[23] = "{\"question\": \"Is it?\", \"options\": [\"yes\", \"no\"], \"answer\": 1, \"kind\": \"new\"}"
    try study.write(lines.joined(separator: "\n"), to: "mixed.jsonl")
    for (name, answered) in [("questions", 24), ("unanswered", 23), ("mixed", 23)] {
      try study.write(specification.replacing("questions.jsonl", with: "\(name).jsonl"), to: "\(name).yaml")
      let outcome = try Program.run("audit", study.path("\(name).yaml"), "--output", study.path(name))
      #expect(outcome.exitCode == 0 && outcome.output.contains("vs full"), "\(outcome.output)\(outcome.errors)")
      let found = try results(study, name)
      let comparisons = try #require(found["comparisons"] as? [[String: Any]])
      let overall = try #require(comparisons.first { $0["group"] is NSNull })
      #expect(overall["n"] as? Int == answered)
      #expect(try study.read("\(name)/tables/choices.csv").lines.count == 1 + 3 * 4 * 3)
      let report = String(decoding: try study.read("\(name)/report.html"), as: UTF8.self)
      #expect(report.contains("have no right answer") == (answered < 24))
    }
  }

  @Test("The base alone is asked without a word about training")
  func zeroShot() throws {
    let study = try TinyTexts()
    try study.write(
      "name: z\nbase: base\ntask: cloze\ndata: {manifest: frames.jsonl, groups: [thing]}\narms: [base]\nseeds: [13]\n",
      to: "zero.yaml")
    let outcome = try Program.run("audit", study.path("zero.yaml"), "--output", study.path("zero"))
    #expect(outcome.exitCode == 0 && outcome.output.contains("likeliest"), "\(outcome.errors)")
    #expect(!outcome.errors.contains("elsewhere"))
  }

  @Test(
    "What cannot be used of texts is refused with a message that names the row",
    arguments: [
      ("classification", "texts.csv", "t3,", "t3,,", "texts.csv, line 5"),
      ("translation", "pairs.jsonl", "\"en\": \"she sings 0\"", "\"en\": \"\"", "\"en\" is empty"),
      (
        "choice", "questions.jsonl", "[\"red\", \"blue\", \"cannot tell\"], \"answer\": 2", "[\"red\"], \"answer\": 2",
        "row 1"
      ),
      ("choice", "questions.jsonl", "\"question\": \"Which?\"", "\"question\": \"\"", "row 1"),
      ("translation", "pairs.jsonl", "\"gold\": \"female\"", "\"gold\": \"frau\"", "line 1: \"gold\" is \"frau\""),
      ("cloze", "frames.jsonl", "no 0 was _.", "no 0 was it.", "row 1"),
      ("cloze", "frames.jsonl", "no 0 was _.", "no 0 was \(String(repeating: "so ", count: 200))_.", "line 1"),
      ("choice", "questions.jsonl", "The 3th box.", String(repeating: "box ", count: 25_000), "line 4"),
      ("classification", "others.jsonl", "\"gold\": \"quiet\"", "\"gold\": \"loud\"", "\"loud\""),
      ("classification", "others.jsonl", "\"case\": \"a mild day 0\"", "\"case\": \"\"", "others.jsonl, line 1"),
    ])
  func badRows(task: String, file: String, old: String, new: String, says: String) throws {
    let study = try TinyTexts()
    let text = String(decoding: try study.read(file), as: UTF8.self)
    let range = try #require(text.firstRange(of: old))
    try study.write(text.replacingCharacters(in: range, with: new), to: file)
    let outcome = try Program.run("audit", study.path("\(task).yaml"), "--output", study.path("out"))
    #expect(outcome.exitCode == 78, "\(outcome.errors)")
    #expect(outcome.errors.contains(says), "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: study.path("out/ledger.sqlite")))
  }

  @Test("A text of 100,000 characters is cut where it is classified, and a language model reads it in blocks")
  func longText() throws {
    let study = try TinyTexts()
    let long = "t999,\(String(repeating: "calm ", count: 20_000)),calm,town\n"
    try study.write(String(decoding: try study.read("texts.csv"), as: UTF8.self) + long, to: "texts.csv")
    let cut = try Program.run("audit", study.path("classification.yaml"), "--output", study.path("out"))
    #expect(cut.exitCode == 0 && cut.errors.contains("longer than 40 tokens and cut"), "\(cut.errors)")
    let blocks = try Program.run("audit", study.path("modelling.yaml"), "--dry-run")
    #expect(blocks.exitCode == 0, "\(blocks.errors)")
    let line = try #require(blocks.output.split(separator: "\n").first { $0.hasPrefix("items") })
    let items = try #require(line.split { " :".contains($0) }.dropFirst().first.flatMap { Int($0) })
    #expect(items > 100_000 / 24, "\(line)")
  }

  @Test("Bytes that are no UTF-8 and an answer that has no tokens are refused by file and line")
  func unreadable() throws {
    let study = try TinyTexts()
    var bytes = try study.read("texts.csv")
    let place = try #require(bytes.firstRange(of: Data("t4,".utf8)))
    bytes.replaceSubrange(place.upperBound..<place.upperBound, with: [0xE9])
    try bytes.write(to: URL(filePath: study.path("texts.csv")))
    for task in ["classification", "modelling", "choice"] {
      let outcome = try Program.run("audit", study.path("\(task).yaml"), "--output", study.path("out"))
      #expect(outcome.exitCode == 78, "\(outcome.errors)")
      #expect(outcome.errors.contains("texts.csv, line 6") && outcome.errors.contains("UTF-8"), "\(outcome.errors)")
    }

    let other = try TinyTexts()
    let tokenizer = String(decoding: try other.read("base/tokenizer.json"), as: UTF8.self)
    try other.write(
      "{\"normalizer\": {\"type\": \"Replace\", \"pattern\": {\"String\": \" ~\"}, \"content\": \"\"}, "
        + tokenizer.dropFirst(), to: "base/tokenizer.json")
    let frames = String(decoding: try other.read("frames.jsonl"), as: UTF8.self)
    let row = try #require(frames.range(of: "no 1 "))
    let second = try #require(frames.range(of: "\"cold\"", range: row.upperBound..<frames.endIndex))
    try other.write(frames.replacingCharacters(in: second, with: "\"~\""), to: "frames.jsonl")
    let outcome = try Program.run("audit", other.path("cloze.yaml"), "--output", other.path("out"))
    #expect(outcome.exitCode == 78, "\(outcome.errors)")
    #expect(
      outcome.errors.contains("frames.jsonl, line 2") && outcome.errors.contains("has no tokens"),
      "\(outcome.errors)")
  }

  @Test(
    "A key that a task has no use for, a prompt without its slot and a task that is not measured are refused by line",
    arguments: [
      ("classification", "  text: text", "  text: text\n  prompt: x", "data.prompt"),
      ("translation", "tr: {source} en:", "tr: en:", "{source}"),
      ("modelling", "seeds: [13, 42]", "seeds: [13, 42]\nsearch: {rates: [1e-3]}", "search"),
      ("translation", "tr: {source} en:", "{source}: {source} en:", "also has {source}"),
      ("translation", "seeds: [13]", "seeds: [13]\ndecision: {metric: accuracy}", "ROUGE-L"),
      ("translation", "max_new_tokens: 12", "max_new_tokens: 510", "data.max_new_tokens"),
      ("classification", "labels: {quiet: calm}", "labels: {quiet: clam}", "\"clam\""),
      ("classification", "labels: {quiet: calm}", "labels: {quite: calm}", "\"quite\""),
      ("choice", "\narms:", "\n  tests: [{name: x, manifest: y, groups: [z]}]\narms:", "data.tests"),
      ("classification", "name: elsewhere", "name: else/where", "data.tests[0].name"),
      ("classification", "groups: [aim]", "groups: [goal]", "\"goal\""),
      ("cloze", "  cluster: visit", "  cluster: visit\n  prompts: []", "data.prompts"),
      ("choice", "seeds: [13]", "seeds: [13]\nprivacy: {models: 6}", "privacy"),
      ("choice", "  corpus: {manifest: texts.csv, text: text, tokens: 24}\n", "", "data.corpus"),
      ("modelling", "tokens: 24", "tokens: 4096", "at most 512"),
    ])
  func badSpecifications(task: String, old: String, new: String, says: String) throws {
    let study = try TinyTexts()
    let text = try #require(TinyTexts.specifications[task])
    try #require(text.contains(old))
    try study.write(text.replacing(old, with: new), to: "bad.yaml")
    let outcome = try Program.run("audit", study.path("bad.yaml"), "--output", study.path("out"))
    #expect(outcome.exitCode == 78 && outcome.errors.contains(says), "\(outcome.errors)")
  }
}

extension Data {
  fileprivate var lines: [Substring] { String(decoding: self, as: UTF8.self).split(separator: "\n") }
}
