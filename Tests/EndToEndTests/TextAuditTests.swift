import Foundation
import Testing

/// Audits of texts, with real processes.
@Suite(.serialized) struct TextAuditTests {
  @Test(
    "Every task of texts comes to the same bytes with 1 and 3 workers, and verifies",
    arguments: ["classification", "modelling", "translation", "choice"])
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
    for arm in ["base", "lora-r2", "full"] {
      #expect(try study.read("w3/predictions/\(arm).csv") == study.read("w1/predictions/\(arm).csv"))
    }
    let verified = try Program.run("verify", study.path("w1"), "--specification", study.path("\(task).yaml"))
    #expect(verified.exitCode == 0, "\(verified.output)\(verified.errors)")
    let report = String(decoding: try study.read("w1/report.html"), as: UTF8.self)
    let titles = [
      "classification": "Accuracy by group", "modelling": "Perplexity by group", "translation": "Translations by group",
      "choice": "Token bias",
    ]
    #expect(report.contains(titles[task] ?? "?"))
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

  @Test(
    "What cannot be used of texts is refused with a message that names the row",
    arguments: [
      ("classification", "texts.csv", "t3,", "t3,,", "text.csv"),
      ("translation", "pairs.jsonl", "\"en\": \"she sings 0\"", "\"en\": \"\"", "\"en\" is empty"),
      (
        "choice", "questions.jsonl", "[\"red\", \"blue\", \"cannot tell\"], \"answer\": 2", "[\"red\"], \"answer\": 2",
        "row 1"
      ),
      ("choice", "questions.jsonl", "\"question\": \"Which?\"", "\"question\": \"\"", "row 1"),
    ])
  func badRows(task: String, file: String, old: String, new: String, says: String) throws {
    let study = try TinyTexts()
    let text = String(decoding: try study.read(file), as: UTF8.self)
    let range = try #require(text.firstRange(of: old))
    try study.write(text.replacingCharacters(in: range, with: new), to: file)
    let outcome = try Program.run("audit", study.path("\(task).yaml"), "--output", study.path("out"))
    #expect(outcome.exitCode == 78, "\(outcome.errors)")
    #expect(outcome.errors.contains(says) || outcome.errors.contains("line 5"), "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: study.path("out/ledger.sqlite")))
  }

  @Test(
    "A key that a task has no use for, a prompt without its slot and a task that is not measured are refused by line",
    arguments: [
      ("classification", "  text: text", "  text: text\n  prompt: x", "data.prompt"),
      ("translation", "tr: {source} en:", "tr: en:", "{source}"),
      ("modelling", "seeds: [13, 42]", "seeds: [13, 42]\nsearch: {rates: [1e-3]}", "search"),
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
