import ArgumentParser
import Foundation

/// Options that name files and folders.
enum PathOptions {
  /// Refuses empty paths: what is written below one would be written into the root of the file system.
  ///
  /// - Parameter paths: by the option's name; nil if it was left out.
  static func requireNotEmpty(_ paths: KeyValuePairs<String, String?>) throws {
    for (name, path) in paths where path?.isEmpty == true {
      throw ValidationError("\(name) is empty; expected a path, such as . for this folder")
    }
  }

  /// Checks that the folder holds nothing else, such as an audit's results, which must not be overwritten.
  ///
  /// - Parameters:
  ///   - kind: what is written, with its article.
  ///   - entries: the names that it has in its folder.
  static func requireOwnFolder(_ folder: String, of kind: String, entries: Set<String>) throws {
    let contents = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    guard contents.allSatisfy(entries.contains) else {
      throw CommandError("\(folder): the folder holds something other than \(kind); choose an empty or a new --output")
    }
  }
}
