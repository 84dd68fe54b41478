internal import Foundation

/// The files of a folder and of those in it, by their paths from there.
struct FolderListing {
  /// In the order of their names' bytes, which is the same on every machine.
  private(set) var files: [String] = []
  /// What is neither a regular file, nor a link to one, nor a folder; links to folders, which may lead in circles, too.
  private(set) var others: [String] = []

  init(_ folder: String) throws(ManifestError) {
    try add("", of: folder)
    files.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    others.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private mutating func add(_ prefix: String, of folder: String) throws(ManifestError) {
    for entry in try Self.entries(of: prefix.isEmpty ? folder : "\(folder)/\(prefix)", root: folder) {
      let name = prefix + entry
      switch Self.kind(of: "\(folder)/\(name)") {
      case .folder: try add(name + "/", of: folder)
      case .file: files.append(name)
      case .other: others.append(name)
      }
    }
  }

  private static func entries(of path: String, root: String) throws(ManifestError) -> [String] {
    func failure(_ reason: String) -> ManifestError {
      ManifestError(file: root, line: nil, problem: .unreadableFolder(path: path, reason: reason))
    }
    guard !path.utf8.contains(0) else { throw failure("a path cannot hold a zero byte") }
    guard let stream = opendir(path) else { throw failure(String(cString: strerror(errno))) }
    defer { closedir(stream) }
    var names: [String] = []
    errno = 0
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { names.append(name) }
    }
    guard errno == 0 else { throw failure(String(cString: strerror(errno))) }
    return names
  }

  private enum Kind { case folder, file, other }

  private static func kind(of path: String) -> Kind {
    var status = stat()
    // A file that was removed, or whose name is not UTF-8, is judged by its text like any other file.
    guard lstat(path, &status) == 0 else { return .file }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: return .folder
    case S_IFREG: return .file
    case S_IFLNK: return stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG ? .other : .file
    default: return .other
    }
  }
}
