import Foundation
import Specification
import TestSupport
import Testing

/// The tables of docs/specification.md, held against the keys that the reader accepts.
@Suite struct DocumentedKeysTests {
  private static func rows() throws -> [(key: String, cells: [String])] {
    let page = try String(contentsOf: Repository.root.appending(path: "docs/specification.md"), encoding: .utf8)
    return page.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      return (cells[0].trimmingCharacters(in: CharacterSet(charactersIn: "`")), cells)
    }
  }

  @Test("Every key that the reader accepts is in the tables, once, and every key in the tables is accepted")
  func keys() throws {
    let documented = try Self.rows().map(\.key)
    #expect(Set(documented).subtracting(SpecificationSection.paths) == [], "in the page, unknown to the reader")
    #expect(Set(SpecificationSection.paths).subtracting(documented) == [], "known to the reader, not in the page")
    #expect(documented.count == Set(documented).count)
  }

  @Test("Every key has a meaning, a default and an example")
  func columns() throws {
    for row in try Self.rows() { #expect(row.cells.count == 4 && row.cells.allSatisfy { !$0.isEmpty }, "\(row.key)") }
  }

  @Test("The reader accepts exactly the keys of a section, wherever that section is")
  func reader() throws {
    // A key of every section that no section has, at the place where the section is.
    for (old, new) in [
      ("name: smile", "name: smile\nodd: 1"), ("  label: smiling", "  label: smiling\n  odd: 1"),
      ("{name: religion,", "{odd: 1, name: religion,"), ("split: {", "split: {odd: 1, "),
      ("rank: 8,", "rank: 8, odd: 1,"),
      ("{last: 2}", "{odd: 2}"), ("training: {", "training: {odd: 1, "), ("lora: {rate:", "lora: {odd: 1, rate:"),
      ("privacy: {", "privacy: {odd: 1, "), ("decision: {", "decision: {odd: 1, "),
    ] {
      let error = #expect(throws: SpecificationError.self, "\(new)") {
        try Specification(yaml: SpecificationTests.valid.replacing(old, with: new), file: "audit.yaml")
      }
      #expect(error?.key.hasSuffix("odd") == true && error?.problem.hasPrefix("unknown key") == true, "\(new)")
    }
  }
}
