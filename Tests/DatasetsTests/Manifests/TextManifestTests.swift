import Datasets
import Foundation
import Support
import TestSupport
import Testing

@Suite struct TextManifestTests {
  private let folder: TemporaryFolder
  private let columns = ManifestColumns(text: "text", label: "label")

  init() throws { folder = try TemporaryFolder() }

  private func manifest(_ text: String, _ columns: ManifestColumns, name: String = "m.csv") throws -> Manifest {
    try Manifest(file: folder.write(text, to: name), columns: columns)
  }

  private func expect(
    _ line: Int?, _ problem: ManifestError.Problem, _ text: String, _ columns: ManifestColumns? = nil,
    name: String = "m.csv", sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let error = ManifestError(file: folder.path + "/" + name, line: line, problem: problem)
    #expect(throws: error, sourceLocation: sourceLocation) {
      try manifest(text, columns ?? self.columns, name: name)
    }
  }

  @Test("Texts are items that are called by their row, and need no file")
  func texts() throws {
    let manifest = try manifest("text,label\n\"one,\ntwo\",x\n  ş  ,y\n", columns)
    #expect(manifest.items.map(\.name) == ["row 2", "row 4"])
    #expect(manifest.items.map(\.text) == ["one,\ntwo", "  ş  "])
    #expect(manifest.items.allSatisfy { $0.path == nil })
    #expect(manifest.items.map(\.label) == ["x", "y"])
    #expect(manifest.items.map(\.cluster) == ["row 2", "row 4"])
    #expect(try manifest.bytes(of: manifest.items[1]) == [0x20, 0x20, 0xC5, 0x9F, 0x20, 0x20])
    #expect(manifest.description(of: manifest.items[1]) == "row 4 (\(folder.path)/m.csv, line 4)")
    #expect(manifest.skipped.isEmpty)
  }

  @Test("A column of names calls them otherwise; groups, cluster, split and extra columns are as for images")
  func everyColumn() throws {
    let text = """
      id,text,label,g,male,female,who,part,note
      n1,alpha,x,a;b,1,0,p,train,1
      n2,beta,y,,yes,true,q,val,2
      """
    let manifest = try manifest(
      text,
      ManifestColumns(
        text: "text", name: "id", label: "label", groups: ["g"], tagGroups: ["sex": ["female", "male"]],
        cluster: "who", split: "part", extra: ["note"]))
    #expect(manifest.items.map(\.name) == ["n1", "n2"])
    #expect(manifest.groupNames == ["g", "sex"])
    #expect(manifest.items.map(\.groups) == [[["a", "b"], ["male"]], [["(missing)"], ["female", "male"]]])
    #expect(manifest.items.map(\.cluster) == ["p", "q"])
    #expect(manifest.items.map(\.split) == [.train, .validation])
    #expect(manifest.items.map(\.extra) == [["1"], ["2"]])
  }

  @Test("Identical texts, a zero byte and a hundred thousand characters are allowed")
  func unusualTexts() throws {
    let long = String(repeating: "天秤", count: 50_000)
    let lines = "{\"text\": \"a\\u0000b\", \"label\": \"x\"}\n{\"text\": \"\(long)\", \"label\": \"y\"}\n"
    let manifest = try manifest(lines + lines, columns, name: "m.jsonl")
    #expect(manifest.items.map(\.text) == ["a\0b", long, "a\0b", long])
    #expect(manifest.items.map(\.name) == ["row 1", "row 2", "row 3", "row 4"])
    #expect(try manifest.bytes(of: manifest.items[0]) == [97, 0, 98])
    #expect(try manifest.bytes(of: manifest.items[1]).count == 300_000)
  }

  @Test(
    "A text that is empty or only white space is refused with its row",
    arguments: [
      "", "\" \"", "\" \t\r\n \"", "\u{A0}", "\u{2003}\u{3000}",
    ])
  func emptyTexts(cell: String) throws {
    try expect(3, .emptyText(column: "text"), "label,text\nx,a\ny,\(cell)\n")
  }

  @Test("A null or absent text of JSON Lines is an empty one")
  func absentTexts() throws {
    for line in ["{\"text\": null, \"label\": \"x\"}", "{\"label\": \"x\"}"] {
      try expect(
        2, .emptyText(column: "text"), "{\"text\": \"a\", \"label\": \"y\"}\n\(line)\n", name: "m.jsonl")
    }
  }

  @Test("Names that are empty or stand twice, labels that are missing and columns that are not there are refused")
  func otherErrors() throws {
    let named = ManifestColumns(text: "text", name: "id", label: "label")
    try expect(3, .emptyName(column: "id"), "id,text,label\n1,a,x\n,b,y\n", named)
    try expect(
      4, .duplicateName(column: "id", name: "1", firstLine: 2), "id,text,label\n1,a,x\n2,b,y\n1,c,y\n", named)
    try expect(nil, .missingColumn(name: "id", columns: ["text", "label"]), "text,label\na,x\nb,y\n", named)
    try expect(nil, .missingColumn(name: "text", columns: ["path", "label"]), "path,label\na,x\nb,y\n")
    try expect(3, .emptyLabel(column: "label"), "text,label\na,x\nb,\n")
  }

  @Test("JSON that cannot be a cell matters only in a column that the manifest asks for")
  func nestedColumns() throws {
    let lines =
      "{\"text\": \"a\", \"label\": 0, \"meta\": {\"x\": [1]}}\n{\"text\": \"b\", \"label\": 1, \"meta\": 3}\n"
    #expect(try manifest(lines, columns, name: "m.jsonl").classNames == ["0", "1"])
    try expect(
      1, .table(.notACell(key: "meta", found: "an object")), lines,
      ManifestColumns(text: "text", label: "label", extra: ["meta"]), name: "m.jsonl")
    let error = ManifestError(file: "m.jsonl", line: 3, problem: .table(.repeatedKey(key: "a")))
    #expect(
      error.description == "m.jsonl, line 3: the key \"a\" occurs twice in this object; expected every key once")
  }

  @Test("No message about a text quotes it")
  func privacy() throws {
    let secret = "do not print me"
    let manifest = try manifest("text,label\n\(secret),x\nb,y\n", columns)
    #expect(!manifest.description(of: manifest.items[0]).contains(secret))
    let error = #expect(throws: ImageError.self) { try manifest.image(of: manifest.items[0]) }
    #expect(error?.description.contains(secret) == false)
  }

  @Test("A CSV and a JSON Lines file with the same content give the same items")
  func sameItems() throws {
    let words = ["on", "é", "\"quoted\"", "a, b", "line\nbreak", "\\", "😀", "x;y"]
    for trial in 0..<100 {
      var stream = RandomKey(seed: 6)["manifest"][trial].generator
      var values = CommaSeparatedValuesWriter(header: ["text", "id", "label", "g", "t1", "t2", "who", "part"])
      var lines: [UInt8] = []
      for row in 0..<(2 + stream.index(below: 5)) {
        let text = words[stream.index(below: words.count)] + " " + words[stream.index(below: words.count)]
        let tags = ["a", "b", "c"].filter { _ in stream.index(below: 2) == 0 }
        let flags = [stream.index(below: 2) == 0, stream.index(below: 2) == 0]
        let who = "p\(stream.index(below: 3))"
        let part = ["train", "validation", "test"][stream.index(below: 3)]
        values.append([
          text, "n\(row)", "\(row % 2)", tags.joined(separator: ";"), "\(flags[0])", "\(flags[1])", who, part,
        ])
        let object: [String: any Sendable] = [
          "text": text, "id": "n\(row)", "label": row % 2, "g": tags, "t1": flags[0], "t2": flags[1], "who": who,
          "part": part, "ignored": ["nested": [1, 2]],
        ]
        lines += try JSONSerialization.data(withJSONObject: object) + Data("\n".utf8)
      }
      let columns = ManifestColumns(
        text: "text", name: "id", label: "label", groups: ["g"], tagGroups: ["t": ["t1", "t2"]], cluster: "who",
        split: "part")
      let first = try Manifest(file: folder.write(values.bytes, to: "m.csv"), columns: columns)
      let second = try Manifest(file: folder.write(lines, to: "m.jsonl"), columns: columns)
      #expect(first.classNames == second.classNames)
      #expect(first.groupNames == second.groupNames)
      for (one, other) in zip(first.items, second.items) {
        #expect(one.content == other.content)
        #expect(one.name == other.name)
        #expect([one.label, one.cluster] == [other.label, other.cluster])
        #expect(one.classIndex == other.classIndex)
        #expect(one.groups == other.groups)
        #expect(one.split == other.split)
      }
      #expect(first.items.count == second.items.count)
    }
  }

  @Test("Images may be listed in JSON Lines too")
  func images() throws {
    let image = try RGBImage(width: 1, height: 1, bytes: [1, 2, 3])
    try folder.write(image.pngData(), to: "a.png")
    try folder.write(image.pngData(), to: "b.png")
    let manifest = try manifest(
      "{\"path\": \"a.png\", \"label\": \"x\"}\n\n{\"path\": \"b.png\", \"label\": \"y\"}\n",
      ManifestColumns(label: "label"), name: "m.jsonl")
    #expect(manifest.items.map(\.row) == [1, 3])
    #expect(manifest.items.compactMap(\.path) == ["a", "b"].map { "\(folder.path)/\($0).png" })
    #expect(try manifest.image(of: manifest.items[1]) == image)
  }
}
