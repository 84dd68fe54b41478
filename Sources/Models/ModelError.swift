/// A request that does not fit the model.
package enum ModelError: Error, Hashable, CustomStringConvertible {
  /// Pixels of another shape than the model takes.
  case pixels(expected: String, found: [Int])
  /// Labels in another number than images, or outside the head's classes.
  case labels(expected: String, found: [Int])
  /// A flat buffer of another length than the layout.
  case parameterCount(expected: Int, found: Int)
  /// A tensor that the checkpoint lacks or holds in another shape.
  case tensor(name: String, expected: [Int], found: [Int]?)
  /// An image whose bytes do not fit its size, or that may not be resized.
  case image(expected: String, found: String)

  package var description: String {
    switch self {
    case .pixels(let expected, let found): "pixels of the shape \(found); the model takes \(expected)"
    case .labels(let expected, let found): "labels \(found); expected \(expected)"
    case .parameterCount(let expected, let found): "\(found) parameters; the layout has \(expected)"
    case .tensor(let name, let expected, let found):
      "the tensor \"\(name)\" is \(found.map { "of the shape \($0)" } ?? "missing"); expected \(expected)"
    case .image(let expected, let found): "image of \(found); expected \(expected)"
    }
  }
}
