import Foundation
import Planning
import TestSupport
import Testing

@Suite struct PublishedSpecificationsTests {
  private static let root = Repository.root

  @Test("Every specification in Deploy/audits can be read")
  func deployed() throws {
    let folder = Self.root.appending(path: "Deploy/audits")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
    #expect(!names.isEmpty)
    for name in names {
      let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
      #expect(throws: Never.self) { try Specification(yaml: text, file: name) }
    }
  }

  @Test("The specification in the README can be read")
  func readme() throws {
    let readme = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
    let block = try #require(readme.components(separatedBy: "```yaml\n").dropFirst().first)
    let text = try #require(block.components(separatedBy: "```").first)
    let specification = try Specification(yaml: text, file: "README.md")
    #expect(specification.name == "smile" && specification.seeds.count == 5)
  }
}
