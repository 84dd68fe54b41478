import Datasets
import Foundation
import Support
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(45)), .enabled(if: PrepareScript.isAvailable, "needs .python; run scripts/setup --tests"))
struct HateSpeechScriptTests {
  private let folder: TemporaryFolder
  private var output: String { folder.path + "/hate-speech.csv" }

  init() throws { folder = try TemporaryFolder() }

  private struct Annotation {
    var comment: Int
    var text: String
    var score: Double?
    var targets: Set<String> = []
  }

  private static let tags = [
    "target_race_asian", "target_race_black", "target_religion_jewish", "target_religion_muslim",
    "target_age_seniors", "target_gender_men", "target_gender_women", "target_sexuality_gay",
  ]

  /// A Parquet file with the release's columns, in which each attribute as a whole has one too.
  private func release(_ annotations: [Annotation], without missing: String? = nil) throws -> String {
    var columns: [String: [Any]] = [
      "comment_id": annotations.map(\.comment), "text": annotations.map(\.text),
      "hate_speech_score": annotations.map { $0.score ?? NSNull() as Any },
      "annotator_id": annotations.indices.map { $0 },
      "target_race": annotations.map { _ in true },
    ]
    for tag in Self.tags { columns[tag] = annotations.map { $0.targets.contains(tag) } }
    if let missing { columns[missing] = nil }
    let json = try folder.write(JSONSerialization.data(withJSONObject: columns), to: "columns.json")
    let parquet = folder.path + "/release.parquet"
    let code =
      "import sys, json, pyarrow, pyarrow.parquet as parquet\n"
      + "parquet.write_table(pyarrow.table(json.load(open(sys.argv[1]))), sys.argv[2])"
    let outcome = try PrepareScript.run(code: code, [json, parquet])
    try #require(outcome.status == 0, "\(outcome.errors)")
    return parquet
  }

  private func table(_ annotations: [Annotation], _ options: String...) throws -> Table {
    let outcome = try PrepareScript.run("prepare-hate-speech", [try release(annotations), output] + options)
    try #require(outcome.status == 0, "\(outcome.errors)")
    return try Table(file: output)
  }

  private let annotations = [
    Annotation(comment: 7, text: "first, \"text\"\r\nof 7", score: 0.4, targets: ["target_race_black"]),
    Annotation(comment: 9, text: "second", score: -1.5, targets: ["target_gender_men"]),
    Annotation(
      comment: 7, text: "first, \"text\"\r\nof 7", score: 0.7,
      targets: ["target_race_black", "target_race_asian", "target_religion_jewish"]),
    Annotation(comment: 7, text: "first, \"text\"\r\nof 7", score: 0.5, targets: ["target_race_asian"]),
    Annotation(comment: 11, text: "second", score: 0.5, targets: ["target_sexuality_gay", "target_gender_men"]),
    Annotation(comment: 12, text: "third", score: 0.5),
  ]

  @Test("A row a text, with the mean score, and the groups that most of its annotators name")
  func majority() throws {
    let table = try table(annotations)
    #expect(table.header == ["comment_id", "text", "hateful", "race", "religion", "age", "gender", "sexuality"])
    #expect(
      table.rows.map(\.fields) == [
        ["7", "first, \"text\"\r\nof 7", "yes", "asian;black", "", "", "", ""],
        ["9", "second", "no", "", "", "", "men", ""],
        ["12", "third", "no", "", "", "", "", ""],
      ])
  }

  @Test("A group that one annotator names, or that the first does, counts where that is asked for")
  func otherRules() throws {
    let any = try table(annotations, "--targets", "any").rows.map { Array($0.fields[3...]) }
    #expect(any == [["asian;black", "jewish", "", "", ""], ["", "", "", "men", "gay"], ["", "", "", "", ""]])
    let first = try table(annotations, "--targets", "first").rows.map { Array($0.fields[3...]) }
    #expect(first == [["black", "", "", "", ""], ["", "", "", "men", ""], ["", "", "", "", ""]])
  }

  @Test("Of one attribute only the texts that target a group of it are written")
  func attribute() throws {
    #expect(try table(annotations, "--attribute", "gender").rows.map(\.fields[1]) == ["second"])
    #expect(try table(annotations, "--attribute", "race").rows.map(\.fields[3]) == ["asian;black"])
    try PrepareScript.expectRefusal(
      "prepare-hate-speech", [try release(annotations), output, "--attribute", "age"], output: output,
      saying: ["no text targets a group of age"])
  }

  @Test("What it writes is a manifest of texts with overlapping tags")
  func manifest() throws {
    _ = try table(annotations)
    let manifest = try Manifest(
      file: output,
      columns: ManifestColumns(text: "text", name: "comment_id", label: "hateful", groups: ["race", "gender"]))
    #expect(manifest.classNames == ["no", "yes"])
    #expect(manifest.items.map(\.name) == ["7", "9", "12"])
    #expect(manifest.items[0].groups == [["asian", "black"], ["(missing)"]])
  }

  @Test("Rows that are not as they must be are named, and their texts are not")
  func refusals() throws {
    func expect(
      _ last: Annotation, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      let file = try release(annotations + [last])
      try PrepareScript.expectRefusal(
        "prepare-hate-speech", [file, output], output: output, saying: ["release.parquet, row 7: "] + words,
        never: ["second", "third", "secret"], sourceLocation: sourceLocation)
    }
    try expect(Annotation(comment: 13, text: " \n", score: 1), "\"text\" is empty")
    try expect(Annotation(comment: 13, text: "secret"), "\"hate_speech_score\" is no finite number")
    try expect(Annotation(comment: 7, text: "secret", score: 1), "comment 7 has another text")
  }

  @Test("A missing column, a file that is no Parquet file and a missing file are refused")
  func wrongFiles() throws {
    func expect(_ file: String, _ word: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
      try PrepareScript.expectRefusal(
        "prepare-hate-speech", [file, output], output: output, saying: [file, word], sourceLocation: sourceLocation)
    }
    try expect(release(annotations, without: "hate_speech_score"), "no column \"hate_speech_score\"")
    try expect(release(annotations, without: "target_age_seniors"), "no column target_age_…")
    try expect(release([]), "no rows")
    try expect(folder.write("text\nsecret\n", to: "no.parquet"), "no Parquet file")
    try expect(folder.path + "/none.parquet", "No such file or directory")
  }
}
