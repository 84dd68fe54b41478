internal import Optimization
internal import Support

/// The slices that a reducer holds, by their identifiers; pure.
struct SliceShelf {
  private(set) var slices: [UInt64: ParameterSlice] = [:]

  /// Nodes that are kept for one step; who sends more is no honest worker.
  private static let mostGradients = 4_096

  /// A node's slice has come; nil where nobody waits for it any more, or it does not fit.
  mutating func take(_ node: GradientSum, slice: UInt64, step: Int, lease: Int) -> ParameterSlice.Receipt? {
    guard let held = slices[slice], held.step == step, held.gradientCount < Self.mostGradients else { return nil }
    return try? slices[slice]?.take(node, lease: lease)
  }

  /// The parameters before a step; nil where they are not here.
  func parameters(slice: UInt64, version: Int) -> FloatBuffer? {
    guard let held = slices[slice], held.step == version else { return nil }
    return held.parameters
  }

  /// Changes the slice if it stands before `step`.
  ///
  /// - Throws: `ShelfError` where it does not.
  mutating func change<Value>(_ slice: UInt64, step: Int, _ body: (inout ParameterSlice) throws -> Value) throws
    -> Value
  {
    guard let index = slices.index(forKey: slice) else { throw ShelfError.unknown(slice: slice) }
    guard slices.values[index].step == step else {
      throw ShelfError.otherStep(slice: slice, expected: step, found: slices.values[index].step)
    }
    return try body(&slices.values[index])
  }

  mutating func insert(_ slice: ParameterSlice, identifier: UInt64) { slices[identifier] = slice }

  mutating func remove(_ slice: UInt64) { slices[slice] = nil }
}

/// A request that does not fit what the reducer holds.
enum ShelfError: Error, CustomStringConvertible {
  case unknown(slice: UInt64)
  case otherStep(slice: UInt64, expected: Int, found: Int)
  case numbers(expected: Int, found: Int)

  var description: String {
    switch self {
    case .unknown(let slice): "slice \(slice) is not here"
    case .otherStep(let slice, let expected, let found):
      "slice \(slice) stands before step \(found), expected \(expected)"
    case .numbers(let expected, let found): "\(found) numbers came for a slice, expected \(expected)"
    }
  }
}
