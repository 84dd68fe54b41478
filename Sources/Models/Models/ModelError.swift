/// A request that does not fit the model.
package enum ModelError: Error, Hashable, CustomStringConvertible {
  /// Pixels of another shape than the model takes.
  case pixels(expected: String, found: [Int])
  /// A model of another kind than requested.
  case architecture(expected: String, found: String)
  /// Tokens that the model does not know, or texts that make no batch.
  case tokens(expected: String, found: String)
  /// Labels in another number than items, or outside the head's classes.
  case labels(expected: String, found: [Int])
  /// Keys of dropout in another number than images.
  case dropoutKeys(expected: Int, found: Int)
  /// Several models at once where every weight is trained, or in another number than the model has.
  case models(found: Int)
  /// A flat buffer of another length than the layout.
  case parameterCount(expected: Int, found: Int)
  /// A tensor that is missing in the checkpoint or has another shape.
  case tensor(name: String, expected: [Int], found: [Int]?)
  /// An image whose bytes do not fit its size, or that may not be resized.
  case image(expected: String, found: String)

  package var description: String {
    switch self {
    case .pixels(let expected, let found): "pixels of the shape \(found); the model takes \(expected)"
    case .architecture(let expected, let found): "the checkpoint is \(found); expected \(expected)"
    case .tokens(let expected, let found): "tokens: expected \(expected), found \(found)"
    case .labels(let expected, let found): "labels \(found); expected \(expected)"
    case .dropoutKeys(let expected, let found): "\(found) keys of dropout; expected one for each of \(expected) images"
    case .models(let found):
      "\(found) models at once do not fit; each must train few weights and have the same number of images"
    case .parameterCount(let expected, let found): "\(found) parameters; the layout has \(expected)"
    case .tensor(let name, let expected, let found):
      "the tensor \"\(name)\" is \(found.map { "of the shape \($0)" } ?? "missing"); expected \(expected)"
    case .image(let expected, let found): "image of \(found); expected \(expected)"
    }
  }
}

extension ModelError {
  /// Throws unless `labels` has one class below `classes` for each of `items`.
  static func check(labels: [Int], items: Int, classes: Int) throws(ModelError) {
    guard labels.count == items, labels.allSatisfy((0..<classes).contains) else {
      throw .labels(expected: "\(items) numbers from 0 to \(classes - 1)", found: labels)
    }
  }
}
