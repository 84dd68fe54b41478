/// Clipping by the norm of the whole gradient (Pascanu, Mikolov and Bengio 2013).
package enum Clipping {
  /// What to multiply `gradient` × `scale` by so that its Euclidean norm is at most `limit`; 1 where it is already.
  package static func factor(gradient: FloatBuffer, scale: Float, limit: Double) -> Float {
    let norm = sumOfSquares(gradient.floats[...]).squareRoot() * Double(scale)
    return norm > limit ? Float(limit / (norm + 1e-6)) : 1
  }

  /// Pairwise, so that the error grows with the logarithm of the length.
  private static func sumOfSquares(_ values: Slice<UnsafeBufferPointer<Float>>) -> Double {
    if values.count <= 256 { return values.reduce(0) { $0 + Double($1) * Double($1) } }
    let middle = values.startIndex + values.count / 2
    return sumOfSquares(values[..<middle]) + sumOfSquares(values[middle...])
  }
}
