import Foundation
import Support
import Testing
import Torch

/// What is computed row by row, against its definition in 64 bits, for rows that fill whole vectors and that do not.
@Suite struct RowTests {
  private static let widths = [1, 2, 15, 16, 17, 33, 65, 192]

  private static func draws(_ count: Int, _ name: String, scale: Double = 1) -> [Float] {
    var generator = RandomKey(seed: 11)[name].generator
    return (0..<count).map { _ in Float(scale * generator.normal()) }
  }

  /// The numbers as `type` holds them.
  private static func rounded(_ values: [Float], _ type: ScalarType) throws -> [Float] {
    try Tensor.copying(values, shape: [values.count]).converted(to: type).floats()
  }

  private static func tolerance(_ type: ScalarType) -> Double { type == .float32 ? 2e-6 : 8e-3 }

  private func expectClose(_ found: [Float], _ expected: [Double], _ type: ScalarType, _ width: Int) {
    #expect(found.count == expected.count)
    for (value, exact) in zip(found, expected) {
      #expect(abs(Double(value) - exact) <= Self.tolerance(type) * max(1, abs(exact)), "width \(width)")
    }
  }

  @Test("GELU is x Φ(x), and its gradient Φ(x) + x φ(x)", arguments: [ScalarType.float32, .bfloat16])
  func gelu(_ type: ScalarType) throws {
    for width in Self.widths {
      let values = try Self.rounded(Self.draws(width, "gelu \(width)", scale: 3), type)
      let input = try Tensor.copying(values, shape: [width]).converted(to: type)
      func share(_ x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }
      expectClose(try input.gelu().floats(), values.map { Double($0) * share(Double($0)) }, type, width)
      let buffer = try Tensor.zeros([width])
      try values.withUnsafeBufferPointer { try buffer.write($0) }
      let leaf = try buffer.parameter(at: 0, shape: [width])
      let ones = try Tensor.copying([Float](repeating: 1, count: width), shape: [width])
      let sum = try leaf.converted(to: type).gelu().converted(to: .float32).weightedSum(ones)
      let slopes = values.map { value in
        let x = Double(value)
        return share(x) + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot()
      }
      expectClose(try Autograd.gradients(of: sum, for: [leaf], count: width), slopes, type, width)
    }
  }

  @Test("Attention is the softmax of its definition; a hidden key is as good as none")
  func softmax() throws {
    let size = 4
    for keys in Self.widths {
      let query = Self.draws(3 * size, "query", scale: 2)
      let (key, value) = (Self.draws(keys * size, "key \(keys)", scale: 2), Self.draws(keys * size, "value \(keys)"))
      func attend(_ count: Int, mask: Tensor? = nil) throws -> [Float] {
        try Tensor.copying(query, shape: [1, 3, size]).attention(
          key: try Tensor.copying(Array(key.prefix(count * size)), shape: [1, count, size]),
          value: try Tensor.copying(Array(value.prefix(count * size)), shape: [1, count, size]), mask: mask, heads: 1
        ).floats()
      }
      let expected = (0..<3).flatMap { row -> [Double] in
        let scores = (0..<keys).map { place in
          (0..<size).reduce(0.0) { $0 + Double(query[row * size + $1]) * Double(key[place * size + $1]) } / 2
        }
        let weights = scores.map { exp($0 - (scores.max() ?? 0)) }
        let total = weights.reduce(0, +)
        return (0..<size).map { column in
          zip(weights.indices, weights).reduce(0.0) { $0 + $1.1 / total * Double(value[$1.0 * size + column]) }
        }
      }
      expectClose(try attend(keys), expected, .float32, keys)
      guard keys > 1 else { continue }
      let hidden = (0..<3).flatMap { _ in (0..<keys).map { $0 == keys - 1 ? Float(-1e9) : 0 } }
      let found = try attend(keys, mask: try Tensor.copying(hidden, shape: [1, 3, keys]))
      expectClose(found, try attend(keys - 1).map(Double.init), .float32, keys)
    }
  }

