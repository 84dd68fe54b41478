import Foundation
import Testing

/// `tenbin init`: from a table to a specification that an audit reads.
@Suite(.timeLimit(.minutes(45))) struct InitTests {
  @Test("What init writes for a table of images can be audited once the base is filled in")
  func images() throws {
    let study = try TinyStudy()
    let outcome = try Program.run("init", study.path("data/faces.csv"), "--output", study.path("mine.yaml"))
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("fill in or check base: "))
    let text = String(decoding: try study.read("mine.yaml"), as: UTF8.self)
    #expect(text.contains("manifest: data/faces.csv"))
    try study.write(text.replacing("base: FILL_IN", with: "base: base"), to: "mine.yaml")
    let audit = try Program.run("audit", study.path("mine.yaml"), "--dry-run", "--json")
    #expect(audit.exitCode == 0, "\(audit.errors)")

    let again = try Program.run("init", study.path("data/faces.csv"), "--output", study.path("mine.yaml"))
    #expect(again.exitCode == 78 && again.errors.contains("exists already"))
  }

  @Test("Texts and questions of JSON Lines are drafted on standard output; the task can be named")
  func texts() throws {
    let texts = try TinyTexts()
    let questions = try Program(["init", "questions.jsonl"], in: texts.path("")).wait()
    #expect(questions.exitCode == 0 && questions.output.contains("task: multiple-choice"), "\(questions.errors)")
    let pairs = try Program(["init", "pairs.jsonl", "--task", "translation"], in: texts.path("")).wait()
    #expect(pairs.exitCode == 0 && pairs.output.contains("task: translation"), "\(pairs.errors)")
    #expect(pairs.output.contains("manifest: pairs.jsonl"))
    let unknown = try Program.run("init", texts.path("pairs.jsonl"), "--task", "singing")
    #expect(unknown.exitCode == 64 && unknown.errors.contains("expected one of: image-classification"))
    let missing = try Program.run("init", texts.path("none.csv"))
    #expect(missing.exitCode == 78 && missing.errors.contains("none.csv"))
  }
}
