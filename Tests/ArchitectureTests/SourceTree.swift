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
    var imports: Set<String> = []
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
      var library = found[name] ?? Library(folder: parts[0], name: name)
      if path.hasSuffix(".swift") {
        let text = try String(contentsOfFile: "\(sources)/\(path)", encoding: .utf8)
        library.files["Sources/\(path)"] = text
        library.imports.formUnion(Self.imports(of: text))
      }
      found[name] = library
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

  /// The modules of lines such as "package import Support".
  private static func imports(of file: String) -> [String] {
    let access: Set<Substring> = ["package", "internal", "public", "private", "fileprivate"]
    return file.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      let rest = words.first.map(access.contains) == true ? words.dropFirst() : words[...]
      return rest.count == 2 && rest.first == "import" ? rest.last.map(String.init) : nil
    }
  }
}
