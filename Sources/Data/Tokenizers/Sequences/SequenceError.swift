/// Why a text cannot be turned into tokens, and where it stands.
package struct SequenceError: Error, Hashable, CustomStringConvertible {
  package let file: String
  /// The physical line, counted from one.
  package let line: Int?
  package let problem: String

  package init(file: String, line: Int?, problem: String) {
    self.file = file
    self.line = line
    self.problem = problem
  }

  package var description: String { line.map { "\(file), line \($0): \(problem)" } ?? "\(file): \(problem)" }
}
