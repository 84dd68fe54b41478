import RandomNumbers
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
    for bias in [bias, nil] {
      Self.expectClose(
        try Self.compare([[3, 4], [2, 4], [3, 2]]) { parameters in
          try parameters[0].loraLinear(weight: weight, bias: bias, a: parameters[1], b: parameters[2], scaling: 0.7)
            .crossEntropySum(labels: labels)
        })
    }
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
