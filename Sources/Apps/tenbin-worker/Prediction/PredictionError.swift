/// Why nothing can be predicted, with the file it speaks of.
package struct PredictionError: Error, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}
