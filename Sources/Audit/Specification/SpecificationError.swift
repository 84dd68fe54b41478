/// Something in a specification that is not as it must be.
package struct SpecificationError: Error, Equatable, Sendable, CustomStringConvertible {
  package var file: String
  /// The line in the file, from 1; nil where the file as a whole is meant.
  package var line: Int?
  /// The key's path, for example `training.epochs`; empty for the file as a whole.
  package var key: String
  /// What is wrong and what was expected.
  package var problem: String

  package init(file: String, line: Int?, key: String, problem: String) {
    self.file = file
    self.line = line
    self.key = key
    self.problem = problem
  }

  package var description: String {
    let place = line.map { "\(file):\($0)" } ?? file
    return key.isEmpty ? "\(place): \(problem)" : "\(place): \(key): \(problem)"
  }
}
