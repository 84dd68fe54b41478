package import Foundation

/// Where the repository lies, and what tests use of it.
package enum Repository {
  /// The folder that holds Package.swift.
  package static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The Python with the oracles, which `scripts/setup --tests` makes.
  package static let python = root.appending(path: ".python/bin/python")

  /// Data sets and checkpoints that other people published and that are no part of this repository: the folder that
  /// TENBIN_TEST_DATA names. Nil, and the tests that read it are skipped, where the variable is not set.
  package static let publishedData: String? = {
    let folder = ProcessInfo.processInfo.environment["TENBIN_TEST_DATA"] ?? ""
    return folder.isEmpty ? nil : folder
  }()

  /// Why a test that reads `name` in the folder of published data is skipped.
  package static func needsPublishedData(_ name: String) -> String {
    "needs \(name) in a folder of published data; name the folder with TENBIN_TEST_DATA"
  }

  /// Whether the folder of published data holds all of `names`.
  package static func hasPublishedData(_ names: String...) -> Bool {
    guard let publishedData else { return false }
    return names.allSatisfy { FileManager.default.fileExists(atPath: "\(publishedData)/\($0)") }
  }

  package static var hasPython: Bool { FileManager.default.isExecutableFile(atPath: python.path) }
}
