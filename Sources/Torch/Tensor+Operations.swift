import CTorch

extension Tensor {
  /// The same elements in another shape; −1 stands for the size that fits.
  package func reshaped(_ shape: [Int]) throws(TorchError) -> Tensor {
    let extent = shape.map(Int64.init)
    return try Self.making("reshaped") { ctorch_reshape(handle, extent, Int32(extent.count), $0) }
  }

  /// Dimension i of the result is dimension `order[i]` of this tensor.
  package func permuted(_ order: [Int]) throws(TorchError) -> Tensor {
    let numbers = order.map(Int64.init)
    return try Self.making("permuted") { ctorch_permute(handle, numbers, Int32(numbers.count), $0) }
  }

  /// Repeats dimensions of size 1 up to `shape`, without copying.
  package func expanded(_ shape: [Int]) throws(TorchError) -> Tensor {
    let extent = shape.map(Int64.init)
    return try Self.making("expanded") { ctorch_expand(handle, extent, Int32(extent.count), $0) }
  }

  /// The part `range` of `dimension`, sharing its elements.
  package func narrowed(_ dimension: Int, _ range: Range<Int>) throws(TorchError) -> Tensor {
    try Self.making("narrowed") {
      ctorch_narrow(handle, Int32(dimension), Int64(range.lowerBound), Int64(range.count), $0)
    }
  }

  package static func concatenated(_ tensors: [Tensor], dimension: Int) throws(TorchError) -> Tensor {
    let handles = tensors.map { OpaquePointer?($0.handle) }
    return try making("concatenated") {
      ctorch_concatenate(handles, Int32(handles.count), Int32(dimension), $0)
    }
  }

  /// The elementwise sum, with dimensions of size 1 repeated.
  package func adding(_ other: Tensor) throws(TorchError) -> Tensor {
    try Self.making("adding") { ctorch_add(handle, other.handle, $0) }
  }

  /// x · Φ(x) with the exact error function (Hendrycks and Gimpel 2016).
  package func gelu() throws(TorchError) -> Tensor { try Self.making("gelu") { ctorch_gelu(handle, $0) } }

  /// x · weightᵀ + bias over the last dimension; `weight` is [outputs, inputs].
  package func linear(weight: Tensor, bias: Tensor?) throws(TorchError) -> Tensor {
    try Self.making("linear") { ctorch_linear(handle, weight.handle, bias?.handle, $0) }
  }

  /// `linear` of a frozen weight plus scaling · (x · aᵀ) · bᵀ (Hu et al. 2022, equation 3); `a` is [rank, inputs], `b`
  /// [outputs, rank]. The frozen weight and bias receive no gradient.
  package func loraLinear(
    weight: Tensor, bias: Tensor?, a: Tensor, b: Tensor, scaling: Double
  ) throws(TorchError) -> Tensor {
    try Self.making("loraLinear") {
      ctorch_lora_linear(handle, weight.handle, bias?.handle, a.handle, b.handle, scaling, $0)
    }
  }

  /// Normalizes the last dimension (Ba, Kiros and Hinton 2016).
  package func layerNorm(weight: Tensor, bias: Tensor, epsilon: Double) throws(TorchError) -> Tensor {
    try Self.making("layerNorm") { ctorch_layer_norm(handle, weight.handle, bias.handle, epsilon, $0) }
  }

  /// softmax(Q Kᵀ / √headDim) V with this tensor as Q (Vaswani et al. 2017, equation 1).
  ///
  /// Q is [batch, queries, width], `key` and `value` [batch, keys, width], with the heads side by side in the width; so
  /// is the result, [batch, queries, width].
  package func attention(key: Tensor, value: Tensor, heads: Int) throws(TorchError) -> Tensor {
    try Self.making("attention") { ctorch_attention(handle, key.handle, value.handle, Int64(heads), $0) }
  }

  /// The sum over rows of −log softmax(row)[label]; this tensor is [rows, classes], `labels` whole numbers [rows].
  package func crossEntropySum(labels: Tensor) throws(TorchError) -> Tensor {
    try Self.making("crossEntropySum") { ctorch_cross_entropy_sum(handle, labels.handle, $0) }
  }
}
