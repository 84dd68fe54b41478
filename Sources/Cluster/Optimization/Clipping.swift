package import Support

/// Clipping by the norm of the whole gradient (Pascanu, Mikolov and Bengio 2013).
package enum Clipping {
  /// What to multiply `gradient` × `scale` by so that its Euclidean norm is at most `limit`; 1 if it is already.
  package static func factor(gradient: FloatBuffer, scale: Float, limit: Double) -> Float {
    let squares = sectionSquares(gradient.floats, VectorSections(count: gradient.count))
    return factor(sectionSquares: squares, scale: scale, limit: limit)
  }

  /// The factor of a gradient whose sections' sums of squares are known, in order.
  package static func factor(sectionSquares: [Double], scale: Float, limit: Double) -> Float {
    let norm = sectionSquares.reduce(0, +).squareRoot() * Double(scale)
    return norm > limit ? Float(limit / (norm + 1e-6)) : 1
  }

  /// The sums of squares of the sections of a vector, or of a slice of one, divided into the sections of the whole
  /// vector.
  package static func sectionSquares(_ floats: UnsafeBufferPointer<Float>, _ sections: VectorSections) -> [Double] {
    stride(from: 0, to: floats.count, by: sections.size).map { start in
      sumOfSquares(floats[start..<min(floats.count, start + sections.size)])
    }
  }

  /// Pairwise, so that the error grows with the logarithm of the length.
  private static func sumOfSquares(_ values: Slice<UnsafeBufferPointer<Float>>) -> Double {
    if values.count <= 256 { return values.reduce(0) { $0 + Double($1) * Double($1) } }
    let middle = values.startIndex + values.count / 2
    return sumOfSquares(values[..<middle]) + sumOfSquares(values[middle...])
  }
}
