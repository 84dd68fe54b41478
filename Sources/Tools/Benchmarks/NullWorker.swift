import Foundation
package import Planning
package import Support
import Worker

/// A computation that returns gradients of the right size after a given time.
package final class NullComputation: MicroBatchComputation {
  private let parameters: Int
  private let seconds: Double

  /// - Parameter seconds: how long a micro-batch takes.
  package init(parameters: Int, seconds: Double) {
    self.parameters = parameters
    self.seconds = seconds
  }

  package func parameterCount(method: Int) -> Int { parameters }

  package func load(_ parameters: UnsafeBufferPointer<Float>, method: Int) {}

  package func lossSum(method: Int, items: [Int], draws: RandomKey, gradient: FloatBuffer) -> Double {
    if seconds > 0 { Thread.sleep(forTimeInterval: seconds) }
    return 1
  }

  package func evaluate(method: Int, items: [Int], _ question: EvaluationQuestion) -> [Float] { [] }
}
