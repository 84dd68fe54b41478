import Planning
import Specification
import Testing

@Suite struct SpecificationDraftTests {
  private static func draft(
    _ header: [String], _ rows: [[String]], manifest: String = "data/table.csv", task: Specification.Task? = nil
  ) -> SpecificationDraft {
    SpecificationDraft(header: header, rows: rows, manifest: manifest, name: "my study", task: task)
  }

  private static func read(_ draft: SpecificationDraft) throws -> Specification {
    try Specification(yaml: draft.yaml, file: "draft.yaml")
  }

  /// 120 photographs of 40 people.
  private static let faces = (0..<120).map { row in
    [
      "faces/\(row).JPG", ["no", "yes"][row % 2], ["light", "dark", "medium"][row % 3], "\(18 + row % 60)",
      "p\(row / 3)",
    ]
  }

  @Test("Columns of images, labels, attributes and people are found, and the split keeps people together")
  func images() throws {
    let draft = Self.draft(["file", "smiling", "tone", "age", "person_id"], Self.faces)
    let specification = try Self.read(draft)
    #expect(specification.task == .imageClassification && specification.name == "my study")
    #expect(specification.data.manifest == "data/table.csv" && specification.data.path == "file")
    #expect(specification.data.label == "smiling" && specification.data.cluster == "person_id")
    #expect(specification.data.groups.map(\.name) == ["tone"])
    #expect(specification.arms.map(\.name) == ["head", "lora-r8", "full"])
    guard case .fractions(_, _, _, _, let stratify) = specification.data.split else {
      Issue.record("expected fractions")
      return
    }
    #expect(stratify == ["smiling", "tone"])
    #expect(draft.missing.count == 3 && draft.missing[0].hasPrefix("base: ") && draft.missing[1].contains("a guess"))
    #expect(draft.yaml.contains("age has 60 values; add a column of bands"))
  }

  @Test("Columns of texts, a label by its name, tags, boolean tags and a split column are found")
  func texts() throws {
    let rows = (0..<60).map { row in
      [
        "t\(row)", "this is a text about thing number \(row); and more", "\(row % 2)", row % 4 == 0 ? "a;b" : "b",
        "\(row % 3 == 0)", "\(row % 5 == 0)", ["train", "validation", "test"][row % 3],
      ]
    }
    let specification = try Self.read(
      Self.draft(["id", "comment", "label", "region", "muslim", "jewish", "fold"], rows))
    #expect(specification.task == .textClassification && specification.data.text == "comment")
    #expect(specification.data.label == "label" && specification.data.split == .column("fold"))
    #expect(specification.data.groups.map(\.name) == ["region", "tags"])
    #expect(specification.data.groups.last?.tags == ["muslim", "jewish"])
    #expect(specification.training.groupsByLength)
  }

  @Test(
    "A draft reads back whatever its columns are called",
    arguments: [
      "a: b", "#number", "x #y", "“curly”", "say \"so\"", "back\\slash", "- dash", "true", "~", "null", "1.5", "日本 語",
      "[list]", "{map}", "*star", "&and", "!tag", "%per", "@at", "`tick`", "tab\there", "new\nline", " space ", "'",
      "y", "FILL_IN",
    ])
  func oddNames(name: String) throws {
    let label = try Self.read(
      Self.draft(
        ["path", name, "age group"], Self.faces.map { [$0[0], $0[1], $0[2]] }, manifest: "my: data #1/\(name).csv"))
    #expect(label.data.label == name && label.data.groups.map(\.name) == ["age group"])
    #expect(label.data.manifest == "my: data #1/\(name).csv")
    let group = try Self.read(Self.draft(["path", name, "label"], Self.faces.map { [$0[0], $0[2], $0[1]] }))
    #expect(group.data.groups.map(\.name) == [name] && group.data.label == "label")
  }

