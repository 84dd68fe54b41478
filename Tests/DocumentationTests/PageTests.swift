import Foundation
import TestSupport
import Testing

/// What readers rely on in the pages themselves.
@Suite struct PageTests {
  @Test("Every link to a file or heading of the repository leads there", arguments: try Documentation.pages())
  func links(page: String) throws {
    let folder = (page as NSString).deletingLastPathComponent
    for match in try Documentation.text(of: page).matches(of: /\]\(([^)\s]+)\)/) {
      let target = String(match.1)
      guard !target.contains("://") else { continue }
      let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let file = parts[0].isEmpty ? page : folder.isEmpty ? parts[0] : "\(folder)/\(parts[0])"
      let path = Repository.root.appending(path: file).standardizedFileURL
      #expect(FileManager.default.fileExists(atPath: path.path), "\(page): \(target)")
      guard parts.count == 2, let text = try? String(contentsOf: path, encoding: .utf8) else { continue }
      let anchors = text.split(separator: "\n").filter { $0.hasPrefix("#") }.map(Self.anchor)
      #expect(anchors.contains(parts[1]), "\(page): \(target)")
    }
  }

  /// A heading's anchor as GitHub makes it.
  private static func anchor(_ heading: Substring) -> String {
    heading.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces).lowercased()
      .filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == " " || $0 == "_" }.replacing(" ", with: "-")
  }

  @Test("Every page of docs is listed in its index and every file that a page names exists")
  func index() throws {
    let index = try Documentation.text(of: "docs/README.md")
    for page in try Documentation.pages() where page.hasPrefix("docs/") && page != "docs/README.md" {
      #expect(index.contains("](\(page.dropFirst("docs/".count)))"), "\(page)")
    }
    // The changelog names what is gone.
    for page in try Documentation.pages() where page != "CHANGELOG.md" {
      for match in try Documentation.text(of: page).matches(
        of: /`((?:Sources|Tests|Deploy|Protos|scripts)\/[\w\/.+-]+)`/)
      {
        let path = Repository.root.appending(path: String(match.1)).path
        #expect(FileManager.default.fileExists(atPath: path), "\(page): \(match.1)")
      }
    }
  }

  @Test("The README stays a first page: at most 6,000 bytes")
  func length() throws {
    #expect(try Documentation.text(of: "README.md").utf8.count <= 6_000)
  }
}
