internal import Foundation

/// Why memory cannot be shared.
package struct SharedMemoryError: Error, Equatable, Sendable, CustomStringConvertible {
  package let file: String
  package let problem: String

  package init(file: String, problem: String) {
    self.file = file
    self.problem = problem
  }

  /// What the system said last.
  init(file: String) { self.init(file: file, problem: String(cString: strerror(errno))) }

  package var description: String { "\(file): \(problem)" }
}
