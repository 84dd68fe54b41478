/// Why predictions or scores made elsewhere cannot be evaluated: the file, the line, what was found and what was expected.
package struct PredictionsError: Error, Equatable, Sendable, CustomStringConvertible {
  package let file: String
  /// nil where the whole file is meant.
  package let line: Int?
  package let problem: String

  package init(_ file: String, line: Int? = nil, _ problem: String) {
    (self.file, self.line, self.problem) = (file, line, problem)
  }

  package var description: String { "\(file)\(line.map { ", line \($0)" } ?? ""): \(problem)" }
}
