import Foundation
import Support
import TestSupport
import Testing

/// One table of exit codes for every command.
@Suite struct ExitCodeTests {
  @Test("docs/running.md lists every exit code, and no others")
  func table() throws {
    let page = try Documentation.text(of: "docs/running.md")
    let start = try #require(page.firstRange(of: "## Exit codes")).upperBound
    let end = try #require(page[start...].firstRange(of: "\n## ")).lowerBound
    let codes = page[start..<end].matches(of: /\n\| (\d+) \|/).compactMap { Int32($0.1) }
    #expect(codes == CommandStatus.allCases.map(\.rawValue))
  }

  @Test("No command ends with a code of its own")
  func literals() throws {
    let folder = Repository.root.appending(path: "Sources/Apps")
    let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
    var found = 0
    for case let file as URL in files where file.pathExtension == "swift" {
      let text = try String(contentsOf: file, encoding: .utf8)
      #expect(text.firstMatch(of: /\bexit\(-?\d|ExitCode\(\s*-?\d|otherwise: \d/) == nil, "\(file.lastPathComponent)")
      found += 1
    }
    #expect(found > 20)
  }
}
