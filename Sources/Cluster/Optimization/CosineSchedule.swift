internal import Foundation

/// A learning rate that climbs linearly to its peak and then falls to zero along half a cosine (Loshchilov and Hutter
/// 2017), as `get_cosine_schedule_with_warmup` of transformers does.
package struct CosineSchedule: Sendable, Equatable {
  package let peak: Double
  package let steps: Int
  /// Steps of the climb: the share of all steps, rounded up.
  package let warmupSteps: Int

  package init(peak: Double, steps: Int, warmup: Double) {
    self.peak = peak
    self.steps = steps
    warmupSteps = min(steps, Int((Double(steps) * warmup).rounded(.up)))
  }

  /// The rate of update number `step`, from 0.
  package func rate(step: Int) -> Double {
    if step < warmupSteps { return peak * Double(step) / Double(max(1, warmupSteps)) }
    let progress = Double(step - warmupSteps) / Double(max(1, steps - warmupSteps))
    return peak * max(0, 0.5 * (1 + cos(Double.pi * progress)))
  }
}
