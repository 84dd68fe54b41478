/// AdamW (Loshchilov and Hutter 2019) over one flat buffer of Float32 parameters, with the arithmetic of PyTorch's
/// `torch.optim.AdamW` (not the fused form).
package struct AdamW: Sendable, Equatable {
  package var parameters: [Float]
  private var firstMoment: [Float]
  private var secondMoment: [Float]
  /// Updates so far.
  package private(set) var steps = 0
  package let weightDecay: Double
  private let decayRates = (first: 0.9, second: 0.999)
  private let epsilon = 1e-8

  package static func == (left: AdamW, right: AdamW) -> Bool {
    left.steps == right.steps && left.parameters == right.parameters && left.firstMoment == right.firstMoment
      && left.secondMoment == right.secondMoment && left.weightDecay == right.weightDecay
  }

  package init(parameters: [Float], weightDecay: Double) {
    self.parameters = parameters
    self.weightDecay = weightDecay
    firstMoment = Array(repeating: 0, count: parameters.count)
    secondMoment = firstMoment
  }

  /// Applies the mean gradient, `gradientSum` × `scale`, at learning rate `rate`.
  ///
  /// - Throws: `OptimizationError.wrongLength` when the gradient has another length than the parameters.
  package mutating func apply(gradientSum: [Float], scale: Float, rate: Double) throws(OptimizationError) {
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
    let count = parameters.count
    parameters.withUnsafeMutableBufferPointer { parameters in
      firstMoment.withUnsafeMutableBufferPointer { first in
        secondMoment.withUnsafeMutableBufferPointer { second in
          gradientSum.withUnsafeBufferPointer { gradients in
            for index in 0..<count {
              let gradient = gradients[index] * scale
              first[index] = beta1 * first[index] + complement1 * gradient
              second[index] = beta2 * second[index] + complement2 * gradient * gradient
              let denominator = second[index].squareRoot() / root2 + epsilon
              parameters[index] = parameters[index] * shrink - stepSize * (first[index] / denominator)
            }
          }
        }
      }
    }
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
