import Support
import Testing

/// Tables with other separators than commas, as spreadsheets write them.
@Suite struct SeparatorTests {
  private func table(_ text: String) throws -> CommaSeparatedValues {
    try CommaSeparatedValues(bytes: Array(text.utf8), name: "folder/t.csv")
  }

  @Test(
    "Semicolons and tabs separate where the header has them, and quotes, line ends and a byte order mark stay",
    arguments: [";", "\t"])
  func others(separator: String) throws {
    let text = "\u{FEFF}a;\"b;\"\"c\"\"\";d\r\n1;\"two\r\nlines; one\";x, y\r\n;;\r\n".replacing(";", with: separator)
    let found = try table(text)
    #expect(found.header == ["a", "b;\"c\"".replacing(";", with: separator), "d"])
    #expect(
      found.rows.map(\.fields) == [["1", "two\r\nlines; one".replacing(";", with: separator), "x, y"], ["", "", ""]])
    #expect(found.rows.map(\.line) == [2, 4])
    let name = separator == ";" ? "semicolons" : "tabs"
    #expect(found.note == "t.csv is read as separated by \(name).")
  }

  @Test("Commas separate where the header has them, whatever the cells hold, and nothing is said")
  func commas() throws {
    let found = try table("a,b\nx;y,\"0,5\"\nz\tw,\"1,5\"\n")
    #expect(found.rows.map(\.fields) == [["x;y", "0,5"], ["z\tw", "1,5"]])
    #expect(found.separator == .comma && found.note == nil && found.decimalCommaColumns == [])
    #expect(try table("text\na;b\n").rows.map(\.fields) == [["a;b"]])
  }

  @Test("A column of numbers with decimal commas has points, and no other column is touched")
  func decimalCommas() throws {
    let found = try table("item;p;n;text;mixed;whole\ni1;0,7; -1,25e-3 ;1, 2;0,5;3\ni2;1;;x;0.5;4\n")
    #expect(found.decimalCommaColumns == [1, 2])
    #expect(
      found.rows.map(\.fields) == [["i1", "0.7", " -1.25e-3 ", "1, 2", "0,5", "3"], ["i2", "1", "", "x", "0.5", "4"]])
    #expect(found.note == "t.csv is read as separated by semicolons, with decimal commas in p, n.")
    for cell in ["1.234,5", "1,2,3", ",5", "5,", "--1,5", "1,5e", "x"] {
      #expect(try table("a;b\n0,5;1\n\(cell);1\n").decimalCommaColumns == [], "\(cell)")
    }
    let mixed = try #require(found.firstMixedDecimal(in: [1, 4]))
    #expect(mixed.line == 3 && mixed.column == "mixed" && mixed.commas == "p")
    #expect(found.firstMixedDecimal(in: [1, 5]) == nil && found.firstMixedDecimal(in: [4]) == nil)
  }

  @Test("Where the header holds several separators, the one with which all rows are whole is meant")
  func severalInHeader() throws {
    #expect(try table("size, cm;label\n1,5;x\n2,5;y\n3;z\n").header == ["size, cm", "label"])
    #expect(try table("a,b;c\n1,2;3\n4,5\n").header == ["a", "b;c"])
    #expect(try table("a,\"b;c\"\n1;2,3;4\n").header == ["a", "b;c"])
    let error = #expect(throws: TableError.self) { try table("size, cm;label\n1,5;x\n2,5;y\n") }
    #expect(error?.problem == .ambiguousSeparator(["commas", "semicolons"]))
    #expect(error?.description.contains("line 1: the header holds commas and semicolons") == true)
    #expect(try table("\"size, cm\";label\n1,5;x\n2,5;y\n").rows[0].fields == ["1.5", "x"])
  }

  @Test("A row of another length says which separator was read")
  func ragged() {
    let error = #expect(throws: TableError.self) { try table("a;b\n1;2;3\n") }
    #expect(
      error?.description.contains("line 2: expected 2 fields as in the header, found 3; the file is read as") == true)
    #expect(error?.description.contains("separated by semicolons") == true)
  }

  @Test("The same cells are read whatever separates them")
  func sameCells() throws {
    let pieces = ["a", "é", ";", "\t", ",", "\"", "\n", " ", "", "x"]
    for trial in 0..<300 {
      var stream = RandomKey(seed: 9)["separators"][trial].generator
      let columns = 2 + stream.index(below: 3)
      let rows = (0...stream.index(below: 4)).map { _ in
        (0..<columns).map { _ in (0..<stream.index(below: 4)).map { _ in pieces[stream.index(below: 10)] }.joined() }
      }
      let header = (0..<columns).map { "column \($0)" }
      for separator in [",", ";", "\t"] {
        let lines = ([header] + rows).map { row in
          row.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }.joined(separator: separator) + "\n"
        }
        let found = try table(lines.joined())
        #expect(found.header == header && found.rows.map(\.fields) == rows)
      }
    }
  }
}
