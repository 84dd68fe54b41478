import Support
import Testing

@Suite struct CommaSeparatedValuesTests {
  @Test("Quotes, embedded newlines, CR LF, a byte order mark and empty fields are read as RFC 4180 says")
  func reads() throws {
    let text = "\u{FEFF}a,\"b \"\"c\"\"\",d\r\n1,\"two\r\nlines, one field\",\r\n\"\",\"\"\"\",é\n,,\nlast,x,y"
    let table = try CommaSeparatedValues(bytes: Array(text.utf8), name: "t.csv")
    #expect(table.header == ["a", "b \"c\"", "d"])
    #expect(
      table.rows.map(\.fields) == [
        ["1", "two\r\nlines, one field", ""], ["", "\"", "é"], ["", "", ""], ["last", "x", "y"],
      ])
    #expect(table.rows.map(\.line) == [2, 4, 5, 6])
    #expect(table.column("d") == 2)
    #expect(table.column("D") == nil)
  }

  @Test("Columns without a name, as tables have that are saved with their row numbers, are there and have no name")
  func unnamedColumns() throws {
    let table = try CommaSeparatedValues(bytes: Array(",a,\n0,x,\n1,y,z\n".utf8), name: "t.csv")
    #expect(table.header == ["", "a", ""] && table.column("a") == 1)
    #expect(table.rows.map(\.fields) == [["0", "x", ""], ["1", "y", "z"]])
  }

  @Test("A row of one column may be empty, and a comma at the very end begins an empty field")
  func emptyFields() throws {
    #expect(try CommaSeparatedValues(bytes: Array("a\n\n".utf8), name: "t").rows.map(\.fields) == [[""]])
    #expect(try CommaSeparatedValues(bytes: Array("a,b\n1,".utf8), name: "t").rows.map(\.fields) == [["1", ""]])
  }

  @Test("Empty lines at the end are no rows of a table of several columns", arguments: ["\n", "\r\n", "\n\r\n\n"])
  func blankEnd(end: String) throws {
    let table = try CommaSeparatedValues(bytes: Array("a,b\n1,2\n\(end)".utf8), name: "t")
    #expect(table.rows.map(\.fields) == [["1", "2"]])
    #expect(throws: TableError.self) {
      try CommaSeparatedValues(bytes: Array("a,b\n\(end)".utf8), name: "t")
    }
  }

  typealias Problem = TableError.Problem

  @Test(
    "Whatever departs from the format is an error with its physical line",
    arguments: [
      ("a,b\n1,2\n3\n", 3, .raggedRow(expected: 2, found: 1)),
      ("a,b\n\"1\n1\",2\n3,4,5\n", 4, .raggedRow(expected: 2, found: 3)),
      ("a,b\n1,2\n\n3,4\n", 3, .raggedRow(expected: 2, found: 1)),
      ("a,b\n1,\"2\n3,4\n", 2, .unterminatedQuote),
      ("a\n\"", 2, .unterminatedQuote),
      ("a\n\"x\" \n", 2, .textAfterClosingQuote),
      ("a\n\"x\ny\"z\n", 3, .textAfterClosingQuote),
      ("a\nx\"y\"\n", 2, .quoteInsideField),
      ("a\rb\r", 1, .bareCarriageReturn),
      ("a\n\"x\"\ry\n", 2, .bareCarriageReturn),
      ("a,b,a\n1,2,3\n", 1, .duplicateColumnName(name: "a")),
      ("a,b\n", nil, .noRows),
      ("", nil, .noRows),
      ("\u{FEFF}", nil, .noRows),
    ] as [(String, Int?, Problem)])
  func refuses(text: String, line: Int?, problem: Problem) {
    #expect(throws: TableError(file: "t.csv", line: line, problem: problem)) {
      try CommaSeparatedValues(bytes: Array(text.utf8), name: "t.csv")
    }
  }

  @Test("Bytes that are not UTF-8 are an error on the line that holds them")
  func encoding() {
    let plain: [UInt8] = Array("a\nx\n".utf8) + [0xE9] + Array("\n".utf8)
    #expect(throws: TableError(file: "t", line: 3, problem: .invalidUTF8)) {
      try CommaSeparatedValues(bytes: plain, name: "t")
    }
    let quoted: [UInt8] = Array("a\n\"x\ny".utf8) + [0xFF] + Array("\"\n".utf8)
    #expect(throws: TableError(file: "t", line: 3, problem: .invalidUTF8)) {
      try CommaSeparatedValues(bytes: quoted, name: "t")
    }
    #expect(throws: TableError(file: "t", line: 1, problem: .invalidUTF8)) {
      try CommaSeparatedValues(bytes: [0xFF, 0xFE, 0x61, 0x00], name: "t")
    }
  }

  @Test("A message says file, line, what was found and what was expected")
  func message() {
    let error = #expect(throws: TableError.self) {
      try CommaSeparatedValues(bytes: Array("a,b\n1,2,3\n".utf8), name: "faces.csv")
    }
    #expect(
      error?.description
        == "faces.csv, line 2: expected 2 fields as in the header, found 3; quote a field that holds a comma")
    let missing = #expect(throws: TableError.self) { try CommaSeparatedValues(file: "/no/such.csv") }
    #expect(missing?.description == "/no/such.csv: cannot be read: No such file or directory")
  }

  @Test("What the writer writes, the reader reads back unchanged")
  func roundTrip() throws {
    let pieces = ["a", "é", "天秤", ",", "\"", "\n", "\r\n", "\r", " ", "", "1"]
    for trial in 0..<500 {
      var stream = RandomKey(seed: 4)["table"][trial].generator
      let columns = 1 + stream.index(below: 4)
      let rows = (0...stream.index(below: 4)).map { _ in
        (0..<columns).map { _ in
          (0..<stream.index(below: 4)).map { _ in pieces[stream.index(below: pieces.count)] }.joined()
        }
      }
      let header = (0..<columns).map { "column \($0), \"quoted\"" }
      var writer = CommaSeparatedValuesWriter(header: header)
      for row in rows { writer.append(row) }
      let table = try CommaSeparatedValues(bytes: writer.bytes, name: "t")
      #expect(table.header == header)
      #expect(table.rows.map(\.fields) == rows)
    }
  }

  @Test("The writer quotes only what must be quoted")
  func quoting() {
    var writer = CommaSeparatedValuesWriter(header: ["a", "b"])
    writer.append(["plain text", "1,5"])
    writer.append(["", "say \"x\""])
    #expect(String(decoding: writer.bytes, as: UTF8.self) == "a,b\nplain text,\"1,5\"\n,\"say \"\"x\"\"\"\n")
    var single = CommaSeparatedValuesWriter(header: ["a"])
    single.append([""])
    #expect(String(decoding: single.bytes, as: UTF8.self) == "a\n\"\"\n")
  }

  @Test("Damaged text gives an error or a rectangular table, never a trap")
  func mutations() {
    let original = Array("a,b,c\r\n1,\"x\ny\",é\r\n\"\"\"\",2,3\r\n".utf8)
    for trial in 0..<5_000 {
      var stream = RandomKey(seed: 8)["mutation"][trial].generator
      var bytes = original
      for _ in 0...stream.index(below: 3) {
        let place = stream.index(below: bytes.count)
        if stream.index(below: 2) == 0 {
          bytes.remove(at: place)
        } else {
          bytes[place] = bytes[stream.index(below: bytes.count)]
        }
      }
      guard let table = try? CommaSeparatedValues(bytes: bytes, name: "t") else { continue }
      #expect(table.rows.allSatisfy { $0.fields.count == table.header.count })
    }
  }

  @Test("A hundred thousand rows keep their lines and fields")
  func manyRows() throws {
    var writer = CommaSeparatedValuesWriter(header: ["path", "label", "group"])
    for row in 0..<100_000 { writer.append(["images/\(row).png", row % 2 == 0 ? "yes" : "no", "a, b"]) }
    let table = try CommaSeparatedValues(bytes: writer.bytes, name: "t")
    #expect(table.rows.count == 100_000)
    #expect(table.rows.last?.line == 100_001)
    #expect(table.rows.last?.fields == ["images/99999.png", "no", "a, b"])
  }
}
