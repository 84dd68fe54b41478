/// Why no texts could be generated.
package struct ReviewGeneratorError: Error, Hashable, CustomStringConvertible {
  /// What was asked for, such as "reviews of each author".
  package let what: String
  package let count: Int

  package init(what: String, count: Int) {
    self.what = what
    self.count = count
  }

  package var description: String { "cannot write \(count) \(what); expected at least one" }
}
