package import Foundation

/// Where the repository lies, and what tests use of it.
package enum Repository {
  /// The folder that holds Package.swift.
  package static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The Python with the oracles, which `scripts/setup --tests` makes.
  package static let python = root.appending(path: ".python/bin/python")

  package static var hasPython: Bool { FileManager.default.isExecutableFile(atPath: python.path) }
}
