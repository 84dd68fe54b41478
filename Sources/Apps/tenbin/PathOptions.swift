import ArgumentParser

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
}
