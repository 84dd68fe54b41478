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

  /// The rows `indices` of this tensor with all dimensions but the last as one: [..., width] to [indices, width].
  package func selectedRows(_ indices: [Int], on device: Device) throws(TorchError) -> Tensor {
    let indices = try Tensor.copying(integers: indices, on: device)
    return try Self.making("selectedRows") { ctorch_select_rows(handle, indices.handle, $0) }
  }

  /// The elementwise sum, with dimensions of size 1 repeated; of the wider of the two types.
  package func adding(_ other: Tensor) throws(TorchError) -> Tensor {
    try Self.making("adding") { ctorch_add(handle, other.handle, $0) }
  }

  /// x · Φ(x) with the exact error function (Hendrycks and Gimpel 2016).
  package func gelu() throws(TorchError) -> Tensor { try Self.making("gelu") { ctorch_gelu(handle, $0) } }

  /// silu(x) · up, with silu(x) = x · σ(x) and this tensor as x (Shazeer 2020, SwiGLU).
  package func gatedSiLU(_ up: Tensor) throws(TorchError) -> Tensor {
    try Self.making("gatedSiLU") { ctorch_gated_silu(handle, up.handle, $0) }
  }

  /// The LoRA factors of a linear layer.
  package struct LowRank {
    /// [rank, inputs], or of several models [models, rank, inputs]
    package let a: Tensor
    /// [outputs, rank], or of several models [models, outputs, rank]
    package let b: Tensor
    package let scaling: Double
    /// What the input of `a` is multiplied by, of the input's shape, or nil.
    package let mask: Tensor?

    package init(a: Tensor, b: Tensor, scaling: Double, mask: Tensor? = nil) {
      self.a = a
      self.b = b
      self.scaling = scaling
      self.mask = mask
    }
  }

  /// x · weightᵀ + bias over the last dimension, plus scaling · ((x ∘ mask) · aᵀ) · bᵀ with an adapter (Hu et al. 2022,
  /// equation 3); `weight` is [outputs, inputs]. Computed in `type`, which the result has; gradients have the types of
  /// what they belong to.
  ///
  /// Several models are computed at once where the adapter, or weight and bias, have a dimension of models in front;
  /// this tensor's rows then belong to one model after another, the same number for each.
  package func linear(
    weight: Tensor, bias: Tensor?, adapter: LowRank? = nil, in type: ScalarType = .float32
  ) throws(TorchError) -> Tensor {
    let factors = CTorchLowRank(
      a: adapter?.a.handle, b: adapter?.b.handle, mask: adapter?.mask?.handle, scaling: adapter?.scaling ?? 1)
    return try Self.making("linear") {
      ctorch_linear(handle, weight.handle, bias?.handle, factors, type.number, $0)
    }
  }

  /// Normalizes the last dimension (Ba, Kiros and Hinton 2016), in 32 bits; the result is of `type`.
  package func layerNorm(
    weight: Tensor, bias: Tensor, epsilon: Double, returning type: ScalarType = .float32
  ) throws(TorchError) -> Tensor {
    try Self.making("layerNorm") {
      ctorch_layer_norm(handle, weight.handle, bias.handle, epsilon, type.number, $0)
    }
  }

  /// The sum of this tensor and `update`, and the layer normalization of the sum, in one pass; the sum is of 32 bits,
  /// its normalization of `type`.
  package func addingAndNormalizing(
    _ update: Tensor, weight: Tensor, bias: Tensor, epsilon: Double, returning type: ScalarType = .float32
  ) throws(TorchError) -> (sum: Tensor, normalized: Tensor) {
    var sum: OpaquePointer?
    let normalized = try Self.making("addingAndNormalizing") {
      ctorch_add_layer_norm(
        handle, update.handle, weight.handle, bias.handle, epsilon, type.number, &sum, $0)
    }
    guard let sum else { throw .failed(operation: "addingAndNormalizing", reason: "libtorch returned nothing") }
    return (Tensor(owning: sum), normalized)
  }

  /// x / √(mean(x²) + epsilon) · weight over the last dimension (Zhang and Sennrich 2019), in 32 bits; the result is of
  /// `type`.
  package func rmsNorm(
    weight: Tensor, epsilon: Double, returning type: ScalarType = .float32
  ) throws(TorchError) -> Tensor {
    try Self.making("rmsNorm") { ctorch_rms_norm(handle, weight.handle, epsilon, type.number, $0) }
  }

  /// softmax(Q Kᵀ / √headDim + mask) V with this tensor as Q (Vaswani et al. 2017, equation 1).
  ///
  /// Q is [batch, queries, width], with the heads side by side in the width; so is the result. `key` and `value` are
  /// [batch, keys, …] with `keyHeads` heads, each shared by as many heads of queries (Ainslie et al. 2023). `mask` is
  /// added to every head's scores: [batch or 1, queries, keys].
  package func attention(
    key: Tensor, value: Tensor, mask: Tensor? = nil, heads: Int, keyHeads: Int? = nil
  ) throws(TorchError) -> Tensor {
    try Self.making("attention") {
      ctorch_attention(handle, key.handle, value.handle, mask?.handle, Int64(heads), Int64(keyHeads ?? heads), $0)
    }
  }

  /// The same over all keys and values of a cache, behind whose `length` tokens those of `key` and `value` are put;
  /// without gradients. `keys` and `values` are [batch · keyHeads, capacity, headDim].
  package func attention(
    key: Tensor, value: Tensor, cached keys: Tensor, _ values: Tensor, length: Int, mask: Tensor?, heads: Int,
    keyHeads: Int
  ) throws(TorchError) -> Tensor {
    try Self.making("attention") {
      ctorch_cached_attention(
        handle, key.handle, value.handle, keys.handle, values.handle, Int64(length), mask?.handle, Int64(heads),
        Int64(keyHeads), $0)
    }
  }

  /// Rotary position embedding (Su et al. 2021, equation 34), the first half of every head against its second.
  ///
  /// This tensor is [batch, tokens, heads · headDim], `cosine` and `sine` are [batch or 1, tokens, headDim / 2].
  package func rotated(cosine: Tensor, sine: Tensor, heads: Int) throws(TorchError) -> Tensor {
    try Self.making("rotated") { ctorch_rotary(handle, cosine.handle, sine.handle, Int64(heads), $0) }
  }

  /// The rows of this table [rows, width] that whole numbers name, as 32-bit floats: [..., width].
  package func embedding(_ indices: Tensor) throws(TorchError) -> Tensor {
    try Self.making("embedding") { ctorch_embedding(handle, indices.handle, $0) }
  }

  /// −log softmax(row)[label] of every row, [rows]; this tensor is [rows, classes], `labels` whole numbers [rows].
  package func crossEntropyRows(labels: Tensor) throws(TorchError) -> Tensor {
    try Self.making("crossEntropyRows") { ctorch_cross_entropy_rows(handle, labels.handle, $0) }
  }

  /// The dot product of this tensor and `weights`; both have one dimension.
  package func weightedSum(_ weights: Tensor) throws(TorchError) -> Tensor {
    try Self.making("weightedSum") { ctorch_dot(handle, weights.handle, $0) }
  }

  /// The sum over rows of −log softmax(row)[label]; this tensor is [rows, classes], `labels` whole numbers [rows].
  package func crossEntropySum(labels: Tensor) throws(TorchError) -> Tensor {
    try Self.making("crossEntropySum") { ctorch_cross_entropy_sum(handle, labels.handle, $0) }
  }
}
