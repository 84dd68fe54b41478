import Foundation
import TestSupport
import Testing

/// The drawing of the layers in docs/architecture.md.
@Suite struct DrawingTests {
  /// The lines between the marks, each joined with the lines that continue it.
  private static func rows() throws -> [(folder: String, name: String, sees: Set<String>)] {
    let page = try String(contentsOf: Repository.root.appending(path: "docs/architecture.md"), encoding: .utf8)
    let start = try #require(page.firstRange(of: "<!-- layers: scripts/draw-layers -->\n```text\n")).upperBound
    let end = try #require(page[start...].firstRange(of: "```\n<!-- end of layers -->")).lowerBound
    var rows: [(folder: String, name: String, sees: Set<String>)] = []
    var folder = ""
    for line in page[start..<end].split(separator: "\n") {
      let parts = line.split(separator: "─▶", maxSplits: 1)
      let head = parts[0].split(separator: " ").map(String.init)
      let isContinued = parts.count == 1 && line.hasPrefix(String(repeating: " ", count: 20))
      let names = Set(
        (isContinued ? parts[0] : parts.count > 1 ? parts[1] : "").matches(of: /[\w-]+/).map { String($0.0) })
      if isContinued {
        let last = try #require(rows.last)
        rows.removeLast()
        rows.append((last.folder, last.name, last.sees.union(names)))
        continue
      }
      if !line.hasPrefix(" ") { folder = head[0] }
      rows.append((folder, try #require(head.last), names))
    }
    return rows
  }

  @Test("The drawing shows every library in its folder with what it imports; scripts/draw-layers writes it anew")
  func drawing() throws {
    let tree = try SourceTree()
    let rows = try Self.rows()
    #expect(rows.map(\.name).sorted() == tree.libraries.map(\.name).sorted())
    for row in rows {
      let library = try #require(tree[row.name])
      #expect(library.folder == row.folder, "\(row.name)")
      #expect(tree.imports(of: library) == row.sees, "\(row.name)")
    }
  }

  @Test("The architecture says of every library what it is for")
  func purposes() throws {
    let page = try String(contentsOf: Repository.root.appending(path: "docs/architecture.md"), encoding: .utf8)
    for library in try SourceTree().libraries where library.folder != "C" {
      #expect(page.contains("| `\(library.name)` |"), "\(library.name)")
    }
  }

  @Test("Every type, and every function of one, that the architecture names is declared in Sources")
  func names() throws {
    let page = try String(contentsOf: Repository.root.appending(path: "docs/architecture.md"), encoding: .utf8)
    let tree = try SourceTree()
    // The words after "struct", "func" and so on.
    var declared: Set<Substring> = []
    for text in tree.libraries.flatMap(\.files.values) {
      for line in text.split(separator: "\n") {
        let words = line.split { " (<:{".contains($0) }
        for (word, next) in zip(words, words.dropFirst())
        where ["struct", "class", "enum", "protocol", "func"].contains(word) {
          declared.insert(next)
        }
      }
    }
    let others = Set(tree.libraries.map(\.name) + tree.libraries.map(\.folder) + ["Sources", "Package"])
    for match in page.matches(of: /`([A-Z]\w+)(?:\.(\w+))?(?:\([\w:…]*\))?`/) where !others.contains(String(match.1)) {
      #expect(declared.contains(match.1), "there is no type \(match.1)")
      if let member = match.2 { #expect(declared.contains(member), "there is no function \(match.1).\(member)") }
    }
  }
}
