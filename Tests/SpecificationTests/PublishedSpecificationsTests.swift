import Foundation
import Specification
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

  @Test("The specification in docs/first-audit.md can be read")
  func documented() throws {
    let page = "docs/first-audit.md"
    let text = try Documentation.block(of: "yaml", beginning: "name:", in: page)
    let specification = try Specification(yaml: text, file: page)
    #expect(specification.name == "smile" && specification.seeds.count == 5)
  }
}
