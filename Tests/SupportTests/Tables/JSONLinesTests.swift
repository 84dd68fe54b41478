import Support
import TestSupport
import Testing

@Suite struct JSONLinesTests {
  private func table(_ text: String, columns: Set<String>? = nil) throws -> Table {
    try JSONLines.table(bytes: Array(text.utf8), name: "t.jsonl", columns: columns)
  }

  @Test("Strings stay as they are, numbers and booleans keep their spelling, null and absent keys are empty cells")
  func cells() throws {
    let text = #"""
      {"text": "a, \"b\"\n", "score": -1.50e+3, "ok": true}

      {"ok": false, "score": null, "more": 0, "text": ""}
      {}
      """#
    let table = try table(text)
    #expect(table.header == ["text", "score", "ok", "more"])
    #expect(
      table.rows.map(\.fields)
        == [["a, \"b\"\n", "-1.50e+3", "true", ""], ["", "", "false", "0"], ["", "", "", ""]])
    #expect(table.rows.map(\.line) == [1, 3, 4])
    #expect(table.column("ok") == 2)
    #expect(table.column("none") == nil)
  }

  @Test("Numbers that no machine type holds keep every digit")
  func numbers() throws {
    let spelling = "123456789012345678901234567890.000000000000000000001E-400"
    #expect(try table(#"{"n": \#(spelling)}"#).rows.first?.fields == [spelling])
  }

  @Test("Every escape is resolved, surrogate pairs and an escaped zero byte included")
  func escapes() throws {
    let table = try table(#"{"a": "\"\\\/\b\f\n\r\t\u00e9\ud83d\uDE00\u0000é😀"}"#)
    #expect(table.rows.first?.fields == ["\"\\/\u{8}\u{c}\n\r\té😀\0é😀"])
  }

  @Test("A byte order mark, CR LF, blank lines and a missing last line break are allowed")
  func lineEnds() throws {
    let table = try table("\u{FEFF}\r\n \t\r\n{\"a\": \"1\"}\r\n\r\n  { \"a\" : \"2\" }  ")
    #expect(table.rows.map(\.fields) == [["1"], ["2"]])
    #expect(table.rows.map(\.line) == [3, 5])
  }

  @Test("Arrays of strings are tags with a semicolon between them")
  func tags() throws {
    let table = try table(#"{"g": ["x", "y z"], "h": []}"#)
    #expect(table.rows.first?.fields == ["x;y z", ""])
  }

  @Test(
    "What cannot be a cell is an error where it is asked for and empty elsewhere",
    arguments: [
      (#"{"inner": [1, {"a": "b"}]}"#, TableError.Problem.notACell(key: "k", found: "an object")),
      (#"["a", 1]"#, .notACell(key: "k", found: "an array of something other than strings")),
      (#"["a", null]"#, .notACell(key: "k", found: "an array of something other than strings")),
      (#"[["a"]]"#, .notACell(key: "k", found: "an array of something other than strings")),
      (#"["a;b"]"#, .separatorInTag(key: "k")),
    ] as [(String, TableError.Problem)])
  func nested(value: String, problem: TableError.Problem) throws {
    let text = "{\"a\": \"1\", \"k\": \"plain; text\"}\n{\"a\": \"2\", \"k\": \(value), \"b\": \"3\"}\n"
    for columns: Set<String>? in [nil, ["k"], ["a", "k"]] {
      #expect(throws: TableError(file: "t.jsonl", line: 2, problem: problem)) {
        try table(text, columns: columns)
      }
    }
    for columns: Set<String> in [[], ["a"], ["b", "a"]] {
      let table = try table(text, columns: columns)
      #expect(table.header == ["a", "k", "b"])
      #expect(table.rows.map(\.fields) == [["1", "plain; text", ""], ["2", "", "3"]])
    }
  }

  typealias Problem = TableError.Problem

  @Test(
    "Whatever departs from the format is an error with its line, its place in the line and what was expected",
    arguments: [
      ("", nil, .noObjects),
      ("\n \r\n", nil, .noObjects),
      ("\u{FEFF}", nil, .noObjects),
      ("{}\n{}\n", nil, .noObjects),
      ("{\"a\": 1}\n[1]\n", 2, .notAnObject(found: "an array")),
      ("[\"a\"]", 1, .notAnObject(found: "an array")),
      ("\"a\"", 1, .notAnObject(found: "a string")),
      ("12", 1, .notAnObject(found: "12")),
      ("true", 1, .notAnObject(found: "true")),
      ("null", 1, .notAnObject(found: "null")),
      ("a,b\n1,2\n", 1, .notJSON(expected: "a value", byte: 1)),
      ("{\"a\": 1, \"b\": 2, \"a\": 1}", 1, .repeatedKey(key: "a")),
      ("{\"a\": 1, \"\\u0061\": 1}", 1, .repeatedKey(key: "a")),
      ("{\"\": 1}", 1, .emptyKey),
      ("{\"a\": 1}\n\n{\"a\": }", 3, .notJSON(expected: "a value", byte: 7)),
      ("{\"a\" 1}", 1, .notJSON(expected: "a colon after the key", byte: 6)),
      ("{a: 1}", 1, .notJSON(expected: "a key in quotes", byte: 2)),
      ("{'a': 1}", 1, .notJSON(expected: "a key in quotes", byte: 2)),
      ("{\"a\": 1,}", 1, .notJSON(expected: "a key in quotes", byte: 9)),
      ("{\"a\": 1 \"b\": 2}", 1, .notJSON(expected: "a comma or the end of the object", byte: 9)),
      ("{\"a\": 1", 1, .notJSON(expected: "a comma or the end of the object", byte: 8)),
      ("{", 1, .notJSON(expected: "a key in quotes", byte: 2)),
      ("{\"a\": 1}}", 1, .notJSON(expected: "nothing after the value", byte: 9)),
      ("{\"a\": 1}{\"a\": 2}", 1, .notJSON(expected: "nothing after the value", byte: 9)),
      ("{\"a\": \"x", 1, .notJSON(expected: "the closing quote of a string", byte: 9)),
      ("{\"a\": \"x\ny\"}", 1, .notJSON(expected: "the closing quote of a string", byte: 9)),
      ("{\"a\": \"x\ty\"}", 1, .notJSON(expected: "an escape instead of a control character", byte: 9)),
      ("{\"a\": \"\\x\"}", 1, .notJSON(expected: "one of \" \\ / b f n r t u after a backslash", byte: 9)),
      ("{\"a\": \"\\", 1, .notJSON(expected: "the rest of an escape", byte: 9)),
      ("{\"a\": \"\\u12g4\"}", 1, .notJSON(expected: "four hexadecimal digits", byte: 12)),
      (
        "{\"a\": \"\\ud83d\"}", 1,
        .notJSON(expected: "the second half of a surrogate pair (\\uDC00 to \\uDFFF)", byte: 14)
      ),
      (
        "{\"a\": \"\\ude00\"}", 1,
        .notJSON(expected: "the second half of a surrogate pair (\\uDC00 to \\uDFFF)", byte: 14)
      ),
      (
        "{\"a\": \"\\ud83d\\u0041\"}", 1,
        .notJSON(expected: "the second half of a surrogate pair (\\uDC00 to \\uDFFF)", byte: 20)
      ),
      ("{\"a\": NaN}", 1, .notJSON(expected: "a value", byte: 7)),
      ("{\"a\": nul}", 1, .notJSON(expected: "a value", byte: 7)),
      ("{\"a\": -}", 1, .notJSON(expected: "a digit", byte: 8)),
      ("{\"a\": .5}", 1, .notJSON(expected: "a value", byte: 7)),
      ("{\"a\": +5}", 1, .notJSON(expected: "a value", byte: 7)),
      ("{\"a\": 5.}", 1, .notJSON(expected: "a digit", byte: 9)),
      ("{\"a\": 5e}", 1, .notJSON(expected: "a digit", byte: 9)),
      ("{\"a\": 01}", 1, .notJSON(expected: "a comma or the end of the object", byte: 8)),
      ("{\"a\": [1, 2}", 1, .notJSON(expected: "a comma or the end of the array", byte: 12)),
      ("{\"a\": {\"b\": 1, 2}}", 1, .notJSON(expected: "a key in quotes", byte: 16)),
    ] as [(String, Int?, Problem)])
  func refuses(text: String, line: Int?, problem: Problem) {
    #expect(throws: TableError(file: "t.jsonl", line: line, problem: problem)) { try table(text, columns: ["b"]) }
  }

  @Test("Bytes that are not UTF-8 are an error on the line that holds them, wherever they stand")
  func encoding() {
    func expect(_ bytes: [UInt8], _ line: Int, sourceLocation: SourceLocation = #_sourceLocation) {
      let error = TableError(file: "t", line: line, problem: .invalidUTF8)
      #expect(throws: error, sourceLocation: sourceLocation) {
        try JSONLines.table(bytes: bytes, name: "t", columns: ["a"])
      }
    }
    let first = Array("{\"a\": 1}\n".utf8)
    expect(first + Array("{\"a\": \"".utf8) + [0xE9] + Array("\"}\n".utf8), 2)
    expect(first + Array("{\"".utf8) + [0xC3] + Array("\": 1}\n".utf8), 2)
    expect(first + Array("{\"b\": {\"c\": \"".utf8) + [0xC0, 0xAF] + Array("\"}}\n".utf8), 2)
    expect(first + Array("{\"b\": \"\\n".utf8) + [0xED, 0xA0, 0x80] + Array("\"}\n".utf8), 2)
    expect(first + [0xFF] + first, 2)
    // UTF-16 as some spreadsheets save it.
    expect([0xFF, 0xFE] + "{\"a\": 1}\n".utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }, 1)
  }

  @Test("Values nested without end and keys without end are refused before they cost memory or the stack")
  func bombs() {
    let deep = "{\"a\": " + String(repeating: "[", count: 200_000)
    #expect(
      throws: TableError(
        file: "t.jsonl", line: 1, problem: .notJSON(expected: "at most 100 nested values", byte: 106))
    ) {
      try table(deep, columns: [])
    }
    let objects = "{\"a\": " + String(repeating: "{\"a\":", count: 200_000)
    #expect(throws: TableError.self) { try table(objects, columns: []) }
    let keys = (0..<20_000).map { "{\"key \($0)\": 1}\n" }.joined()
    #expect(throws: TableError(file: "t.jsonl", line: 1_025, problem: .tooManyKeys)) { try table(keys) }
  }

  @Test("A message says file, line, what was found and what was expected")
  func messages() {
    let error = #expect(throws: TableError.self) { try table("{\"a\": 1}\n{\"a\": [1]}\n") }
    #expect(
      error?.description
        == "t.jsonl, line 2: the value of \"a\" is an array of something other than strings; "
        + "expected a string, a number, true, false, null or an array of strings")
    let missing = #expect(throws: TableError.self) { try JSONLines.table(file: "/no/such.jsonl") }
    #expect(missing?.description == "/no/such.jsonl: cannot be read: No such file or directory")
  }

  @Test("Damaged lines give an error or a rectangular table, never a trap")
  func mutations() {
    let original = Array(
      "{\"a\": \"x\\u00e9\\n\", \"b\": [\"é\", \"\"], \"c\": {\"d\": -1.5e3}}\r\n{\"b\": null}\n".utf8)
    for trial in 0..<20_000 {
      var stream = RandomKey(seed: 8)["mutation"][trial].generator
      var bytes = original
      for _ in 0...stream.index(below: 3) {
        let place = stream.index(below: bytes.count)
        switch stream.index(below: 3) {
        case 0: bytes.remove(at: place)
        case 1: bytes[place] = bytes[stream.index(below: bytes.count)]
        default: bytes[place] = UInt8(stream.index(below: 256))
        }
      }
      guard let table = try? JSONLines.table(bytes: bytes, name: "t", columns: ["a", "b"]) else { continue }
      #expect(table.rows.allSatisfy { $0.fields.count == table.header.count })
    }
  }

  @Test("Fifty thousand rows of a kilobyte keep their lines and fields")
  func manyRows() throws {
    let text = String(repeating: "wörd ", count: 170)
    var bytes: [UInt8] = []
    for row in 0..<50_000 { bytes += "{\"text\": \"\(text)\(row)\", \"meta\": {\"n\": \(row)}}\n".utf8 }
    let table = try JSONLines.table(bytes: bytes, name: "t", columns: ["text"])
    #expect(table.rows.count == 50_000)
    #expect(table.rows.last?.line == 50_000)
    #expect(table.rows.last?.fields == [text + "49999", ""])
  }
}
