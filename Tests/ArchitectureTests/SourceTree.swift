import Foundation
import TestSupport

/// The libraries of Sources and what their files import, read from the files themselves.
struct SourceTree {
  struct Library {
    /// The folder of Sources that the library lies in, such as Cluster.
    let folder: String
    let name: String
    /// The Swift files, by their path from the repository's root.
    var files: [String: String] = [:]

    /// The modules that its files import: libraries of this package and others.
    var imports: Set<String> { files.values.reduce(into: []) { $0.formUnion(SourceTree.imports(of: $1)) } }
  }

  /// Every library, C modules included.
  let libraries: [Library]

  init(root: URL = Repository.root) throws {
    let sources = root.appending(path: "Sources").path(percentEncoded: false)
    var found: [String: Library] = [:]
    for case let path as String in FileManager.default.enumerator(atPath: sources) ?? .init() {
      guard [".swift", ".modulemap", ".h"].contains(where: path.hasSuffix) else { continue }
      let parts = path.split(separator: "/").map(String.init)
      let name = parts[0] == "Support" ? parts[0] : parts[1]
      let file = path.hasSuffix(".swift") ? try String(contentsOfFile: "\(sources)/\(path)", encoding: .utf8) : nil
      found[name, default: Library(folder: parts[0], name: name)].files["Sources/\(path)"] = file
    }
    libraries = found.values.sorted { $0.name < $1.name }
  }

  subscript(name: String) -> Library? { libraries.first { $0.name == name } }

  /// The libraries of this package that a library's files import.
  func imports(of library: Library) -> Set<String> {
    library.imports.intersection(libraries.map(\.name)).subtracting([library.name])
  }

  /// Everything that a library reaches by its imports and theirs.
  func reach(of name: String) -> Set<String> {
    var reached: Set<String> = []
    var next = [name]
    while let current = next.popLast() {
      guard let library = self[current] else { continue }
      for module in imports(of: library) where reached.insert(module).inserted { next.append(module) }
    }
    return reached
  }

  private static func imports(of file: String) -> [String] {
    file.matches(of: /(?m)^(?:(?:package|internal|public|private|fileprivate) )?import (\w+)$/).map { String($0.1) }
  }
}