  @Test("A draft of every task can be read, and says what it could not guess", arguments: Specification.Task.allCases)
  func tasks(task: Specification.Task) throws {
    let draft = Self.draft(["number"], [["1"], ["2"], ["3"]], task: task)
    let specification = try Self.read(draft)
    #expect(specification.task == task)
    #expect(draft.missing.contains { $0.hasPrefix("base: ") })
    #expect(draft.yaml.contains("FILL IN"))
    if task != .languageModelling { #expect(draft.missing.contains { $0.hasPrefix("data.groups: ") }) }
  }

  @Test("Questions and frames are told by their columns, and texts without a label are modelled")
  func otherTasks() throws {
    func task(_ header: [String]) throws -> Specification.Task {
      try Self.read(Self.draft(header, (0..<30).map { row in header.map { "\($0) of row \(row)" } })).task
    }
    #expect(try task(["question", "options", "group"]) == .multipleChoice)
    #expect(try task(["frame", "candidates"]) == .cloze)
    #expect(try task(["text"]) == .languageModelling)
  }

  @Test("A table without rows or without named columns still makes a draft that can be read")
  func emptyTables() throws {
    for (header, rows) in [(["", ""], [["a", "b"]]), (["a"], []), ([], [])] as [([String], [[String]])] {
      _ = try Self.read(Self.draft(header, rows))
    }
  }

  @Test("A draft is refused by the line and key of what has yet to be filled in, and read once it is")
  func blanks() throws {
    let draft = Self.draft(["file", "smiling", "tone", "age", "person_id"], Self.faces)
    let error = try #require(throws: SpecificationError.self) { try Self.read(draft).locations.requireFilledIn() }
    let lines = draft.yaml.split(separator: "\n", omittingEmptySubsequences: false)
    let line = try #require(error.line)
    #expect(error.key == "base" && lines[line - 1].hasPrefix("base: FILL_IN"))
    let filled = draft.yaml.replacing("base: FILL_IN", with: "base: models/vit")
    try Specification(yaml: filled, file: "draft.yaml").locations.requireFilledIn()
  }

  @Test("A column that is called FILL_IN needs no filling in")
  func blankColumn() throws {
    let draft = Self.draft(["path", "FILL_IN", "label"], Self.faces.map { [$0[0], $0[2], $0[1]] })
    let filled = draft.yaml.replacing("base: FILL_IN", with: "base: models/vit")
    let specification = try Specification(yaml: filled, file: "draft.yaml")
    try specification.locations.requireFilledIn()
    #expect(specification.data.groups.map(\.name) == ["FILL_IN"])
  }

  @Test("A column that is called text is the text, however short the table and its texts are")
  func shortTexts() throws {
    for words in [["good", "bad", "fine", "awful"], ["とても良い商品でした", "二度と買いません", "普通の品質です", "最悪の体験でした"]] {
      let specification = try Self.read(
        Self.draft(["text", "label", "region"], zip(words, ["1", "0", "1", "0"]).map { [$0, $1, "north"] }))
      #expect(specification.task == .textClassification && specification.data.text == "text")
      #expect(specification.data.label == "label" && specification.data.tokens == nil)
    }
    // Japanese under another name.
    let reviews = (0..<40).map { ["これは商品\($0)についての長い感想です", "\($0 % 2)"] }
    #expect(try Self.read(Self.draft(["感想", "label"], reviews)).data.text == "感想")
  }

  @Test("A draft warns where no group can have as many test items as a verdict needs")
  func smallGroups() throws {
    let small = Self.draft(["file", "smiling", "tone", "age", "person_id"], Self.faces)
    // The largest of three groups has 40 items, a fifth of which is tested on.
    #expect(small.missing.contains { $0.hasPrefix("decision.min_group: ") && $0.contains("about 8") })
    #expect(small.yaml.contains("# CHECK: groups with fewer test items"))
    let rows = (0..<1_000).map { ["\($0).png", "\($0 % 2)", $0 % 3 == 0 ? "light" : "dark"] }
    let large = Self.draft(["file", "label", "tone"], rows)
    #expect(!large.missing.contains { $0.hasPrefix("decision.") } && !large.yaml.contains("# CHECK: groups with"))
  }
}
