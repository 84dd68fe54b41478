/// Where every key of a specification stands in its file, for errors that only data or checkpoint bring to light.
package struct SpecificationPlaces: Sendable, Equatable {
  package let file: String
  /// The line, from 1, by the key's path, for example `arms[1].lora.targets[0]`.
  private let lines: [String: Int]

  init(of root: YAMLValue) {
    file = root.file
    var lines: [String: Int] = [:]
    root.visit { lines[$0.key] = $0.line }
    self.lines = lines
  }

  /// An error about the value at `key`.
  package func failure(at key: String, _ problem: String) -> SpecificationError {
    SpecificationError(file: file, line: lines[key], key: key, problem: problem)
  }
}
