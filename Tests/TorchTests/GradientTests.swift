import Support
import Testing
import Torch

/// Gradients of the fused operations against central differences.
@Suite struct GradientTests {
  private static func draws(_ count: Int, _ name: String) -> [Float] {
    var generator = RandomKey(seed: 5)[name].generator
    return (0..<count).map { _ in Float(generator.normal()) }
  }

  /// The gradient of `loss` over one flat buffer, and its central differences.
  private static func compare(
    _ shapes: [[Int]], _ loss: ([Tensor]) throws -> Tensor
  ) throws -> (analytic: [Float], numeric: [Float]) {
    let count = shapes.map { $0.reduce(1, *) }.reduce(0, +)
    var values = draws(count, "values")
    let buffer = try Tensor.zeros([count])
    var offset = 0
    let parameters = try shapes.map { shape in
      defer { offset += shape.reduce(1, *) }
      return try buffer.parameter(at: offset, shape: shape)
    }
    func value() throws -> Double {
      try values.withUnsafeBufferPointer { try buffer.write($0) }
      return try Autograd.withoutGradients { Double(try loss(parameters).floats()[0]) }
    }
    try values.withUnsafeBufferPointer { try buffer.write($0) }
    let analytic = try Autograd.gradients(of: loss(parameters), for: parameters, count: count)
    let step: Float = 1e-2
    let numeric = try (0..<count).map { index in
      let original = values[index]
      values[index] = original + step
      let above = try value()
      values[index] = original - step
      let below = try value()
      values[index] = original
      return Float((above - below) / Double(2 * step))
    }
    return (analytic, numeric)
  }

  private static func expectClose(_ pair: (analytic: [Float], numeric: [Float])) {
    let difference = zip(pair.analytic, pair.numeric).map { Double($0 - $1) * Double($0 - $1) }.reduce(0, +)
    let norm = pair.numeric.map { Double($0) * Double($0) }.reduce(0, +)
    #expect(norm > 0)
    #expect((difference / norm).squareRoot() < 1e-2)
  }

  @Test("Attention has the gradients of its definition for queries, keys and values, with one head or several")
  func attention() throws {
    let labels = try Tensor.copying(integers: [1, 0])
    for heads in [1, 2] {
      Self.expectClose(
        try Self.compare([[2, 1, 4], [2, 3, 4], [2, 3, 4]]) { parameters in
          try parameters[0].attention(key: parameters[1], value: parameters[2], heads: heads)
            .reshaped([2, 4]).crossEntropySum(labels: labels)
        })
    }
  }

  @Test("A LoRA layer has the gradients of its definition for input and factors, and none for the frozen weight")
  func loraLinear() throws {
    let labels = try Tensor.copying(integers: [1, 0, 2])
    let weight = try Tensor.copying(Self.draws(12, "weight"), shape: [3, 4])
    let bias = try Tensor.copying([0.1, -0.2, 0.3], shape: [3])
    let mask = try Tensor.copying([0, 2, 2, 0, 2, 0, 2, 2, 0, 2, 2, 2], shape: [3, 4])
    for (bias, mask) in [(bias, nil), (nil, nil), (bias, mask)] {
      Self.expectClose(
        try Self.compare([[3, 4], [2, 4], [3, 2]]) { parameters in
          let adapter = Tensor.LowRank(a: parameters[1], b: parameters[2], scaling: 0.7, mask: mask)
          return try parameters[0].linear(weight: weight, bias: bias, adapter: adapter).crossEntropySum(labels: labels)
        })
    }
  }

  @Test("A mask multiplies what the factors of LoRA receive and nothing else")
  func maskedLoRA() throws {
    let input = try Tensor.copying([1, 2, 3, 4], shape: [2, 2])
    let weight = try Tensor.copying([1, 0, 0, 1], shape: [2, 2])
    let a = try Tensor.copying([1, 1], shape: [1, 2])
    let b = try Tensor.copying([1, 10], shape: [2, 1])
    let mask = try Tensor.copying([0, 2, 2, 0], shape: [2, 2])
    let adapter = Tensor.LowRank(a: a, b: b, scaling: 1, mask: mask)
    let found = try input.linear(weight: weight, bias: nil, adapter: adapter).floats()
    #expect(found == [5, 42, 9, 64])
  }