  @Test("Layer normalization has the values and the gradients of its definition")
  func layerNorm() throws {
    for width in Self.widths.dropFirst(2) {
      let (x, weight) = (Self.draws(2 * width, "x \(width)", scale: 3), Self.draws(width, "weight \(width)"))
      let (bias, along) = (Self.draws(width, "bias \(width)"), Self.draws(2 * width, "along \(width)"))
      let epsilon = 1e-3
      func normalized(_ row: [Double]) -> [Double] {
        let mean = row.reduce(0, +) / Double(width)
        let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
        return row.map { ($0 - mean) / (variance + epsilon).squareRoot() }
      }
      let rows = [x.prefix(width), x.suffix(width)].map { $0.map(Double.init) }
      let expected = rows.flatMap { row in
        normalized(row).enumerated().map { $1 * Double(weight[$0]) + Double(bias[$0]) }
      }
      let (w, b) = (try Tensor.copying(weight, shape: [width]), try Tensor.copying(bias, shape: [width]))
      let input = try Tensor.copying(x, shape: [2, width])
      expectClose(try input.layerNorm(weight: w, bias: b, epsilon: epsilon).floats(), expected, .float32, width)
      let short = try input.layerNorm(weight: w, bias: b, epsilon: epsilon, returning: .bfloat16)
      expectClose(try short.floats(), expected, .bfloat16, width)

      func loss(_ row: [Double], _ number: Int) -> Double {
        normalized(row).enumerated().reduce(0) {
          $0 + $1.element * Double(weight[$1.offset]) * Double(along[number * width + $1.offset])
        }
      }
      let buffer = try Tensor.zeros([2 * width])
      try x.withUnsafeBufferPointer { try buffer.write($0) }
      let leaf = try buffer.parameter(at: 0, shape: [2, width])
      let sum = try leaf.layerNorm(weight: w, bias: b, epsilon: epsilon).reshaped([2 * width])
        .weightedSum(try Tensor.copying(along, shape: [2 * width]))
      let gradient = try Autograd.gradients(of: sum, for: [leaf], count: 2 * width)
      let step = 1e-5
      for number in 0..<2 {
        for column in 0..<width {
          var (above, below) = (rows[number], rows[number])
          above[column] += step
          below[column] -= step
          let slope = (loss(above, number) - loss(below, number)) / (2 * step)
          #expect(abs(Double(gradient[number * width + column]) - slope) < 1e-4 * max(1, abs(slope)), "width \(width)")
        }
      }
    }
  }

  @Test(
    "A sum and its normalization in one pass have the bits of the two one after the other, gradients included",
    arguments: [ScalarType.float32, .bfloat16])
  func normalizedSum(_ type: ScalarType) throws {
    for width in Self.widths.dropFirst(2) {
      let count = 3 * width
      let weight = try Tensor.copying(Self.draws(width, "weight \(width)"), shape: [width])
      let bias = try Tensor.copying(Self.draws(width, "bias \(width)"), shape: [width])
      let along = try ["sum", "normalized"].map {
        try Tensor.copying(Self.draws(count, "\($0) \(width)"), shape: [count])
      }
      let buffer = try Tensor.zeros([2 * count])
      try Self.draws(2 * count, "x \(width)", scale: 3).withUnsafeBufferPointer { try buffer.write($0) }

      func outcome(
        isSumUsed: Bool, _ compute: (Tensor, Tensor) throws -> (sum: Tensor, normalized: Tensor)
      ) throws -> [[Float]] {
        let leaves = try [0, count].map { try buffer.parameter(at: $0, shape: [3, width]) }
        let (sum, normalized) = try compute(leaves[0], try leaves[1].converted(to: type))
        let rest = try normalized.converted(to: .float32).reshaped([count]).weightedSum(along[1])
        let loss = isSumUsed ? try sum.reshaped([count]).weightedSum(along[0]).adding(rest) : rest
        return [
          try sum.floats(), try normalized.floats(), try Autograd.gradients(of: loss, for: leaves, count: 2 * count),
        ]
      }
      for isSumUsed in [true, false] {
        let expected = try outcome(isSumUsed: isSumUsed) { states, update in
          let sum = try states.adding(update)
          return (sum, try sum.layerNorm(weight: weight, bias: bias, epsilon: 1e-3, returning: type))
        }
        let found = try outcome(isSumUsed: isSumUsed) { states, update in
          try states.addingAndNormalizing(update, weight: weight, bias: bias, epsilon: 1e-3, returning: type)
        }
        #expect(found == expected, "width \(width)")
      }
    }
    let (wide, narrow) = (try Tensor.zeros([2, 4]), try Tensor.zeros([1, 4]))
    #expect(throws: TorchError.self) {
      try wide.addingAndNormalizing(narrow, weight: Tensor.zeros([4]), bias: Tensor.zeros([4]), epsilon: 1)
    }
  }

  @Test("A linear layer comes to the sums of its definition, with few rows and with many", arguments: [3, 64])
  func linear(rows: Int) throws {
    let (inputs, outputs) = (70, 33)
    let (x, weight) = (Self.draws(rows * inputs, "x"), Self.draws(outputs * inputs, "weight"))
    let bias = Self.draws(outputs, "bias")
    let expected = (0..<rows).flatMap { row in
      (0..<outputs).map { column in
        (0..<inputs).reduce(Double(bias[column])) {
          $0 + Double(x[row * inputs + $1]) * Double(weight[column * inputs + $1])
        }
      }
    }
    let found = try Tensor.copying(x, shape: [rows, inputs]).linear(
      weight: try Tensor.copying(weight, shape: [outputs, inputs]), bias: try Tensor.copying(bias, shape: [outputs]))
    for (value, exact) in zip(try found.floats(), expected) { #expect(abs(Double(value) - exact) < 1e-4) }
  }
}
