package import Support

/// AdamW (Loshchilov and Hutter 2019) over one flat buffer of Float32 parameters, with the arithmetic of PyTorch's
/// `torch.optim.AdamW` (not the fused form).
///
/// Updates happen in place: all holders of the parameters' buffer see them.
package struct AdamW: Sendable, Equatable {
  package let parameters: FloatBuffer
  package let firstMoment: FloatBuffer
  package let secondMoment: FloatBuffer
  /// Updates so far.
  package private(set) var steps: Int
  package let weightDecay: Double
  private let decayRates = (first: 0.9, second: 0.999)
  private let epsilon = 1e-8

  package static func == (left: AdamW, right: AdamW) -> Bool {
    left.steps == right.steps && left.parameters == right.parameters && left.firstMoment == right.firstMoment
      && left.secondMoment == right.secondMoment && left.weightDecay == right.weightDecay
  }

  package init(parameters: [Float], weightDecay: Double) {
    self.init(parameters: FloatBuffer(parameters), weightDecay: weightDecay)
  }

  /// An optimizer before its first update.
  package init(parameters: FloatBuffer, weightDecay: Double) {
    self.init(
      parameters: parameters, firstMoment: FloatBuffer(repeating: 0, count: parameters.count),
      secondMoment: FloatBuffer(repeating: 0, count: parameters.count), steps: 0, weightDecay: weightDecay)
  }

  /// An optimizer after `steps` updates; the three buffers have the same length.
  package init(
    parameters: FloatBuffer, firstMoment: FloatBuffer, secondMoment: FloatBuffer, steps: Int, weightDecay: Double
  ) {
    self.parameters = parameters
    self.firstMoment = firstMoment
    self.secondMoment = secondMoment
    self.steps = steps
    self.weightDecay = weightDecay
  }

  /// Applies the mean gradient, `gradientSum` × `scale`, at learning rate `rate`.
  ///
  /// - Parameter loop: how the elements are spread; their bits do not depend on it.
  /// - Throws: `OptimizationError.wrongLength` when the gradient has another length than the parameters.
  package mutating func apply(
    gradientSum: FloatBuffer, scale: Float, rate: Double, in loop: ElementLoop = .serial
  ) throws(OptimizationError) {
    guard gradientSum.count == parameters.count else {
      throw .wrongLength(expected: parameters.count, found: gradientSum.count)
    }
    steps += 1
    let correction1 = 1 - power(decayRates.first, steps)
    let correction2 = (1 - power(decayRates.second, steps)).squareRoot()
    let shrink = Float(1 - rate * weightDecay)
    let stepSize = Float(rate / correction1)
    let (beta1, beta2) = (Float(decayRates.first), Float(decayRates.second))
    let (complement1, complement2) = (Float(1 - decayRates.first), Float(1 - decayRates.second))
    let root2 = Float(correction2)
    let epsilon = Float(epsilon)
    guard let values = parameters.pointer.baseAddress, let first = firstMoment.pointer.baseAddress,
      let second = secondMoment.pointer.baseAddress, let gradients = gradientSum.pointer.baseAddress
    else { return }
    // Eight elements at a time: the compiler makes no vectors of a loop with a scalar square root. Each element's
    // arithmetic, and so its bits, is the same in vectors of any width.
    loop(parameters.count) { part in
      var index = part.lowerBound
      while index + 8 <= part.upperBound {
        let gradient = Self.load(gradients + index) * scale
        let mean = beta1 * Self.load(first + index) + complement1 * gradient
        let square = beta2 * Self.load(second + index) + complement2 * gradient * gradient
        let denominator = square.squareRoot() / root2 + epsilon
        Self.store(mean, to: first + index)
        Self.store(square, to: second + index)
        Self.store(Self.load(values + index) * shrink - stepSize * (mean / denominator), to: values + index)
        index += 8
      }
      while index < part.upperBound {
        let gradient = gradients[index] * scale
        first[index] = beta1 * first[index] + complement1 * gradient
        second[index] = beta2 * second[index] + complement2 * gradient * gradient
        let denominator = second[index].squareRoot() / root2 + epsilon
        values[index] = values[index] * shrink - stepSize * (first[index] / denominator)
        index += 1
      }
    }
  }

  private static func load(_ pointer: UnsafeMutablePointer<Float>) -> SIMD8<Float> {
    UnsafeRawPointer(pointer).loadUnaligned(as: SIMD8<Float>.self)
  }

  private static func store(_ vector: SIMD8<Float>, to pointer: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(pointer).storeBytes(of: vector, as: SIMD8<Float>.self)
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, base, exponent) = (1.0, base, exponent)
    while exponent > 0 {
      if exponent & 1 == 1 { result *= base }
      base *= base
      exponent >>= 1
    }
    return result
  }
}