  @Test("A linear layer has the gradients of its definition for input, weight and bias")
  func linear() throws {
    let labels = try Tensor.copying(integers: [1, 0, 2])
    Self.expectClose(
      try Self.compare([[3, 4], [3, 4], [3]]) { parameters in
        try parameters[0].linear(weight: parameters[1], bias: parameters[2]).crossEntropySum(labels: labels)
      })
  }

  @Test("Grouped attention under a mask has the gradients of its definition")
  func groupedAttention() throws {
    let labels = try Tensor.copying(integers: [1, 0, 3, 2])
    let mask = try Tensor.copying([0, 0, -1e9, 0, -1e9, 0], shape: [1, 2, 3])
    Self.expectClose(
      try Self.compare([[2, 2, 8], [2, 3, 4], [2, 3, 4]]) { parameters in
        try parameters[0].attention(key: parameters[1], value: parameters[2], mask: mask, heads: 4, keyHeads: 2)
          .reshaped([4, 8]).crossEntropySum(labels: labels)
      })
  }

  @Test("Rotation, root mean square normalization and the gated unit have the gradients of their definitions")
  func decoderLayers() throws {
    let labels = try Tensor.copying(integers: [1, 0, 3, 2])
    let cosine = try Tensor.copying([1, 0.5, 0.3, -0.2], shape: [1, 2, 2])
    let sine = try Tensor.copying([0, 0.8, -0.9, 0.4], shape: [1, 2, 2])
    Self.expectClose(
      try Self.compare([[2, 2, 8]]) { parameters in
        try parameters[0].rotated(cosine: cosine, sine: sine, heads: 2).reshaped([4, 8]).crossEntropySum(labels: labels)
      })
    Self.expectClose(
      try Self.compare([[4, 5], [5]]) { parameters in
        try parameters[0].rmsNorm(weight: parameters[1], epsilon: 0.1).crossEntropySum(labels: labels)
      })
    Self.expectClose(
      try Self.compare([[4, 5], [4, 5]]) { parameters in
        try parameters[0].gatedSiLU(parameters[1]).crossEntropySum(labels: labels)
      })
  }

  @Test("Attention leaves its inputs as they were")
  func inputsStay() throws {
    let values = Self.draws(8, "inputs")
    let tensor = try Tensor.copying(values, shape: [1, 2, 4])
    _ = try tensor.attention(key: tensor, value: tensor, heads: 1)
    #expect(try tensor.floats() == values)
  }

  @Test("Nothing is recorded without gradients, and recording goes on afterwards")
  func withoutGradients() throws {
    let buffer = try Tensor.copying([1, 2], shape: [2])
    let parameter = try buffer.parameter(at: 0, shape: [1, 2])
    let labels = try Tensor.copying(integers: [0])
    let frozen = try Autograd.withoutGradients { try parameter.crossEntropySum(labels: labels) }
    #expect(throws: TorchError.self) { try Autograd.gradients(of: frozen, for: [parameter], count: 2) }
    let loss = try parameter.crossEntropySum(labels: labels)
    #expect(try Autograd.gradients(of: loss, for: [parameter], count: 2).count == 2)
  }

  @Test("A gradient buffer of another length is refused")
  func length() throws {
    let parameter = try Tensor.zeros([2]).parameter(at: 0, shape: [1, 2])
    let loss = try parameter.crossEntropySum(labels: try Tensor.copying(integers: [0]))
    #expect(throws: TorchError.self) { try Autograd.gradients(of: loss, for: [parameter], count: 1) }
  }
}
