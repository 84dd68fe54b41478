/// One tensor as the header of a safetensors file describes it.
package struct TensorEntry: Hashable, Sendable {
  package let name: String
  package let type: ElementType
  package let shape: [Int]
  /// The bytes of the tensor, counted from the end of the header.
  package let range: Range<Int>

  /// The product of the shape; 1 for a scalar.
  package var elementCount: Int { range.count / type.byteCount }

  /// The bytes that `shape` elements of `type` take, or nil where that overflows.
  static func byteCount(shape: [Int], type: ElementType) -> Int? {
    var total = type.byteCount
    // A zero makes the product zero, whatever overflows beside it.
    if shape.contains(0) { return 0 }
    for dimension in shape {
      let (product, overflow) = total.multipliedReportingOverflow(by: dimension)
      if overflow { return nil }
      total = product
    }
    return total
  }
}
