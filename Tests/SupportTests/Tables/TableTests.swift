import Foundation
import Support
import TestSupport
import Testing

@Suite struct TableTests {
  @Test(
    "The ending of the name decides how a file is read, whatever its case",
    arguments: [
      ("t.jsonl", true), ("t.ndjson", true), ("T.JSONL", true), ("t.jsonl.csv", false), ("t.csv", false), ("t", false),
      ("t.json", false),
    ])
  func endings(name: String, isJSONLines: Bool) throws {
    let folder = try TemporaryFolder()
    let lines = try Table(file: folder.write("{\"a\": 1}\n{\"a\": 2}\n", to: "lines.jsonl"))
    #expect(lines.rows.map(\.fields) == [["1"], ["2"]])
    let text = isJSONLines ? "{\"a\": \"1\"}\n{\"a\": \"2\"}\n" : "a\n1\n2\n"
    let table = try Table(file: folder.write(text, to: name))
    #expect(table.header == ["a"])
    #expect(table.rows.map(\.fields) == [["1"], ["2"]])
    #expect(table.rows.map(\.line) == (isJSONLines ? [1, 2] : [2, 3]))
    #expect(table.file == folder.path + "/" + name)
  }

  @Test("Errors are those of the format, with file and line")
  func errors() throws {
    let folder = try TemporaryFolder()
    let values = try folder.write("a,b\n1\n", to: "t.csv")
    #expect(
      throws: TableError(file: values, line: 2, problem: .raggedRow(expected: 2, found: 1))
    ) { try Table(file: values) }
    let lines = try folder.write("{\"a\": 1}\n7\n", to: "t.jsonl")
    let error = #expect(throws: TableError.self) { try Table(file: lines) }
    #expect(error?.description == "\(lines), line 2: expected a JSON object, {\"column\": value, …}, found 7")
  }

  @Test("A CSV and a JSON Lines file of the same content are the same table but for the line of the header")
  func sameContent() throws {
    let folder = try TemporaryFolder()
    let pieces = ["a", "é", "天秤", ",", "\"", "\n", "\r\n", "\\", "/", "\0", "\u{1F}", "😀", " ", "", "1"]
    for trial in 0..<200 {
      var stream = RandomKey(seed: 5)["table"][trial].generator
      let header = (0...stream.index(below: 3)).map { "column \($0)" }
      let rows = (0...stream.index(below: 4)).map { _ in
        header.map { _ in
          (0..<stream.index(below: 5)).map { _ in pieces[stream.index(below: pieces.count)] }.joined()
        }
      }
      var writer = CommaSeparatedValuesWriter(header: header)
      for row in rows { writer.append(row) }
      var lines: [UInt8] = []
      for row in rows {
        let members = try zip(header, row).map { "\"\($0)\":" + (try encoded($1)) }
        lines += "{\(members.joined(separator: ","))}\n".utf8
      }
      let values = try Table(file: folder.write(writer.bytes, to: "t.csv"))
      let table = try Table(file: folder.write(lines, to: "t.jsonl"))
      #expect(values.header == table.header)
      #expect(values.rows.map(\.fields) == table.rows.map(\.fields))
      #expect(table.rows.map(\.fields) == rows)
    }
  }

  /// Foundation's spelling, which escapes more than it must, is an oracle for the reader.
  private func encoded(_ text: String) throws -> String {
    String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
  }

  @Test(
    "A JSON array is refused with how to make lines of it, whatever the file's name", arguments: ["a.json", "a.jsonl"])
  func arrays(name: String) throws {
    let folder = try TemporaryFolder()
    for text in ["[{\"a\": 1}]", "\n [\n  {\"a\": 1}\n]\n"] {
      let file = try folder.write(text, to: name)
      let error = try #require(throws: TableError.self) { try Table(file: file) }
      #expect(error.problem == .jsonArray && error.description.contains("one object a line"))
    }
    #expect(try Table(file: folder.write("{\"a\": 1}\n", to: name)).rows.count == 1)
  }
}
