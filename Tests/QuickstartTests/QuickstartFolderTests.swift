import Audit
import Foundation
import Quickstart
import TestSupport
import Testing

/// A quickstart does not mix with what is in its directory.
@Suite struct QuickstartFolderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func quickstart(_ task: QuickstartTask = .imageClassification) -> Quickstart {
    Quickstart(directory: folder.path, task: task)
  }

  @Test("A new or empty directory, and one that a quickstart began, are taken")
  func own() throws {
    #expect(try !Quickstart(directory: "\(folder.path)/new").isMade())
    #expect(try !quickstart().isMade())
    for name in ["pretraining", "data"] {
      try FileManager.default.createDirectory(atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
    }
    #expect(try !quickstart().isMade())
  }

  @Test(
    "An audit's folder and a folder of data are refused", arguments: [["ledger.sqlite", "logs"], ["data"], ["a.txt"]])
  func foreign(names: [String]) throws {
    for name in names {
      try FileManager.default.createDirectory(atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
    }
    let error = try #require(throws: AuditError.self) { try quickstart().isMade() }
    #expect(error.kind == .configuration && error.description.contains("--directory"))
  }

  @Test("A specification of the same task shows that all is made; one of another task is refused")
  func specification() throws {
    try folder.write("name: mine\ntask: text-classification\n", to: "audit.yaml")
    #expect(try quickstart(.textClassification).isMade())
    for task in [QuickstartTask.imageClassification, .multipleChoice] {
      #expect(throws: AuditError.self) { try quickstart(task).isMade() }
    }
  }
}
