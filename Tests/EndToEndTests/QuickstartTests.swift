import Foundation
import TestSupport
import Testing

/// The quickstart's own input, and the disparity that was planted in it.
@Suite(.timeLimit(.minutes(45)), .serialized) struct QuickstartTests {
  private struct Results: Decodable {
    struct Evaluation: Decodable {
      let arm: String
      let overSeeds: Rates
    }
    struct Rates: Decodable { let groups: [Group] }
    struct Group: Decodable {
      struct Name: Decodable { let value: String }
      let group: Name
      let accuracy: Accuracy
    }
    struct Accuracy: Decodable {
      struct Interval: Decodable {
        let lower: Double
        let upper: Double
      }
      let value: Double
      let interval: Interval
    }
    let evaluations: [Evaluation]
  }

  @Test("The quickstart pretrains its base, and the accuracy interval of the rare group lies below the others'")
  func plantedDisparity() throws {
    let folder = try TemporaryFolder()
    let made = try Program.run("quickstart", "--directory", folder.path)
    #expect(made.exitCode == 0, "\(made.errors)")
    #expect(made.output.contains("audit.yaml"))
    // The second call finds everything made.
    let again = try Program.run("quickstart", "--directory", folder.path)
    #expect(again.exitCode == 0 && again.errors.isEmpty)

    let written = try String(contentsOfFile: "\(folder.path)/audit.yaml", encoding: .utf8)
    let lines = written.split(separator: "\n", omittingEmptySubsequences: false)
    let short = lines.filter { line in
      !["  - head", "  - lora", "privacy:"].contains { line.hasPrefix($0) }
    }.joined(separator: "\n").replacing("seeds: [13, 1337, 42]", with: "seeds: [13]")
    try folder.write(short, to: "short.yaml")
    let audit = try Program.run(
      "audit", "\(folder.path)/short.yaml", "--workers", "2", "--output", "\(folder.path)/audit")
    #expect(audit.exitCode == 0, "\(audit.errors)")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let results = try decoder.decode(
      Results.self, from: Data(contentsOf: URL(filePath: "\(folder.path)/audit/results.json")))
    let groups = try #require(results.evaluations.first { $0.arm == "full" }).overSeeds.groups
    let dusk = try #require(groups.first { $0.group.value == "dusk" }).accuracy
    for lighting in ["daylight", "indoor"] {
      let other = try #require(groups.first { $0.group.value == lighting }).accuracy
      #expect(dusk.interval.upper < other.interval.lower)
    }
    // Nobody can beat the observer who knows everything but the expression and the noise.
    let ceilings = try String(contentsOfFile: "\(folder.path)/data/faces-ceiling.csv", encoding: .utf8)
    let row = try #require(ceilings.split(whereSeparator: \.isNewline).first { $0.hasPrefix("dusk") })
    let ceiling = try #require(row.split(separator: ",").last.flatMap { Double($0) })
    #expect(ceiling < 0.9 && dusk.interval.lower < ceiling)
  }

  /// Runs the quickstart of a task and its audit with the first seed alone.
  private func audit(_ task: String, in folder: TemporaryFolder) throws -> (specification: String, results: Data) {
    let made = try Program.run("quickstart", "--directory", folder.path, "--task", task)
    #expect(made.exitCode == 0, "\(made.errors)")
    let written = try String(contentsOfFile: "\(folder.path)/audit.yaml", encoding: .utf8)
    try folder.write(written.replacing("seeds: [13, 1337, 42]", with: "seeds: [13]"), to: "short.yaml")
    let audit = try Program.run(
      "audit", "\(folder.path)/short.yaml", "--workers", "2", "--output", "\(folder.path)/audit")
    #expect(audit.exitCode == 0, "\(audit.errors)")
    return (written, try Data(contentsOf: URL(filePath: "\(folder.path)/audit/results.json")))
  }

  @Test("Reviews: the frozen base reads the rare dialect worse than the others, and nobody beats the ideal reader")
  func reviews() throws {
    let folder = try TemporaryFolder()
    let found = try audit("text-classification", in: folder)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let results = try decoder.decode(Results.self, from: found.results)
    func accuracy(_ arm: String, _ dialect: String) throws -> Results.Accuracy {
      let groups = try #require(results.evaluations.first { $0.arm == arm }).overSeeds.groups
      return try #require(groups.first { $0.group.value == dialect }).accuracy
    }
    let rare = try accuracy("head", "highland")
    for dialect in ["coastal", "inland"] {
      #expect(rare.interval.upper < (try accuracy("head", dialect)).interval.lower)
      #expect((try accuracy("full", dialect)).value > 0.9)
    }
    #expect(try accuracy("full", "highland").value > rare.value)
    for dialect in ["coastal", "inland", "highland"] {
      let ceiling = try planted(dialect, in: found.specification)
      #expect(try accuracy("full", dialect).interval.lower < ceiling)
    }
  }

  @Test("Questions: the planted token bias is measured within its interval and vanishes when orders are averaged")
  func questions() throws {
    let folder = try TemporaryFolder()
    let found = try audit("multiple-choice", in: folder)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let choices = try decoder.decode(ChoiceResults.self, from: found.results).choices
    let groups = try #require(choices.arms.first { $0.arm == "base" }?.prompts.first).groups
    for dialect in ["coastal", "inland", "highland"] {
      let bias = try #require(groups.first { $0.group.value == dialect }).tokenBias
      let share = try planted(dialect, in: found.specification)
      #expect(bias.labelBias.interval.lower <= share && share <= bias.labelBias.interval.upper)
      #expect(abs(bias.labelBias.value - share) < 0.05)
    }
    // Asked in haste, half of the right answers are called B: single orders miss them, the average does not.
    let hasty = try #require(groups.first { $0.group.value == "hasty" })
    #expect(hasty.tokenBias.labelBias.value > 0.9 && hasty.tokenBias.singleOrderAccuracy.value < 0.6)
    #expect(hasty.accuracy.value > 0.9)
    for option in hasty.options {
      #expect(option.share.interval.lower < 0.55 && option.share.interval.upper > 0.45)
    }
    if Oracle.isAvailable { try compareWithTransformers(folder) }
    for arm in choices.arms where arm.arm != "base" {
      let overall = try #require(arm.prompts.first).overall
      #expect(overall.tokenBias.labelBias.value < 0.1, "\(arm.arm)")
    }
  }

  /// The likelihoods of questions in several wordings, and of frames, beside those of transformers on the same base.
  private func compareWithTransformers(_ folder: TemporaryFolder) throws {
    let questions = try String(contentsOfFile: "\(folder.path)/data/questions.jsonl", encoding: .utf8)
    let lines = questions.split(separator: "\n")
    try folder.write(lines.prefix(20).joined(separator: "\n"), to: "few.jsonl")
    let frames = lines.prefix(20).enumerated().map { number, line in
      let context = line.components(separatedBy: "\"context\": \"").last?.components(separatedBy: "\"").first ?? ""
      let slot = ["I will _.", "So I say_", "The _ was here."][number % 3]
      return """
        {"frame": "\(context) \(slot)", "candidates": ["return", "soup", "never again"], "kind": "k"}
        """
    }
    try folder.write(frames.joined(separator: "\n"), to: "frames.jsonl")
    let wordings = "prompts: [{name: a}, {name: b, labels: digits, pmi: true}, {name: c, scoring: text, pmi: true}]"
    for (task, file, key, more) in [
      ("multiple-choice", "few.jsonl", "--questions", wordings), ("cloze", "frames.jsonl", "--frames", "tokens: 60"),
    ] {
      try folder.write(
        """
        name: oracle
        base: models/llama-reviews
        task: \(task)
        data: {manifest: \(file), groups: [kind], \(more)}
        arms: [base]
        training: {epochs: 1}
        seeds: [13]

        """, to: "\(task).yaml")
      let audit = try Program.run(
        "audit", "\(folder.path)/\(task).yaml", "--output", "\(folder.path)/\(task)")
      #expect(audit.exitCode == 0, "\(audit.errors)")
      let found = try Oracle.run(
        "continuations.py",
        [
          "--base", "\(folder.path)/models/llama-reviews", key, "\(folder.path)/\(file)", "--predictions",
          "\(folder.path)/\(task)/predictions/base.csv",
        ] + (task == "cloze" ? [] : ["--wordings", "letters", "digits-pmi", "text-pmi"]))
      let counts = task == "cloze" ? 60 : 20 * (4 + 8 + 8)
      #expect(found.contains("\"continuations\": \(counts)"), "\(found)")
    }
  }

  private struct ChoiceResults: Decodable {
    struct Choices: Decodable { let arms: [Arm] }
    struct Arm: Decodable {
      let arm: String
      let prompts: [Prompt]
    }
    struct Prompt: Decodable {
      let overall: Overall
      let groups: [Measures]
    }
    struct Overall: Decodable { let tokenBias: Bias }
    struct Measures: Decodable {
      let group: Results.Group.Name
      let accuracy: Results.Accuracy
      let options: [Option]
      let tokenBias: Bias
    }
    struct Option: Decodable { let share: Results.Accuracy }
    struct Bias: Decodable {
      let labelBias: Results.Accuracy
      let singleOrderAccuracy: Results.Accuracy
    }
    let choices: Choices
  }

  /// The share or accuracy that a specification's comment names for a dialect.
  private func planted(_ dialect: String, in specification: String) throws -> Double {
    let comment = specification.split(separator: "\n").filter { $0.hasPrefix("#") }.joined(separator: " ")
    let words = comment.split { " :,".contains($0) }
    let place = try #require(words.firstIndex { $0 == dialect })
    let text = words[place + 1].hasSuffix(".") ? words[place + 1].dropLast() : words[place + 1]
    return try #require(Double(text))
  }
}
