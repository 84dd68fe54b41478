internal import Foundation

/// Where the remedies for one group and arm of an audit are tried.
package struct RemedyFolder: Sendable, Equatable {
  package let path: String

  /// - Parameters:
  ///   - path: nil for the folder `remedies` of the audit.
  package init(path: String?, audit: String) { self.path = path ?? "\(audit)/remedies" }

  package func specification(of remedy: Remedy) -> String { "\(path)/\(remedy.name).yaml" }

  package func audit(of remedy: Remedy) -> String { "\(path)/\(remedy.name)" }

  package var comparison: String { "\(path)/comparison" }

  /// Whether the remedy was trained and evaluated.
  package func isDone(_ remedy: Remedy) -> Bool {
    FileManager.default.fileExists(atPath: "\(audit(of: remedy))/results.json")
  }
}
